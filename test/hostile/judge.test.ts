import { createHash, randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { registeredClient } from '../support/hostile/client-setup.ts'
import { type HostileProvider, startHostileProvider } from '../support/hostile-provider.ts'

// A careless client, request by request: whatever the judge did not see here, it would not see in a scenario.

const { clientId, clientSecret, redirectUri } = registeredClient
const verifier = 'v'.repeat(43)
const challenge = createHash('sha256').update(verifier).digest('base64url')
const long = () => randomUUID() + randomUUID()

const keys = await generateKeyPair('ES256', { extractable: true })
const jwk = await exportJWK(keys.publicKey)

let provider: HostileProvider
beforeEach(async () => {
  provider = await startHostileProvider({ client: { auth: 'client_secret_post' } })
})
afterEach(() => provider.close())

type Form = Record<string, string>

function post(path: string, form: Form, headers: Record<string, string> = {}): Promise<Response> {
  const body = new URLSearchParams({ client_id: clientId, client_secret: clientSecret, ...form })
  return fetch(provider.issuer + path, { method: 'POST', headers, body, redirect: 'manual' })
}

const honestRequest = (): Form => ({
  response_type: 'code',
  redirect_uri: redirectUri,
  scope: 'openid',
  state: long(),
  nonce: long(),
  code_challenge: challenge,
  code_challenge_method: 'S256',
})

async function logIn(changes: Form = {}): Promise<string> {
  const answer = await post('/par', { ...honestRequest(), ...changes })
  const { request_uri } = (await answer.json()) as { request_uri: string }
  const url = new URL(`${provider.issuer}/authorize`)
  url.search = new URLSearchParams({ client_id: clientId, request_uri }).toString()
  return provider.login(url).searchParams.get('code') ?? ''
}

const redeem = (code: string, changes: Form = {}, headers = {}) =>
  post(
    '/token',
    { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier, ...changes },
    headers,
  )

async function proof(claims: object, alg = 'ES256'): Promise<string> {
  const honest = { jti: long(), htm: 'POST', htu: `${provider.issuer}/token`, iat: Math.floor(Date.now() / 1000) }
  return await new SignJWT({ ...honest, ...claims })
    .setProtectedHeader({ alg, typ: 'dpop+jwt', jwk })
    .sign(keys.privateKey)
}

async function redeemWithProof(code: string, claims: object = {}): Promise<Response> {
  const demanded = await redeem(code, {}, { dpop: await proof(claims) })
  const nonce = demanded.headers.get('dpop-nonce')
  return await redeem(code, {}, { dpop: await proof({ ...claims, nonce }) })
}

describe('the judge', () => {
  it('finds nothing to blame in an honest login', async () => {
    expect((await redeem(await logIn())).status).toBe(200)
    expect(provider.misdeeds).toEqual([])
  })

  it('finds nothing to blame in an honest login with proofs', async () => {
    expect((await redeemWithProof(await logIn())).status).toBe(200)
    expect(provider.misdeeds).toEqual([])
  })

  it.each([
    ['a short state', { state: 'abc' }, 'state can be guessed'],
    ['no state', { state: '' }, 'state can be guessed'],
    ['a short nonce', { nonce: 'abc' }, 'nonce can be guessed'],
    ['state and nonce of one value', { state: 'x'.repeat(43), nonce: 'x'.repeat(43) }, 'are the same value'],
    ['PKCE with plain', { code_challenge_method: 'plain' }, 'no PKCE with S256'],
    ['no code_challenge', { code_challenge: '' }, 'code_challenge is no S256'],
    ['another redirect_uri', { redirect_uri: 'https://evil.example/cb' }, 'redirect_uri is not the registered one'],
    ['the client_id of another', { client_id: 'other' }, 'client_id missing or another'],
  ])('blames an authorization request with %s', async (_what, changes, misdeed) => {
    await post('/par', { ...honestRequest(), ...changes })
    expect(provider.misdeeds.join('\n')).toContain(misdeed)
  })

  it('blames parameters in the authorization URL beside a pushed request', async () => {
    const answer = await post('/par', honestRequest())
    const { request_uri } = (await answer.json()) as { request_uri: string }
    const query = new URLSearchParams({ client_id: clientId, request_uri, scope: 'openid' })
    provider.login(new URL(`${provider.issuer}/authorize?${query}`))
    expect(provider.misdeeds.join()).toContain('pushed, and yet scope in the authorization URL')
  })

  it('blames a request that was not pushed', () => {
    const query = new URLSearchParams({ client_id: clientId, ...honestRequest() })
    provider.login(new URL(`${provider.issuer}/authorize?${query}`))
    expect(provider.misdeeds.join()).toContain('not pushed')
  })

  it('blames a code that is used twice, with its verifier', async () => {
    const code = await logIn()
    await redeem(code)
    await redeem(code)
    expect(provider.misdeeds.join('\n')).toMatch(/code used twice.*\n.*code_verifier used twice/)
  })

  it('blames a code_challenge, and so a verifier, that serves two logins', async () => {
    await logIn()
    await logIn()
    expect(provider.misdeeds.join()).toContain('code_challenge used twice')
  })

  it.each([
    ['without a verifier', { code_verifier: '' }, 'verifier missing'],
    ['with a verifier of another login', { code_verifier: 'w'.repeat(43) }, 'verifier missing, or of another'],
    ['with another redirect_uri', { redirect_uri: `${redirectUri}2` }, 'redirect_uri is another'],
    ['with a wrong secret', { client_secret: 'guess' }, 'does not authenticate the client'],
    ['with a code that was never issued', { code: 'stolen' }, 'code that was never issued'],
  ])('blames a token request %s', async (_what, changes, misdeed) => {
    await redeem(await logIn(), changes)
    expect(provider.misdeeds.join('\n')).toContain(misdeed)
  })

  it('blames two methods of client authentication at once', async () => {
    await redeem(await logIn(), {}, { authorization: `Basic ${btoa('app:secret')}` })
    expect(provider.misdeeds.join()).toContain('authenticated with client_secret_basic and client_secret_post')
  })

  it('blames an assertion that is sent twice, or is for another audience', async () => {
    const judge = await startHostileProvider({ client: { auth: 'private_key_jwt' } })
    const exp = Math.floor(Date.now() / 1000) + 60
    const claims = { iss: clientId, sub: clientId, aud: `${judge.issuer}/token`, exp, jti: 'once' }
    const assertion = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256' })
      .sign(await importJWK(registeredClient.privateJwk, 'ES256'))
    const body = new URLSearchParams({
      client_assertion: assertion,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    })
    for (const path of ['/token', '/revoke']) await fetch(judge.issuer + path, { method: 'POST', body })
    expect(judge.misdeeds.join('\n')).toMatch(
      /audience of the assertion is not the issuer[\s\S]*assertion jti used twice/,
    )
    await judge.close()
  })

  it('blames a parameter that is sent twice', async () => {
    const body = new URLSearchParams({ client_id: clientId, client_secret: clientSecret, scope: 'a' })
    body.append('scope', 'b')
    await fetch(`${provider.issuer}/token`, { method: 'POST', body })
    expect(provider.misdeeds.join()).toContain('scope sent twice')
  })

  it.each([
    ['for another method', { htm: 'GET' }, 'htm is GET'],
    ['for another endpoint', { htu: 'https://evil.example/token' }, 'htu is https://evil.example'],
    ['with a query in htu', { htu: 'QUERY' }, 'htu is'],
    ['made an hour ago', { iat: 1 }, 'iat is not now'],
    ['that can collide', { jti: '1' }, 'jti of the proof can collide'],
    ['with ath where there is no token', { ath: 'AAAA' }, 'ath where there is no token'],
    ['that is sent twice', { jti: 'the same identifier twice' }, 'proof jti used twice'],
  ])('blames a proof %s', async (_what, claims, misdeed) => {
    await redeemWithProof(
      await logIn(),
      'htu' in claims && claims.htu === 'QUERY' ? { htu: `${provider.issuer}/token?x` } : claims,
    )
    expect(provider.misdeeds.join('\n')).toContain(misdeed)
  })

  it('blames a proof without ath, and a bound token sent as a bearer token', async () => {
    const answer = await redeemWithProof(await logIn())
    const { access_token } = (await answer.json()) as { access_token: string }
    const dpop = await proof({ htm: 'GET', htu: `${provider.issuer}/userinfo` })
    await fetch(`${provider.issuer}/userinfo`, { headers: { authorization: `Bearer ${access_token}`, dpop } })
    expect(provider.misdeeds.join('\n')).toMatch(/dpop token sent as Bearer[\s\S]*proof without ath/)
  })

  it.each(['access_token', 'refresh_token', 'client_secret', 'code_verifier', 'token'])(
    'blames %s in a URL',
    async (name) => {
      await fetch(`${provider.issuer}/userinfo?${name}=x`)
      expect(provider.misdeeds.join()).toContain(`${name} in the URL of /userinfo`)
    },
  )

  it('blames credentials at an endpoint that is public', async () => {
    await fetch(`${provider.issuer}/jwks`, { headers: { authorization: 'Bearer x' } })
    expect(provider.misdeeds.join()).toContain('credentials sent to /jwks')
  })

  it('blames a refresh token that is used again after its rotation', async () => {
    const { refresh_token = '' } = (await (await redeem(await logIn())).json()) as Form
    await post('/token', { grant_type: 'refresh_token', refresh_token })
    await post('/token', { grant_type: 'refresh_token', refresh_token })
    expect(provider.misdeeds.join()).toContain('refresh token used again')
  })

  it('blames a redirect that is followed to another origin', async () => {
    await fetch(`${provider.issuer.replace('127.0.0.1', 'localhost')}/jwks`)
    expect(provider.misdeeds.join()).toContain('followed a redirect to another origin')
  })
})
