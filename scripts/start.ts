// The main job from end to end, as `npm start`: generate the client from the OpenAPI document, start a real
// provider, log in with PAR, PKCE and DPoP, verify the id_token, read userinfo, call an API of our own, refresh,
// introspect, revoke.
// Every step is verified; the exit code is 0 only if all of them were.
import { getUserInfo } from '../generated/endpoints.ts'
import * as operations from '../generated/operations.ts'
import type { paths } from '../generated/schema.ts'
import { generate } from '../src/codegen/index.ts'
import type { TokenCheck } from '../src/errors/index.ts'
import { createApi, createPathsClient, withAccessToken } from '../src/http/index.ts'
import {
  createOAuthClient,
  createSessions,
  type OAuthClient,
  privateKeyJwt,
  type Session,
  SessionError,
} from '../src/index.ts'
import { type RealProvider, startRealProvider } from '../test/support/real-provider.ts'
import { startNotesApi } from './support/notes-api.ts'
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

async function startProvider(): Promise<{ provider: RealProvider; client: OAuthClient }> {
  const provider = await startRealProvider()
  const { clientId, redirectUri, privateJwk } = provider.clients.privateKeyJwt
  const client = createOAuthClient({
    issuer: provider.issuer,
    clientId,
    clientAuth: privateKeyJwt(privateJwk as { kty: string }),
    redirectUri,
    scope: 'openid profile email offline_access',
    dpop: true,
    allowLoopbackHttp: true,
  })
  const metadata = await client.metadata()
  report.fact('provider', `oidc-provider at ${provider.issuer}`)
  report.fact('demands', 'PAR, PKCE S256, private_key_jwt, a DPoP nonce in every proof')
  report.verify('the metadata is of the issuer that was asked (RFC 8414 3.3)', metadata.issuer === provider.issuer)
  return { provider, client }
}

async function logIn(provider: RealProvider, client: OAuthClient): Promise<Session> {
  const sessions = createSessions({ client })
  const url = await client.createAuthorizationUrl()
  report.verify(
    'the request was pushed: the browser carries client_id and request_uri alone (RFC 9126 4)',
    [...url.searchParams.keys()].toSorted().join() === 'client_id,request_uri',
  )
  const callback = await provider.loginHeadlessly(url, { login: 'alice' })
  const login = await client.handleCallback(callback)
  report.verify('the callback has the state and the issuer of the request (RFC 9207)', login.issuer === provider.issuer)
  report.verify('the tokens are bound to a key of this login (RFC 9449 5)', login.tokens.tokenType === 'DPoP')
  report.fact('access token', `${hint(login.tokens.accessToken)}, scope ${login.tokens.scope}`)
  report.fact('id_token', `of ${login.claims?.sub}, held against ${login.checks.length} rules:`)
  for (const check of login.checks) printCheck(check)
  report.verify(
    'no check of the id_token failed',
    login.checks.every(({ outcome }) => outcome !== 'failed'),
  )
  return await sessions.create(login)
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
  const client2 = createPathsClient<paths>({
    baseUrl: session.issuer,
    fetch: session.fetch,
    metadata,
    operations: Object.values(operations),
  })
  const { data } = await client2.GET('/userinfo')
  report.verify(
    'so does the path-style client: GET /userinfo',
    typeof data === 'object' && data.sub === session.subject,
    data,
  )
}

async function callOwnApi(provider: RealProvider, client: OAuthClient): Promise<void> {
  const api = await startNotesApi(provider.issuer)
  try {
    const url = await client.createAuthorizationUrl({ resource: api.origin, scope: 'openid offline_access api:read' })
    const sessions = createSessions({ client, baseUrl: api.origin })
    const session = await sessions.handleCallback(await provider.loginHeadlessly(url, { login: 'alice' }))
    report.fact('API', `${api.origin}, which takes DPoP-bound tokens of this provider`)
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
  } finally {
    api.close()
  }
}

async function refresh(session: Session): Promise<void> {
  const before = await session.getAccessToken()
  const after = await session.refresh()
  report.fact('access token', hint(after.value))
  report.verify('the access token is a new one, of the same key', after.value !== before.value && after.kind === 'dpop')
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
  const error = await session.getAccessToken().catch((cause: unknown) => cause)
  report.verify('the session is gone', error instanceof SessionError && error.code === 'session_not_found')
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
  const { provider, client } = await report.step('Start a real provider and discover it', startProvider)
  try {
    const session = await report.step('Log in with PAR, PKCE and DPoP', () => logIn(provider, client))
    await report.step('Read userinfo, in both styles', () => readUserInfo(client, session))
    await report.step('Call an API of our own, and rob it', () => callOwnApi(provider, client))
    await report.step('Refresh, with rotation', () => refresh(session))
    await report.step('Introspect', async () => introspect(client, (await session.getAccessToken()).value))
    await report.step('Revoke', () => revoke(client, session))
  } finally {
    await provider.close()
  }
  report.done()
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
