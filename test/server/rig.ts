// A token endpoint over a memory store, with a clock that the test moves, and the clients that most tests need.
import { generateSigningKey, sign } from '#signatures'
import type { ClientMetadata } from '../../generated/models.ts'
import { encodeBase64url } from '../../src/lib/base64url.ts'
import type { RecordStore } from '../../src/lib/record-store.ts'
import type { SigningKey } from '../../src/lib/signatures/types.ts'
import { createDpopProof } from '../../src/protocol/dpop-proof.ts'
import { deriveCodeChallenge } from '../../src/protocol/pkce.ts'
import {
  type AuthorizationCodeInput,
  createServerKeys,
  createTokenEndpointConfig,
  type EndpointRequest,
  handleTokenRequest,
  issueAuthorizationCode,
  type RegisteredClient,
  supportedGrants,
  type TokenEndpointConfig,
  type TokenEndpointOptions,
  type TokenOutcome,
} from '../../src/server/index.ts'
import { createMemoryStore } from '../../src/stores/memory/index.ts'

export const issuer = 'https://issuer.example'
export const tokenUrl = `${issuer}/token`
const verifier = 'v'.repeat(43)
export const redirectUri = 'https://app.example/callback'

export interface Clock {
  now: () => number
  randomBytes: (length: number) => Uint8Array<ArrayBuffer>
  /** Seconds. */
  advance(seconds: number): void
}

export function createClock(): Clock {
  let now = Date.UTC(2026, 10, 20, 12)
  return {
    now: () => now,
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    advance: (seconds) => {
      now += seconds * 1000
    },
  }
}

export const clients: Record<string, ClientMetadata> = {
  web: {
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: supportedGrants,
    redirect_uris: [redirectUri],
    scope: 'api read write',
  },
  other: {
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: supportedGrants,
    redirect_uris: [redirectUri],
    scope: 'api',
  },
  spa: { token_endpoint_auth_method: 'none', grant_types: supportedGrants, redirect_uris: [redirectUri] },
  plain: { token_endpoint_auth_method: 'client_secret_basic', redirect_uris: [redirectUri] },
}

export const secretOf = (clientId: string): string => `secret of ${clientId}`

export interface Rig {
  readonly config: TokenEndpointConfig
  readonly clock: Clock
  readonly store: RecordStore
  readonly key: SigningKey
  /** A token request; `client` says how it authenticates. */
  token(params: Record<string, string | readonly string[]>, how?: RequestShape): Promise<TokenOutcome>
  request(params: Record<string, string | readonly string[]>, how?: RequestShape): Promise<EndpointRequest>
  code(input?: Partial<AuthorizationCodeInput>): Promise<string>
  proof(key?: SigningKey, more?: { url?: string; nonce?: string; method?: string }): Promise<string>
}

export interface RequestShape {
  /** A client id: Basic for confidential ones, the id alone for public ones; `null`: nothing. @default web */
  readonly client?: string | null
  readonly dpop?: string | readonly string[]
  readonly url?: string
  readonly headers?: EndpointRequest['headers']
  readonly certificate?: EndpointRequest['certificate']
}

let serverKey: SigningKey | undefined
let rsaKey: SigningKey | undefined

/** The server's keys, made once: an ES256 key first, and an RS256 key. */
async function serverSigningKeys(): Promise<readonly SigningKey[]> {
  serverKey ??= await generateSigningKey('ES256')
  rsaKey ??= await generateSigningKey('RS256')
  return [serverKey, rsaKey]
}

export function findClient(clientId: string): RegisteredClient | undefined {
  const metadata = clients[clientId]
  return metadata && { clientId, metadata }
}

export async function baseOptions(clock: Clock, store: RecordStore): Promise<TokenEndpointOptions> {
  return {
    issuer,
    keys: await createServerKeys(await serverSigningKeys(), { runtime: clock }),
    store,
    runtime: clock,
    loadClient: findClient,
    verifyClientSecret: (client, secret) => secret === secretOf(client.clientId),
    loadPrincipal: (subject) => (subject === 'gone' ? undefined : { subject }),
    isPublicClient: (client) => client.metadata.token_endpoint_auth_method === 'none',
  }
}

