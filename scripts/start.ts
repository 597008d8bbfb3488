// The main job from end to end, as `npm start`: generate the client from the OpenAPI document, start the embedded
// server, log in with PAR, PKCE and DPoP, verify the id_token, read userinfo, call an API of our own, refresh,
// introspect, revoke. The same flows against a certified provider are in test/integration.
// Every step is verified; the exit code is 0 only if all of them were.

import { generateSigningKey } from '#signatures'
import { getUserInfo } from '../generated/endpoints.ts'
import * as operations from '../generated/operations.ts'
import type { paths } from '../generated/schema.ts'
import { generate } from '../src/codegen/index.ts'
import { createDevServer, type DevServer } from '../src/dev-server/index.ts'
import type { TokenCheck } from '../src/errors/index.ts'
import { createApi, createPathsClient, withAccessToken } from '../src/http/index.ts'
import {
  createOAuthClient,
  createSessions,
  type LoginResult,
  type OAuthClient,
  privateKeyJwt,
  type Session,
  verifyIdToken,
} from '../src/index.ts'
import { HeadlessBrowser } from '../test/dev-server/headless-browser.ts'
import { type NotesApi, startNotesApi } from './support/notes-api.ts'
import { ownClient } from './support/own-client.ts'
import { createReport, hint } from './support/report.ts'

const report = createReport('Authentype: from the OpenAPI document to a revoked token')

async function generateClient(): Promise<void> {
  const { outcome, files, counts, warnings } = await generate(ownClient)
  const changed = files.filter((file) => file.changed).map((file) => file.name)
  report.fact('document', `${ownClient.document}: ${counts.operations} operations, ${counts.models} models`)
  report.fact('generated', `${files.map((file) => file.name).join(', ')}`)
  report.fact(
    'changed',
    changed.length > 0 ? changed.join(', ') : 'nothing: the committed code is what the document gives',
  )
  report.verify(
    'the generator wrote the client without a warning',
    outcome !== 'refused' && warnings.length === 0,
    warnings,
  )
}

const redirectUri = 'http://127.0.0.1:3999/callback'

async function startServer(api: NotesApi): Promise<{ server: DevServer; client: OAuthClient }> {
  const key = await generateSigningKey('ES256')
  const server = await createDevServer({
    keys: [await generateSigningKey('ES256')],
    requirePushedRequests: true,
    // Every proof needs a nonce of the server's.
    faults: ['nonce-demands'],
    resources: [api.origin],
    clients: [
      {
        client_id: 'start',
        client_name: 'npm start',
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [key.publicJwk] },
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
        dpop_bound_access_tokens: true,
        id_token_signed_response_alg: 'ES256',
      },
    ],
  })
  api.open(server.issuer)
  const client = createOAuthClient({
    issuer: server.issuer,
    clientId: 'start',
    clientAuth: privateKeyJwt(key),
    redirectUri,
    scope: 'openid profile email offline_access',
    dpop: true,
    allowLoopbackHttp: true,
  })
  await client.metadata()
  report.fact('server', `createDevServer() at ${server.issuer}`)
  report.fact('demands', 'PAR, PKCE S256, private_key_jwt, a DPoP nonce in every proof')
  const alias = server.issuer.replace('127.0.0.1', 'localhost')
  await report.refused('metadata of another issuer than was asked (RFC 8414 3.3)', 'issuer_mismatch', () =>
    createOAuthClient({ issuer: alias, clientId: 'start', allowLoopbackHttp: true }).metadata(),
  )
  return { server, client }
}

/** The user at their browser, who stays logged in. */
const alice = new HeadlessBrowser()

