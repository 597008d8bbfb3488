import { describe, expect, it } from 'vitest'
import {
  createLogoutRequest,
  createOAuthClient,
  exchangeToken,
  type OAuthClient,
  parseFrontChannelLogout,
  parseStepUpChallenge,
  requestBackchannelAuthentication,
  requestDeviceAuthorization,
  requestExtensionGrant,
  requestJwtBearerTokens,
  verifyLogoutToken,
} from '../../src/client/index.ts'
import { delay } from '../../src/lib/delay.ts'
import { systemRuntime } from '../../src/lib/runtime.ts'
import { createFakeServer } from '../support/fake-server.ts'
import { clientId, issuer } from '../support/id-token.ts'

function setUp(metadata: object = {}) {
  const server = createFakeServer()
  server.set(`${issuer}/.well-known/openid-configuration`, { issuer, token_endpoint: `${issuer}/token`, ...metadata })
  return { server, client: createOAuthClient({ issuer, clientId, fetch: server.fetch }) }
}

describe('the functions beside the client', () => {
  const { client } = setUp()
  const calls: Record<string, (client: OAuthClient, options: object) => unknown> = {
    requestDeviceAuthorization: (one, options) => requestDeviceAuthorization(one, options),
    requestBackchannelAuthentication: (one, options) =>
      requestBackchannelAuthentication(one, { loginHint: 'a', ...options }),
    exchangeToken: (one, options) =>
      exchangeToken(one, { subjectToken: 'a', subjectTokenType: 'access_token', ...options }),
    requestJwtBearerTokens: (one, options) => requestJwtBearerTokens(one, 'a.b.c', options),
    requestExtensionGrant: (one, options) => requestExtensionGrant(one, 'urn:x:y', {}, options),
    createLogoutRequest: (one, options) =>
      createLogoutRequest(one, { postLogoutRedirectUri: 'https://app.example/', ...options }),
    verifyLogoutToken: (one, options) => verifyLogoutToken(one, 'a.b.c', options),
  }

  it.each(Object.entries(calls))('%s takes only a client of ours, and no unknown option', async (_name, call) => {
    await expect(call({ ...client }, {})).rejects.toThrow(TypeError)
    await expect(call(client, { secope: 'x' })).rejects.toThrow(/unknown option "secope"/)
  })

  it('says which endpoint the server has not', async () => {
    await expect(requestDeviceAuthorization(client)).rejects.toMatchObject({
      code: 'missing_metadata',
      field: 'device_authorization_endpoint',
    })
    expect(await createLogoutRequest(client, { postLogoutRedirectUri: 'https://app.example/' })).toBeUndefined()
  })

  it('asks nobody for a user on behalf of a client that proves nothing', async () => {
    await expect(requestBackchannelAuthentication(client, { loginHint: 'a' })).rejects.toThrow(TypeError)
  })

  it('makes another state for each logout, and keeps the query of the page', async () => {
    const { client: one } = setUp({ end_session_endpoint: `${issuer}/logout?tenant=a` })
    const options = { postLogoutRedirectUri: 'https://app.example/bye' }
    const [first, second] = [await createLogoutRequest(one, options), await createLogoutRequest(one, options)]
    expect(first?.state).toMatch(/^[\w-]{43}$/)
    expect(first?.state).not.toBe(second?.state)
    expect(Object.fromEntries(first!.url.searchParams)).toEqual({
      tenant: 'a',
      client_id: clientId,
      post_logout_redirect_uri: 'https://app.example/bye',
      state: first!.state,
    })
  })

  it('reads requests of the front channel, and challenges of resources', () => {
    const request = new Request(`https://app.example/fc?iss=${issuer}&sid=s`)
    expect(parseFrontChannelLogout(client, request)).toEqual({ issuer, sid: 's' })
    const headers = { 'www-authenticate': 'Bearer error="insufficient_user_authentication", max_age=5' }
    expect(parseStepUpChallenge(new Response(null, { status: 401, headers }))).toEqual({ maxAge: 5 })
  })
})

describe('a back-channel logout request', () => {
  const { client } = setUp()
  const form = { 'content-type': 'application/x-www-form-urlencoded' }

  it.each([
    ['a GET', new Request('https://app.example/bc?logout_token=a.b.c')],
    [
      'JSON',
      new Request('https://app.example/bc', {
        method: 'POST',
        body: '{}',
        headers: { 'content-type': 'application/json' },
      }),
    ],
    ['no token', new Request('https://app.example/bc', { method: 'POST', body: 'x=1', headers: form })],
    [
      'two tokens',
      new Request('https://app.example/bc', { method: 'POST', body: 'logout_token=a&logout_token=b', headers: form }),
    ],
    [
      'no end',
      new Request('https://app.example/bc', {
        method: 'POST',
        body: `logout_token=${'a'.repeat(200_000)}`,
        headers: form,
      }),
    ],
  ])('is refused with %s', async (_name, request) => {
    await expect(verifyLogoutToken(client, request)).rejects.toMatchObject({ code: 'invalid_logout_request' })
  })
})

describe('a wait', () => {
  it('ends in its time, or with the reason of the abort', async () => {
    await delay(systemRuntime, 1)
    const controller = new AbortController()
    const waiting = delay(systemRuntime, 60_000, controller.signal)
    controller.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    await expect(delay(systemRuntime, 1, controller.signal)).rejects.toThrow('enough')
  })
})

describe('a client that was registered for encrypted answers', () => {
  it('needs something that opens them', () => {
    const options = { issuer, clientId, userinfoEncryptedResponseAlg: 'ECDH-ES' } as const
    expect(() => createOAuthClient(options)).toThrow(/"userinfoEncryptedResponseAlg" needs a "decryptor"/)
  })
})