export async function createRig(options: Partial<TokenEndpointOptions> = {}, given?: RecordStore): Promise<Rig> {
  const clock = (options.runtime as Clock | undefined) ?? createClock()
  const store = given ?? createMemoryStore({ runtime: clock })
  const config = createTokenEndpointConfig({ ...(await baseOptions(clock, store)), ...options })
  const key = await generateSigningKey('ES256')
  const request: Rig['request'] = async (params, how = {}) => buildRequest(params, how)
  return {
    config,
    clock,
    store,
    key,
    request,
    token: async (params, how) => handleTokenRequest(config, await request(params, how)),
    async code(input = {}) {
      const outcome = await issueAuthorizationCode(config, {
        clientId: 'web',
        redirectUri,
        subject: 'alice',
        scope: ['openid', 'offline_access', 'read', 'write'],
        codeChallenge: await deriveCodeChallenge(verifier),
        ...input,
      })
      if (!outcome.ok) throw new Error(outcome.fault)
      return outcome.code
    },
    proof: async (by = key, more = {}) =>
      createDpopProof(
        by,
        { method: more.method ?? 'POST', url: more.url ?? tokenUrl, ...(more.nonce && { nonce: more.nonce }) },
        clock,
      ),
  }
}

function buildRequest(params: Record<string, string | readonly string[]>, how: RequestShape): EndpointRequest {
  const { client = 'web', dpop, url = tokenUrl, headers = {}, certificate } = how
  const isPublic = client !== null && clients[client]?.token_endpoint_auth_method === 'none'
  return {
    method: 'POST',
    url,
    params: isPublic ? { client_id: client, ...params } : params,
    headers: {
      ...(client !== null && !isPublic && { authorization: basic(client, secretOf(client)) }),
      ...(dpop !== undefined && { dpop }),
      ...headers,
    },
    ...(certificate && { certificate }),
    clientIp: '192.0.2.1',
  }
}

export function basic(clientId: string, secret: string): string {
  return `Basic ${btoa(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret).replaceAll('%20', '+')}`)}`
}

/** The answer's body; fails the test with the event's reason for an error. */
export function tokensOf(outcome: TokenOutcome): Record<string, string> {
  if (!outcome.ok) throw new Error(`${outcome.error.error}: ${outcome.events.at(-1)?.metadata.reason}`)
  return outcome.response as unknown as Record<string, string>
}

/** `error: reason`, the reason being what the event says. */
export function refusalOf(outcome: TokenOutcome): string {
  if (outcome.ok) throw new Error('expected an error')
  return `${outcome.error.error}: ${outcome.events.at(-1)?.metadata.reason}`
}

export function claimsOf(jwt: string | undefined): Record<string, unknown> {
  return JSON.parse(atob(jwt!.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/'))) as Record<string, unknown>
}

/** A JWT by any key, for tests of what is refused. */
export async function signed(
  key: SigningKey,
  header: Record<string, unknown>,
  claims: Record<string, unknown>,
): Promise<string> {
  const data = `${encodeBase64url(JSON.stringify({ alg: key.alg, ...header }))}.${encodeBase64url(JSON.stringify(claims))}`
  return `${data}.${encodeBase64url(await sign(key, data))}`
}

/** A store's methods as an object that can be spread. */
export function storeMethods(store: RecordStore): RecordStore {
  return {
    get: (key) => store.get(key),
    find: (index, value) => store.find(index, value),
    commit: (changes) => store.commit(changes),
    sweep: () => store.sweep(),
  }
}

/** A store that yields between any read and write, so that concurrent requests truly interleave. */
export function yielding(store: RecordStore): RecordStore {
  const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 0))
  return {
    get: async (key) => {
      const record = await store.get(key)
      await pause()
      return record
    },
    find: async (index, value) => {
      const records = await store.find(index, value)
      await pause()
      return records
    },
    commit: async (changes) => {
      await pause()
      const result = await store.commit(changes)
      await pause()
      return result
    },
    sweep: () => store.sweep(),
  }
}

export const codeParams = (code: string): Record<string, string> => ({
  grant_type: 'authorization_code',
  code,
  code_verifier: verifier,
  redirect_uri: redirectUri,
})

export const refreshParams = (token: string | undefined): Record<string, string> => ({
  grant_type: 'refresh_token',
  refresh_token: token ?? '',
})

export const sealKey: Uint8Array<ArrayBuffer> = new Uint8Array(32).fill(7)
