import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { generateSigningKey } from '#signatures'
import { encodeBase64url } from '../../src/lib/base64url.ts'
import type { SigningKey } from '../../src/lib/signatures/types.ts'
import { createDpopProof, type DpopProofInput } from '../../src/protocol/dpop-proof.ts'
import {
  type AccessError,
  type AccessResult,
  createProtectedResource,
  type GrantedToken,
  type ProtectedResource,
  type ProtectedResourceOptions,
} from '../../src/resource/index.ts'
import { createMemoryStore, type RecordStore } from '../../src/stores/memory/index.ts'
import { createFakeRuntime, type FakeRuntime } from '../support/fake-runtime.ts'
import { aJws, aKeyPair, type IdTokenParts, issuer, issuerKeys, kindOf, now } from '../support/id-token.ts'

export { issuer, now } from '../support/id-token.ts'

export const audience = 'https://api.example'
export const url = `${audience}/notes`

/** An access token that the resource would take, but for what is given: claims to change (`undefined` takes one away) and parts. */
export function anAccessToken(claims: Record<string, unknown> = {}, parts: IdTokenParts = {}): string {
  const { alg = 'ES256', header, saltLength } = parts
  const key = parts.key ?? aKeyPair(kindOf(alg)).privateKey
  const standard = {
    iss: issuer,
    sub: 'user-1',
    aud: audience,
    client_id: 'app-1',
    exp: now + 300,
    iat: now,
    jti: 'at-1',
    scope: 'notes:read profile',
  }
  return aJws({ alg, kid: kindOf(alg), typ: 'at+jwt', ...header }, { ...standard, ...claims }, key, alg, saltLength)
}

export interface Rig {
  readonly resource: ProtectedResource
  readonly clock: FakeRuntime
  readonly store: RecordStore
  readonly key: SigningKey
  /** A proof for a call of the API with a token. */
  prove(accessToken: string, input?: Partial<DpopProofInput>): Promise<string>
  /** A GET of the API, with an Authorization field and, where given, a DPoP field. */
  call(authorization?: string, proof?: string): Promise<AccessResult>
}

/** A resource with keys of its own and a clock that the test moves. */
export async function aResource(options: Partial<ProtectedResourceOptions> = {}): Promise<Rig> {
  const clock = createFakeRuntime()
  const store = createMemoryStore({ runtime: clock })
  const key = await generateSigningKey('ES256')
  const resource = createProtectedResource({
    issuer: { issuer, jwks: issuerKeys() },
    audience,
    replay: store,
    runtime: clock,
    ...options,
  })
  return {
    resource,
    clock,
    store,
    key,
    prove: async (accessToken, input) => createDpopProof(key, { method: 'GET', url, accessToken, ...input }, clock),
    call: (authorization, proof) => resource.protect(aRequest(authorization, proof)),
  }
}

export function aRequest(authorization?: string, proof?: string, init: RequestInit & { url?: string } = {}): Request {
  const headers = new Headers(init.headers)
  if (authorization !== undefined) headers.set('authorization', authorization)
  if (proof !== undefined) headers.set('dpop', proof)
  return new Request(init.url ?? url, { ...init, headers })
}

/** What a refusal says, on the wire and in the log. */
export interface Refusal {
  readonly status: number
  readonly challenge: string
  readonly error: AccessError
  readonly response: Response
}

export function refused(result: AccessResult): Refusal {
  if (result.ok) throw new Error('expected a refusal, but the request was let in')
  const { response, error } = result
  // Whoever reads the log knows which rule was broken, and how.
  expect(error.clause).toMatch(/^(?:RFC \d|OIDC )/)
  expect([error.expected ?? null, error.actual ?? null], error.message).not.toContain(null)
  return { status: response.status, challenge: response.headers.get('www-authenticate') ?? '', error, response }
}

export function granted(result: AccessResult): GrantedToken {
  if (!result.ok) throw result.error
  return result.token
}

/** `x5t#S256` of some bytes. */
export const thumbprintOf = (der: Uint8Array): string =>
  encodeBase64url(new Uint8Array(createHash('sha256').update(der).digest()))
