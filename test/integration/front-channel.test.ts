// Requests and answers that travel signed, encrypted, by form and by certificate, against a certified provider.
import { createHash, X509Certificate } from 'node:crypto'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  buildClientMetadataDocument,
  clientSecretBasic,
  clientSecretJwt,
  createDecryptor,
  createEncryptor,
  createOAuthClient,
  type LoginResult,
  type OAuthClientOptions,
  privateKeyJwt,
  selfSignedTlsClientAuth,
  tlsClientAuth,
} from '../../src/index.ts'
import { type Certificates, fetchWithCertificate, makeCertificates } from '../support/certificates.ts'
import { makeSigningJwk } from '../support/real-provider/clients.ts'
import { paymentType } from '../support/real-provider/front-channel.ts'
import { type RealProvider, startRealProvider } from '../support/real-provider.ts'

type PrivateJwk = JWK & { readonly kty: string }

const secret = 'a secret of the length that any MAC needs 0123456789'
const tlsName = 'app.example'
/** What the internet would answer to the provider. */
const documents = new Map<string, object>()
let provider: RealProvider
let certificates: Certificates
let signing: PrivateJwk
let encryption: PrivateJwk
let providerKey: PrivateJwk

beforeAll(async () => {
  certificates = makeCertificates(tlsName)
  signing = await makeSigningJwk('ES256', 'signs')
  const pair = await generateKeyPair('ECDH-ES', { crv: 'P-256', extractable: true })
  encryption = { ...(await exportJWK(pair.privateKey)), kid: 'opens', use: 'enc' } as PrivateJwk
  const own = await generateKeyPair('RSA-OAEP-256', { extractable: true })
  providerKey = {
    ...(await exportJWK(own.privateKey)),
    kid: 'provider-enc',
    use: 'enc',
    alg: 'RSA-OAEP-256',
  } as PrivateJwk
  const keys = [providerKey, await makeSigningJwk('ES256', 'provider-ES256')]
  provider = await startRealProvider({
    frontChannel: true,
    mutualTls: certificates,
    outgoing: async (request) => Response.json(documents.get(request.url) ?? {}),
    configuration: { jwks: { keys: keys as never } },
  })
})
afterAll(() => provider.close())

const publicJwk = ({ d, p, q, dp, dq, qi, ...rest }: JWK): JWK => rest

let clients = 0

/** A client of its own for each test, registered so and configured so. */
async function setUp(registration: object = {}, options: Partial<OAuthClientOptions> = {}) {
  const clientId = `front-channel-${++clients}`
  const redirectUri = `http://127.0.0.1:3999/${clientId}`
  await provider.registerClient({
    client_id: clientId,
    client_secret: secret,
    token_endpoint_auth_method: 'client_secret_basic',
    id_token_signed_response_alg: 'ES256',
    authorization_signed_response_alg: 'ES256',
    application_type: 'native',
    redirect_uris: [redirectUri],
    response_types: ['code', 'code id_token'],
    grant_types: ['authorization_code', 'refresh_token', 'implicit'],
    jwks: { keys: [publicJwk(signing), publicJwk(encryption)] as never },
    ...registration,
  })
  return createOAuthClient({
    issuer: provider.issuer,
    clientId,
    clientAuth: clientSecretBasic(secret),
    redirectUri,
    scope: 'openid offline_access',
    allowLoopbackHttp: true,
    ...options,
  })
}

type Client = Awaited<ReturnType<typeof setUp>>

const consent = { prompt: 'consent' } as const

async function logIn(client: Client): Promise<LoginResult> {
  return await client.handleCallback(await provider.loginHeadlessly(await client.createAuthorizationUrl(consent)))
}

