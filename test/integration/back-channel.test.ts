// The flows without a browser, over HTTP, against a certified provider with mandatory nonces.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  clientSecretBasic,
  createLogoutRequest,
  createOAuthClient,
  deleteClient,
  exchangeToken,
  handleLogoutReturn,
  type LoginResult,
  none,
  type OAuthClientOptions,
  readClient,
  registerClient,
  requestBackchannelAuthentication,
  requestDeviceAuthorization,
  requestExtensionGrant,
  requestJwtBearerTokens,
  resumeBackchannelAuthentication,
  updateClient,
  verifyLogoutToken,
} from '../../src/index.ts'
import { systemRuntime } from '../../src/lib/runtime.ts'
import { createDecryptor } from '../../src/protocol/decryption.ts'
import { createFastRuntime } from '../support/fast-runtime.ts'
import {
  approveBackchannel,
  approveDevice,
  denyDevice,
  jwtBearer,
  tokenExchange,
  voucherGrant,
} from '../support/real-provider/back-channel.ts'
import { makeSigningJwk } from '../support/real-provider/clients.ts'
import { type RealProvider, registrationOf, startRealProvider } from '../support/real-provider.ts'

const grants = ['authorization_code', 'refresh_token', 'client_credentials']
const secret = 'a secret of the length that any MAC needs 0123456789'
const notificationUri = 'https://app.example/ciba'
const logoutUri = 'https://app.example/backchannel-logout'

let provider: RealProvider
const received: Request[] = []
let answer: (request: Request) => Promise<Response>

beforeAll(async () => {
  provider = await startRealProvider({
    backChannel: true,
    outgoing: async (request) => {
      received.push(request.clone() as Request)
      return await answer(request)
    },
  })
})
afterAll(() => provider.close())

let clients = 0

/** A client of its own for each test, registered so and configured so. */
async function setUp(registration: object = {}, options: Partial<OAuthClientOptions> = {}) {
  const clientId = `back-channel-${++clients}`
  const { redirectUri } = provider.clients.basic
  await provider.registerClient({
    ...registrationOf(provider.clients.basic),
    client_id: clientId,
    client_secret: secret,
    ...registration,
  })
  const client = createOAuthClient({
    issuer: provider.issuer,
    clientId,
    clientAuth: clientSecretBasic(secret),
    redirectUri,
    scope: 'openid profile',
    idTokenSignedResponseAlg: 'ES256',
    dpop: true,
    allowLoopbackHttp: true,
    runtime: systemRuntime,
    ...options,
  })
  return client
}

async function logIn(client: Awaited<ReturnType<typeof setUp>>): Promise<LoginResult> {
  return await client.handleCallback(await provider.loginHeadlessly(await client.createAuthorizationUrl()))
}

describe('a device without a browser', () => {
  const registration = { grant_types: [...grants, 'urn:ietf:params:oauth:grant-type:device_code'] }

  it('polls until the user has said yes, and verifies who that is', async () => {
    const runtime = createFastRuntime()
    const client = await setUp(registration, { runtime })
    const device = await requestDeviceAuthorization(client)
    expect(device.userCode).toMatch(/^\w{4}-\w{4}$/)
    expect(device.verificationUri).toBe(`${provider.issuer}/device`)
    expect(device.verificationUriComplete).toContain(device.userCode)
    runtime.onDelay = async (count) => {
      if (count === 3) await approveDevice(provider.server, device.userCode)
    }
    const { claims, tokens, dpopKey } = await device.poll()
    expect(claims?.sub).toBe('alice')
    expect(tokens).toMatchObject({ tokenType: 'DPoP', scope: 'openid profile' })
    expect(dpopKey?.alg).toBe('ES256')
    expect(runtime.delays).toEqual([5000, 5000, 5000])
  })

  it('ends when the user says no', async () => {
    const runtime = createFastRuntime()
    const client = await setUp({ ...registration, token_endpoint_auth_method: 'none' }, { clientAuth: none(), runtime })
    const device = await requestDeviceAuthorization(client)
    await denyDevice(provider.server, device.userCode)
    await expect(device.poll()).rejects.toMatchObject({ code: 'oauth_error', error: 'access_denied' })
  })

  it('polls once, however often it is asked to', async () => {
    const runtime = createFastRuntime()
    const client = await setUp(registration, { runtime })
    const device = await requestDeviceAuthorization(client)
    await approveDevice(provider.server, device.userCode)
    const [one, other] = await Promise.all([device.poll(), device.poll()])
    expect(one).toBe(other)
    expect(runtime.delays).toEqual([5000])
  })

  it('stops when it is told to', async () => {
    const client = await setUp(registration)
    const device = await requestDeviceAuthorization(client)
    const controller = new AbortController()
    const polling = device.poll({ signal: controller.signal })
    controller.abort(new Error('the user went away'))
    await expect(polling).rejects.toThrow('the user went away')
  })
})