async function logIn(client: OAuthClient): Promise<LoginResult> {
  const url = await client.createAuthorizationUrl()
  report.verify(
    'the request was pushed: the browser carries client_id and request_uri alone (RFC 9126 4)',
    [...url.searchParams.keys()].toSorted().join() === 'client_id,request_uri',
  )
  const callback = await alice.login(url)
  await report.refused('a callback with a state that nobody sent (RFC 6749 10.12)', 'unknown_transaction', () =>
    client.handleCallback(changed(callback, 'state', 'guessed')),
  )
  const login = await client.handleCallback(callback)
  report.verify('the tokens are bound to a key of this login (RFC 9449 5)', login.tokens.tokenType === 'DPoP')
  report.fact('access token', `${hint(login.tokens.accessToken)}, scope ${login.tokens.scope}`)
  await report.refused('the same callback once more (RFC 6749 4.1.2)', 'unknown_transaction', () =>
    client.handleCallback(callback),
  )
  const other = await alice.login(await client.createAuthorizationUrl())
  await report.refused('a callback that names another issuer (RFC 9207 2.4)', 'issuer_mismatch', () =>
    client.handleCallback(changed(other, 'iss', 'https://evil.example')),
  )
  return login
}

function changed(callback: URL, name: string, value: string): URL {
  const url = new URL(callback)
  url.searchParams.set(name, value)
  return url
}

/** Without one of these no id_token is to be believed. */
const essential = ['shape', 'alg', 'signature', 'iss', 'aud', 'sub', 'exp', 'iat', 'nonce'] as const

async function verifyLogin(login: LoginResult): Promise<void> {
  report.fact('id_token', `of ${login.claims?.sub}, held against ${login.checks.length} rules:`)
  for (const check of login.checks) printCheck(check)
  const passed = login.checks.filter(({ outcome }) => outcome === 'passed').map(({ name }) => name)
  report.verify(
    `the login had it pass ${essential.join(', ')}`,
    essential.every((name) => passed.includes(name)),
    passed,
  )
  const { issuer, clientId, tokens } = login
  const token = tokens.idToken ?? ''
  const options = { issuer, clientId, allowLoopbackHttp: true }
  const { claims } = await verifyIdToken(token, options)
  report.verify('verifyIdToken alone, with issuer and client id, says the same', claims.sub === login.claims?.sub)
  const forged = `${token.slice(0, -10)}${token.at(-10) === 'A' ? 'B' : 'A'}${token.slice(-9)}`
  await report.refused('the id_token with one letter of its signature changed', 'invalid_id_token', () =>
    verifyIdToken(forged, options),
  )
  await report.refused('the id_token at another client (OIDC Core 3.1.3.7 item 3)', 'invalid_id_token', () =>
    verifyIdToken(token, { ...options, clientId: 'another-app' }),
  )
}

function printCheck({ name, outcome, clause, reason }: TokenCheck): void {
  const sign = outcome === 'passed' ? '✔' : outcome === 'failed' ? '✖' : '·'
  report.fact('', `${sign} ${name.padEnd(18)} ${clause}${reason === undefined ? '' : `: ${reason}`}`)
}

async function readUserInfo(client: OAuthClient, session: Session): Promise<void> {
  const metadata = await client.metadata()
  const api = createApi({ metadata, authenticatedFetch: session.fetch })
  const claims = await getUserInfo(api)
  report.verify(
    'the generated function getUserInfo, through DPoP, speaks of the same user (OpenID Connect Core 5.3.2)',
    typeof claims === 'object' && claims.sub === session.subject,
    claims,
  )
  const byPath = createPathsClient<paths>({ baseUrl: session.issuer, fetch: session.fetch, metadata, operations })
  const { data } = await byPath.GET('/userinfo')
  report.verify(
    'so does the path-style client: GET /userinfo',
    typeof data === 'object' && data.sub === session.subject,
    data,
  )
}