describe('request objects (RFC 9101) against oidc-provider', () => {
  const registered = { request_object_signing_alg: 'ES256', require_signed_request_object: true }

  it('are taken signed and pushed', async () => {
    const client = await setUp(registered, { requestObject: { key: signing } })
    const { claims } = await logIn(client)
    expect(claims?.sub).toBe('alice')
  })

  it('are taken signed in the URL, with what OpenID wants beside them', async () => {
    const metadata = await endpointsWithoutPar()
    const client = await setUp(registered, { requestObject: { key: signing }, discover: false, metadata })
    const url = await client.createAuthorizationUrl(consent)
    expect([...url.searchParams.keys()].toSorted()).toEqual(['client_id', 'request', 'response_type', 'scope'])
    const { claims } = await client.handleCallback(await provider.loginHeadlessly(url))
    expect(claims?.sub).toBe('alice')
  })

  it('are taken encrypted to a key of the provider', async () => {
    const encrypted = {
      ...registered,
      request_object_encryption_alg: 'RSA-OAEP-256',
      request_object_encryption_enc: 'A256GCM',
    }
    const requestObject = { key: signing, encryptor: createEncryptor({ alg: 'RSA-OAEP-256', enc: 'A256GCM' }) }
    const pushed = await setUp(encrypted, { requestObject })
    expect((await logIn(pushed)).claims?.sub).toBe('alice')
    const inUrl = await setUp(encrypted, { requestObject, discover: false, metadata: await endpointsWithoutPar() })
    expect((await logIn(inUrl)).claims?.sub).toBe('alice')
  })

  it('are taken beside a proof whose nonce is demanded', async () => {
    const client = await setUp(registered, { requestObject: { key: signing }, dpop: true })
    expect((await logIn(client)).tokens.tokenType).toBe('DPoP')
  })

  it('are demanded of a client that sends none', async () => {
    const client = await setUp(registered)
    await expect(client.createAuthorizationUrl()).rejects.toMatchObject({ code: 'oauth_error' })
  })
})

describe('response modes against oidc-provider', () => {
  it.each(['fragment', 'query.jwt', 'fragment.jwt', 'jwt'] as const)('%s brings a login home', async (responseMode) => {
    const client = await setUp({}, { responseMode })
    const callback = await provider.loginHeadlessly(await client.createAuthorizationUrl())
    expect(callback.href).toContain(responseMode.startsWith('fragment') ? '#' : '?')
    expect(callback.href.includes('response=')).toBe(responseMode.includes('jwt'))
    expect((await client.handleCallback(callback)).claims?.sub).toBe('alice')
  })

  it('a fragment can be handed in as parameters, as a page would send them', async () => {
    const client = await setUp({}, { responseMode: 'fragment' })
    const callback = await provider.loginHeadlessly(await client.createAuthorizationUrl())
    const login = await client.handleCallback(new URLSearchParams(callback.hash.slice(1)))
    expect(login.claims?.sub).toBe('alice')
  })

  it.each(['form_post', 'form_post.jwt'] as const)('%s brings a login home in a POST', async (responseMode) => {
    const client = await setUp({}, { responseMode })
    const request = await provider.loginByForm(await client.createAuthorizationUrl())
    expect((await client.handleCallback(request)).claims?.sub).toBe('alice')
  })

  it('JARM is opened where it was registered encrypted', async () => {
    const registered = {
      authorization_encrypted_response_alg: 'ECDH-ES',
      authorization_encrypted_response_enc: 'A128CBC-HS256',
    }
    const options = { responseMode: 'jwt', authorizationEncryptedResponseAlg: 'ECDH-ES' } as const
    const client = await setUp(registered, { ...options, decryptor: createDecryptor(encryption as never) })
    expect((await logIn(client)).claims?.sub).toBe('alice')
  })

  it('JARM is verified by the client secret where it was registered so', async () => {
    const options = { responseMode: 'jwt', authorizationSignedResponseAlg: 'HS256', clientSecret: secret } as const
    const client = await setUp({ authorization_signed_response_alg: 'HS256' }, options)
    expect((await logIn(client)).claims?.sub).toBe('alice')
  })

  it('JARM carries a denial, too', async () => {
    const client = await setUp({}, { responseMode: 'jwt' })
    const callback = await provider.loginHeadlessly(await client.createAuthorizationUrl(), { deny: true })
    await expect(client.handleCallback(callback)).rejects.toMatchObject({
      code: 'authorization_error',
      error: 'access_denied',
    })
  })
})