describe('a user asked on their own device (CIBA)', () => {
  const registration = {
    grant_types: [...grants, 'urn:openid:params:grant-type:ciba'],
    backchannel_token_delivery_mode: 'poll',
  }

  it('is waited for by polling', async () => {
    const runtime = createFastRuntime()
    const client = await setUp(registration, { runtime })
    const asked = await requestBackchannelAuthentication(client, { loginHint: 'alice', bindingMessage: 'W4SCT' })
    runtime.onDelay = async (count) => {
      if (count === 2) await approveBackchannel(provider.server, asked.authReqId)
    }
    const { claims, tokens } = await asked.poll()
    expect(claims?.sub).toBe('alice')
    expect(tokens.tokenType).toBe('DPoP')
    expect(runtime.delays).toHaveLength(2)
  })

  it('is asked by a signed request, with nothing beside it', async () => {
    const runtime = createFastRuntime()
    const key = await makeSigningJwk('ES256', 'ciba-1')
    const { d, ...publicJwk } = key
    const signed = {
      ...registration,
      jwks: { keys: [publicJwk] },
      backchannel_authentication_request_signing_alg: 'ES256',
    }
    const sent: string[] = []
    const fetch = async (request: Request) => {
      if (request.url.endsWith('/backchannel')) sent.push(await request.clone().text())
      return await globalThis.fetch(request)
    }
    const client = await setUp(signed, { runtime, fetch })
    const asked = await requestBackchannelAuthentication(client, { loginHint: 'alice', signedRequest: { key } })
    runtime.onDelay = async () => await approveBackchannel(provider.server, asked.authReqId)
    expect((await asked.poll()).claims?.sub).toBe('alice')
    expect(sent.map((body) => [...new URLSearchParams(body).keys()])).toEqual([['request']])
    // The provider takes no unsigned one of this client, so it was the signature that counted.
    await expect(requestBackchannelAuthentication(client, { loginHint: 'alice' })).rejects.toMatchObject({
      error: 'invalid_request',
    })
  })

  it('is waited for by a ping, in another process too, and a stranger cannot send one', async () => {
    const client = await setUp({
      ...registration,
      backchannel_token_delivery_mode: 'ping',
      backchannel_client_notification_endpoint: notificationUri,
    })
    const asked = await requestBackchannelAuthentication(client, { loginHint: 'bob', mode: 'ping' })
    const resumed = resumeBackchannelAuthentication(client, JSON.parse(JSON.stringify(asked.state())))
    const forged = new Request(notificationUri, {
      method: 'POST',
      headers: { authorization: 'Bearer guess', 'content-type': 'application/json' },
      body: JSON.stringify({ auth_req_id: asked.authReqId }),
    })
    await expect(resumed.handlePing(forged)).rejects.toMatchObject({ code: 'invalid_notification' })
    answer = async () => new Response(null, { status: 204 })
    await approveBackchannel(provider.server, asked.authReqId)
    const { claims } = await resumed.handlePing(received.pop()!)
    expect(claims?.sub).toBe('bob')
  })
})