async function callOwnApi(api: NotesApi, client: OAuthClient): Promise<void> {
  const url = await client.createAuthorizationUrl({ resource: api.origin, scope: 'openid offline_access api:read' })
  const sessions = createSessions({ client, baseUrl: api.origin })
  const session = await sessions.handleCallback(await alice.login(url))
  report.fact('API', `${api.origin}, which takes DPoP-bound tokens of this server`)
  const answer = await session.fetch('/notes')
  const { principal } = (await answer.json()) as { principal: { kind: string; subject: string } }
  const isAlice = principal.kind === 'user' && principal.subject === session.subject
  report.verify('the API knows the user by a token that was made for it (RFC 9068 4)', isAlice, principal)
  const write = await session.fetch('/notes', { method: 'POST', body: 'a note' })
  const challenge = write.headers.get('www-authenticate') ?? ''
  report.verify('writing needs another scope: 403, and the challenge names it (RFC 6750 3.1)', write.status === 403)
  report.fact('challenge', challenge)
  const replayed = await fetch(`${api.origin}/notes`, { headers: api.lastCredentials })
  report.verify('a thief who sends token and proof once more is refused (RFC 9449 11.1)', replayed.status === 401)
  const authorization = api.lastCredentials.authorization.replace('DPoP', 'Bearer')
  const stolen = await fetch(`${api.origin}/notes`, { headers: { authorization } })
  report.verify('and so is one who has the token alone (RFC 9449 7.2)', stolen.status === 401)
  await session.logout()
}

async function refresh(client: OAuthClient, session: Session, login: LoginResult): Promise<void> {
  const before = await session.getAccessToken()
  const after = await session.refresh()
  report.fact('access token', hint(after.value))
  report.verify('the access token is a new one, of the same key', after.value !== before.value && after.kind === 'dpop')
  const old = await client.introspect(login.tokens.refreshToken ?? '', { tokenTypeHint: 'refresh_token' })
  report.verify('the refresh token of the login was used up: it was rotated (RFC 9700 4.14.2)', !old.active)
  await session.refresh()
  report.verify('and its successor renews the session again', (await session.status()) === 'active')
}

async function introspect(client: OAuthClient, token: string): Promise<void> {
  const answer = await client.introspect(token)
  report.verify('the server says that the new token is active (RFC 7662 2.2)', answer.active)
  if (answer.active) report.fact('bound to', `jkt ${(answer.cnf as { jkt?: string } | undefined)?.jkt}`)
}

async function revoke(client: OAuthClient, session: Session): Promise<void> {
  const token = await session.getAccessToken()
  await session.logout()
  const answer = await client.introspect(token.value)
  report.verify('the server says that the token is not active any more', !answer.active)
  await report.refused('the session, which is gone', 'session_not_found', () => session.getAccessToken())
  const { userinfo_endpoint: userinfo = '' } = await client.metadata()
  const authenticatedFetch = withAccessToken(
    client.fetch,
    { getAccessToken: async () => token },
    {
      origins: [userinfo],
      allowLoopbackHttp: true,
      nonces: client.nonces,
    },
  )
  const { status } = await authenticatedFetch(new Request(userinfo))
  report.verify('the revoked token, used all the same, is refused with 401', status === 401, status)
}

async function main(): Promise<void> {
  await report.step('Generate the client from the document', generateClient)
  const api = await startNotesApi()
  const { server, client } = await report.step('Start the embedded server and discover it', () => startServer(api))
  try {
    const login = await report.step('Log in with PAR, PKCE and DPoP', () => logIn(client))
    await report.step('Verify the id_token', () => verifyLogin(login))
    const session = await createSessions({ client }).create(login)
    await report.step('Read userinfo, in both styles', () => readUserInfo(client, session))
    await report.step('Call an API of our own, and rob it', () => callOwnApi(api, client))
    await report.step('Refresh, with rotation', () => refresh(client, session, login))
    await report.step('Introspect', async () => introspect(client, (await session.getAccessToken()).value))
    await report.step('Revoke', () => revoke(client, session))
  } finally {
    api.close()
    await server.close()
  }
  report.done()
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