describe('the hybrid flow against oidc-provider', () => {
  it.each(['fragment', 'form_post', 'fragment.jwt'] as const)(
    'logs in by %s, both id_tokens verified',
    async (responseMode) => {
      const client = await setUp({}, { responseType: 'code id_token', responseMode })
      const url = await client.createAuthorizationUrl()
      const callback =
        responseMode === 'form_post' ? await provider.loginByForm(url) : await provider.loginHeadlessly(url)
      const { claims, checks } = await client.handleCallback(callback)
      expect(claims?.sub).toBe('alice')
      const passed = checks.filter(({ outcome }) => outcome === 'passed').map(({ name }) => name)
      expect(passed).toEqual(expect.arrayContaining(['c_hash', 'hybrid_iss', 'hybrid_sub']))
      expect(passed.filter((name) => name === 'signature')).toHaveLength(2)
    },
  )
})

describe('id_tokens against oidc-provider', () => {
  const cases = [
    ['ECDH-ES', 'A128CBC-HS256'],
    ['ECDH-ES+A128KW', 'A256GCM'],
    ['A128KW', 'A128GCM'],
    ['dir', 'A256CBC-HS512'],
  ] as const
  it.each(cases)('encrypted by %s with %s are opened at login and refresh', async (alg, enc) => {
    const client = await setUp(
      { id_token_encrypted_response_alg: alg, id_token_encrypted_response_enc: enc },
      {
        idTokenEncryptedResponseAlg: alg,
        idTokenEncryptedResponseEnc: enc,
        decryptor: createDecryptor(encryption as never, { clientSecret: secret }),
      },
    )
    const login = await logIn(client)
    // Kept as it was signed: the other form is for this client alone to open.
    expect(login.tokens.idToken?.split('.')).toHaveLength(3)
    expect(login.checks.find(({ name }) => name === 'encryption')?.outcome).toBe('passed')
    const renewed = await client.refresh(login)
    expect(renewed.checks.find(({ name }) => name === 'encryption')?.outcome).toBe('passed')
  })

  it('plain ones are refused where encryption was registered', async () => {
    const decryptor = createDecryptor(encryption as never)
    const client = await setUp({}, { idTokenEncryptedResponseAlg: 'ECDH-ES', decryptor })
    await expect(logIn(client)).rejects.toMatchObject({ code: 'invalid_id_token', check: 'encryption' })
  })

  it('encrypted ones are refused where none was registered', async () => {
    const client = await setUp({ id_token_encrypted_response_alg: 'ECDH-ES' })
    await expect(logIn(client)).rejects.toMatchObject({ code: 'invalid_id_token', check: 'shape' })
  })

  it('by HS256 are verified with the client secret, where registered', async () => {
    const registered = { id_token_signed_response_alg: 'HS256' }
    const client = await setUp(registered, { idTokenSignedResponseAlg: 'HS256', clientSecret: secret })
    expect((await logIn(client)).claims?.sub).toBe('alice')
    const unaware = await setUp(registered, { clientSecret: secret })
    await expect(logIn(unaware)).rejects.toMatchObject({ code: 'invalid_id_token', check: 'alg' })
  })
})

describe('client authentication against oidc-provider', () => {
  it('by a MAC of the client secret', async () => {
    const registered = { token_endpoint_auth_method: 'client_secret_jwt', token_endpoint_auth_signing_alg: 'HS256' }
    const client = await setUp(registered, { clientAuth: clientSecretJwt(secret) })
    const login = await logIn(client)
    await client.revoke((await client.refresh(login)).tokens.refreshToken!)
  })

  it('by the secret alone, as the server lists the methods', async () => {
    const { clientAuth, ...rest } = { clientAuth: undefined, clientSecret: secret }
    expect(clientAuth).toBeUndefined()
    const client = createOAuthClient({
      issuer: provider.issuer,
      clientId: (await setUp()).clientId,
      redirectUri: `http://127.0.0.1:3999/front-channel-${clients}`,
      allowLoopbackHttp: true,
      ...rest,
    })
    expect((await logIn(client)).claims?.sub).toBe('alice')
  })

  it('by a certificate of a root that the server knows, at the endpoint aliases', async () => {
    const registered = { token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_san_dns: tlsName }
    const fetch = fetchWithCertificate(certificates.ca, certificates.client)
    const client = await setUp(registered, { clientAuth: tlsClientAuth(), fetch })
    const login = await logIn(client)
    expect((await client.metadata()).token_endpoint).toMatch(/^https:/)
    expect(await client.introspect(login.tokens.accessToken)).toMatchObject({ active: true })
    const bare = fetchWithCertificate(certificates.ca)
    const unproven = await setUp(registered, { clientAuth: tlsClientAuth(), fetch: bare })
    await expect(unproven.createAuthorizationUrl()).rejects.toMatchObject({ error: 'invalid_client' })
  })

  it('by a certificate that the client signed itself, with tokens bound to it', async () => {
    const certificate = new X509Certificate(certificates.selfSigned.cert)
    const jwk = { ...certificate.publicKey.export({ format: 'jwk' }), x5c: [certificate.raw.toString('base64')] }
    const registered = {
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      tls_client_certificate_bound_access_tokens: true,
      jwks: { keys: [jwk] },
    }
    const fetch = fetchWithCertificate(certificates.ca, certificates.selfSigned)
    const clientAuth = selfSignedTlsClientAuth()
    const client = await setUp(registered, { clientAuth, fetch, certificateBoundAccessTokens: true })
    const login = await logIn(client)
    const thumbprint = createHash('sha256').update(certificate.raw).digest('base64url')
    const { cnf } = (await client.introspect(login.tokens.accessToken)) as { cnf?: object }
    expect(cnf).toEqual({ 'x5t#S256': thumbprint })
    expect(await client.userInfo(login)).toMatchObject({ sub: 'alice' })
  })
})