describe('grants without a user at hand', () => {
  it('exchanges a token for another', async () => {
    const registration = { grant_types: [...grants, tokenExchange], dpop_bound_access_tokens: false }
    const client = await setUp(registration, { dpop: false })
    const { tokens } = await logIn(client)
    const exchanged = await exchangeToken(client, {
      subjectToken: tokens.accessToken,
      subjectTokenType: 'access_token',
      requestedTokenType: 'access_token',
      audience: ['orders', 'billing'],
    })
    expect(exchanged.issuedTokenType).toBe('urn:ietf:params:oauth:token-type:access_token')
    expect(exchanged.tokens?.accessToken).not.toBe(tokens.accessToken)
    expect(await client.introspect(exchanged.token)).toMatchObject({ active: true, sub: 'alice' })
  })

  it('trades an assertion, and a voucher that no specification knows', async () => {
    const registration = { grant_types: [...grants, jwtBearer, voucherGrant], dpop_bound_access_tokens: false }
    const client = await setUp(registration, { dpop: false })
    const assertion = `e30.${Buffer.from('{"sub":"carol"}').toString('base64url')}.c2ln`
    const byJwt = await requestJwtBearerTokens(client, assertion)
    expect(await client.introspect(byJwt.tokens.accessToken)).toMatchObject({ active: true, sub: 'carol' })
    const byVoucher = await requestExtensionGrant(client, voucherGrant, { voucher: 'good' })
    expect(byVoucher.tokens.tokenType).toBe('Bearer')
    await expect(requestExtensionGrant(client, voucherGrant, { voucher: 'bad' })).rejects.toMatchObject({
      error: 'invalid_grant',
    })
  })
})

describe('registration', () => {
  it('is made, read, replaced with rotated tokens, and ended', async () => {
    const options = { allowLoopbackHttp: true }
    const asked = {
      redirect_uris: ['https://app.example/callback'],
      token_endpoint_auth_method: 'client_secret_basic',
      client_name: 'One',
    }
    const { registration, notices } = await registerClient(provider.issuer, asked, options)
    expect(registration).toMatchObject({ issuer: provider.issuer, metadata: { client_name: 'One' } })
    expect(registration.clientSecret).toBeDefined()
    expect(notices).toEqual([])
    const read = (await readClient(registration, options)).registration
    expect(read.clientId).toBe(registration.clientId)
    const updated = (await updateClient(read, { ...asked, client_name: 'Two' }, options)).registration
    expect(updated.metadata.client_name).toBe('Two')
    expect(updated.registrationAccessToken).not.toBe(registration.registrationAccessToken)
    expect(updated.clientSecret).toBe(registration.clientSecret)
    await expect(readClient(registration, options)).rejects.toMatchObject({ error: 'invalid_token' })
    const again = (await readClient(updated, options)).registration
    await deleteClient(again, options)
    await expect(readClient(again, options)).rejects.toMatchObject({ error: 'invalid_token' })
  })

  it('passes on why it is refused', async () => {
    const asked = { redirect_uris: ['https://app.example/#fragment'] }
    await expect(registerClient(provider.issuer, asked, { allowLoopbackHttp: true })).rejects.toMatchObject({
      code: 'oauth_error',
      error: 'invalid_redirect_uri',
    })
  })
})

