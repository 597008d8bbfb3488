// Values that mean something to the server, found in its own answers: a request that is wrong in one place alone goes
// deeper than one that is wrong everywhere.
import { generateSigningKey } from '#signatures'
import type { DevServer } from '../../../src/dev-server/index.ts'
import { systemRuntime } from '../../../src/lib/runtime.ts'
import type { SigningKey } from '../../../src/lib/signatures/types.ts'
import { createDpopProof } from '../../../src/protocol/dpop-proof.ts'
import { deriveCodeChallenge } from '../../../src/protocol/pkce.ts'
import { HeadlessBrowser } from '../../dev-server/headless-browser.ts'

/** By parameter name, the newest last. */
export type Pool = Map<string, string[]>

const redirectUri = 'http://127.0.0.1:3999/callback'
const verifier = 'v'.repeat(43)
export const serviceBasic = `Basic ${btoa('dev-service:dev-service-secret')}`
const most = 12
const kept: readonly string[] = [
  'access_token',
  'refresh_token',
  'id_token',
  'request_uri',
  'device_code',
  'user_code',
  'auth_req_id',
  'client_id',
  'client_secret',
  'registration_access_token',
]

function remember(pool: Pool, name: string, value: string): void {
  const values = pool.get(name) ?? []
  if (!values.includes(value)) values.push(value)
  if (values.length > most) values.splice(1, 1)
  pool.set(name, values)
}

/** What an answer's JSON has that a later request may use. */
export function harvest(pool: Pool, body: string): void {
  if (!body.startsWith('{')) return
  for (const [name, value] of Object.entries(JSON.parse(body) as Record<string, unknown>)) {
    if (kept.includes(name) && typeof value === 'string') remember(pool, name, value)
  }
}

/** The two clients of the server, PKCE, scopes, and so on. */
export async function createPool(server: DevServer): Promise<Pool> {
  const pool: Pool = new Map()
  const fixed: Record<string, readonly string[]> = {
    client_id: ['dev-service', 'dev-app', 'nobody'],
    client_secret: ['dev-service-secret', 'wrong'],
    redirect_uri: [redirectUri, 'https://evil.example/'],
    code_verifier: [verifier, 'w'.repeat(43)],
    code_challenge: [await deriveCodeChallenge(verifier)],
    code_challenge_method: ['S256', 'plain'],
    scope: ['openid', 'openid offline_access', 'api:read', 'api:read api:read', '"'],
    resource: [`${server.issuer}/api`, 'https://other.example', ''],
    audience: [`${server.issuer}/api`],
    subject_token_type: ['urn:ietf:params:oauth:token-type:access_token'],
    requested_token_type: ['urn:ietf:params:oauth:token-type:jwt'],
    login_hint: ['alice', 'nobody'],
    prompt: ['none', 'login', 'consent', 'none login'],
    max_age: ['0', '-1', '1e9', '99999999999999999999'],
    claims: ['{"id_token":{"name":null}}', '{', '[]', '{"userinfo":{"sub":{"value":"bob"}}}'],
    authorization_details: ['[{"type":"payment"}]', '[]', '{}', '[null]'],
    client_assertion_type: ['urn:ietf:params:oauth:client-assertion-type:jwt-bearer'],
    resource_uri: [server.issuer],
  }
  for (const [name, values] of Object.entries(fixed)) for (const value of values) remember(pool, name, value)
  return pool
}

/** A client of its own making, as its id and its registration token. */
export async function register(server: DevServer, pool: Pool): Promise<void> {
  const body = JSON.stringify({ redirect_uris: ['https://app.example/callback'] })
  const headers = { 'content-type': 'application/json' }
  const request = new Request(`${server.issuer}/register`, { method: 'POST', body, headers })
  const answer = await server.handle(request, { clientIp: crypto.randomUUID() })
  const { client_id: id, registration_access_token: token } = (await answer.json()) as Record<string, string>
  pool.set('registered', [id!])
  pool.set('registration', [token!])
}

/** Fresh codes, tokens and the like: fuzzing uses them up. */
export async function refill(server: DevServer, pool: Pool): Promise<void> {
  await register(server, pool)
  for (const used of ['code', 'access_token', 'refresh_token', 'id_token', 'token']) pool.delete(used)
  const browser = new HeadlessBrowser()
  for (const username of ['alice', 'bob']) {
    const url = new URL(`${server.issuer}/authorize`)
    url.search = new URLSearchParams({
      client_id: 'dev-service',
      response_type: 'code',
      redirect_uri: redirectUri,
      scope: 'openid profile offline_access api:read',
      code_challenge: await deriveCodeChallenge(verifier),
      code_challenge_method: 'S256',
      prompt: 'login',
    }).toString()
    for (let i = 0; i < 2; i++) {
      const code = (await browser.login(url, { username })).searchParams.get('code') ?? ''
      remember(pool, 'code', code)
      if (i === 1) continue
      const grant = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirectUri }
      const answer = await fetch(`${server.issuer}/token`, {
        method: 'POST',
        body: new URLSearchParams(grant),
        headers: { authorization: serviceBasic },
      })
      harvest(pool, await answer.text())
    }
  }
  for (const name of ['access_token', 'refresh_token', 'id_token']) {
    for (const value of pool.get(name) ?? []) {
      for (const other of ['token', 'subject_token', 'actor_token', 'id_token_hint', 'assertion', 'request']) {
        remember(pool, other, value)
      }
    }
  }
}

let key: SigningKey | undefined

/** A proof that fits, but for what a mutation changes. */
export async function proofFor(method: string, url: string): Promise<string> {
  key ??= await generateSigningKey('ES256')
  return createDpopProof(key, { method, url }, systemRuntime)
}