describe('a client that is identified by its metadata document, against oidc-provider', () => {
  it('logs in without having been registered', async () => {
    const clientId = 'https://app.example/oauth/client.json'
    const redirectUri = 'https://app.example/callback'
    const { d, ...key } = signing
    expect(d).toBeTypeOf('string')
    const document = buildClientMetadataDocument(clientId, {
      client_name: 'An app that nobody registered',
      redirect_uris: [redirectUri],
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      authorization_signed_response_alg: 'ES256',
      id_token_signed_response_alg: 'ES256',
      jwks: { keys: [key] },
    })
    documents.set(clientId, document)
    const { issuer } = provider
    const clientAuth = privateKeyJwt(signing)
    const client = createOAuthClient({ issuer, clientId, redirectUri, clientAuth, allowLoopbackHttp: true })
    const callback = await provider.loginHeadlessly(await client.createAuthorizationUrl(), { endsAt: redirectUri })
    expect((await client.handleCallback(callback)).claims?.aud).toBe(clientId)
    const withSecret = createOAuthClient({
      issuer,
      clientId,
      redirectUri,
      clientSecret: secret,
      allowLoopbackHttp: true,
    })
    await expect(withSecret.createAuthorizationUrl()).rejects.toMatchObject({ code: 'unsupported_by_server' })
  })
})

describe('rich authorization requests against oidc-provider', () => {
  const details = [
    { type: paymentType, actions: ['initiate'], instructedAmount: { currency: 'EUR', amount: '123.50' } },
  ]

  it('come back as granted, with and without a request object', async () => {
    for (const options of [{}, { requestObject: { key: signing } }]) {
      const client = await setUp({ authorization_details_types: [paymentType] }, options)
      const wishes = {
        ...consent,
        authorizationDetails: details,
        resource: provider.resource,
        scope: 'openid api:read',
      }
      const callback = await provider.loginHeadlessly(await client.createAuthorizationUrl(wishes))
      const { tokens, notices } = await client.handleCallback(callback)
      expect(tokens.authorizationDetails).toEqual(details)
      expect(tokens.resource).toEqual([provider.resource])
      // openid is no scope of the resource; of the details there is nothing to say.
      expect(notices.map(({ code }) => code)).toEqual(['scope_narrowed'])
    }
  })

  it('are not sent where the server does not know the type', async () => {
    const client = await setUp()
    const authorizationDetails = [{ type: 'unheard-of' }]
    await expect(client.createAuthorizationUrl({ authorizationDetails })).rejects.toMatchObject({
      code: 'unsupported_by_server',
      field: 'authorization_details_types_supported',
    })
  })
})

async function endpointsWithoutPar() {
  const response = await fetch(`${provider.issuer}/.well-known/openid-configuration`)
  const { pushed_authorization_request_endpoint: par, ...metadata } = (await response.json()) as Record<string, unknown>
  expect(par).toBeTypeOf('string')
  return metadata as OAuthClientOptions['metadata'] & object
}