describe('answers as JWTs', () => {
  it('reads signed userinfo, and refuses the plain one that was not registered', async () => {
    const client = await setUp({ userinfo_signed_response_alg: 'ES256' }, { userinfoSignedResponseAlg: 'ES256' })
    expect(await client.userInfo(await logIn(client))).toMatchObject({ sub: 'alice', name: 'Alice' })
    const other = await setUp({}, { userinfoSignedResponseAlg: 'ES256' })
    await expect(other.userInfo(await logIn(other))).rejects.toBeInstanceOf(Error)
  })

  it('reads userinfo with a Bearer token in the form of a POST', async () => {
    const client = await setUp({ dpop_bound_access_tokens: false }, { dpop: false })
    const login = await logIn(client)
    expect(login.tokens.tokenType).toBe('Bearer')
    expect(await client.userInfo(login, { tokenIn: 'body' })).toMatchObject({ sub: 'alice', name: 'Alice' })
    const { method, headers } = provider.requests.at(-1)!
    expect([method, headers.authorization]).toEqual(['POST', undefined])
  })

  it('reads encrypted userinfo', async () => {
    const { privateJwk, publicJwk } = await encryptionKey()
    const registration = {
      userinfo_signed_response_alg: 'ES256',
      userinfo_encrypted_response_alg: 'ECDH-ES',
      userinfo_encrypted_response_enc: 'A256GCM',
      jwks: { keys: [publicJwk] },
    }
    const client = await setUp(registration, {
      userinfoSignedResponseAlg: 'ES256',
      userinfoEncryptedResponseAlg: 'ECDH-ES',
      userinfoEncryptedResponseEnc: 'A256GCM',
      decryptor: createDecryptor(privateJwk),
    })
    expect(await client.userInfo(await logIn(client))).toMatchObject({ sub: 'alice', name: 'Alice' })
  })

  it('introspects by a signed answer, and by an encrypted one', async () => {
    const signed = { introspection_signed_response_alg: 'ES256' }
    const client = await setUp(signed, { introspectionSignedResponseAlg: 'ES256' })
    const login = await logIn(client)
    expect(await client.introspect(login.tokens.accessToken)).toMatchObject({ active: true, sub: 'alice' })
    expect(await client.introspect('no-such-token')).toEqual({ active: false })

    const { privateJwk, publicJwk } = await encryptionKey()
    const encrypted = await setUp(
      { ...signed, introspection_encrypted_response_alg: 'ECDH-ES', jwks: { keys: [publicJwk] } },
      {
        introspectionSignedResponseAlg: 'ES256',
        introspectionEncryptedResponseAlg: 'ECDH-ES',
        decryptor: createDecryptor(privateJwk),
      },
    )
    const other = await logIn(encrypted)
    expect(await encrypted.introspect(other.tokens.accessToken)).toMatchObject({ active: true, sub: 'alice' })
  })
})

describe('logout', () => {
  it('takes the word of the provider once', async () => {
    const client = await setUp({ backchannel_logout_uri: logoutUri, backchannel_logout_session_required: true })
    const login = await logIn(client)
    const registered = (await provider.server.Client.find(client.clientId)) as unknown as LogoutSender
    answer = async () => new Response(null, { status: 200 })
    await registered.backchannelLogout(login.claims!.sub, 'session-1')
    const request = received.pop()!
    const repeated = request.clone() as Request
    expect(await verifyLogoutToken(client, request)).toMatchObject({ sub: 'alice', sid: 'session-1' })
    await expect(verifyLogoutToken(client, repeated)).rejects.toMatchObject({ code: 'replayed_logout_token' })
    await expect(verifyLogoutToken(client, login.tokens.idToken!)).rejects.toMatchObject({
      code: 'invalid_logout_token',
    })
  })

  it('leads to the page of the provider, and tells its return', async () => {
    const client = await setUp()
    const login = await logIn(client)
    const postLogoutRedirectUri = provider.clients.basic.redirectUri
    const logout = await createLogoutRequest(client, { postLogoutRedirectUri, idTokenHint: login.tokens.idToken! })
    const page = await fetch(logout!.url)
    expect(page.status).toBe(200)
    const back = new URL(`${postLogoutRedirectUri}?state=${logout!.state}`)
    expect(() => handleLogoutReturn(back, logout!)).not.toThrow()
    back.searchParams.set('state', 'another')
    expect(() => handleLogoutReturn(back, logout!)).toThrow(expect.objectContaining({ code: 'state_mismatch' }))
  })
})

/** What the provider's client model has and its types leave out. */
interface LogoutSender {
  backchannelLogout(sub: string, sid: string): Promise<void>
}

async function encryptionKey() {
  const pair = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits'])
  const jwkOf = async (key: CryptoKey) => {
    const { kty, crv, x, y, d } = await crypto.subtle.exportKey('jwk', key)
    return { kty: kty!, crv, x, y, ...(d !== undefined && { d }), kid: 'enc-1', use: 'enc' }
  }
  return { privateJwk: await jwkOf(pair.privateKey), publicJwk: await jwkOf(pair.publicKey) }
}
