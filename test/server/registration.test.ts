import { describe, expect, it } from 'vitest'
import type { ClientInformation } from '../../generated/models.ts'
import {
  createClientStore,
  handleClientDeleteRequest,
  handleClientReadRequest,
  handleClientUpdateRequest,
  handleRegistrationRequest,
  handleTokenRequest,
  type TokenEndpointOptions,
} from '../../src/server/index.ts'
import { createMemoryStore } from '../../src/stores/memory/index.ts'
import { basic, createClock, createRig, issuer, tokenUrl } from './rig.ts'

const options = { registrationUri: `${issuer}/register` }
const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange'
const web = { redirect_uris: ['https://app.example/cb'], client_name: 'App' }

async function start(more: Partial<TokenEndpointOptions> = {}) {
  const clock = createClock()
  const store = createMemoryStore({ runtime: clock })
  const clients = createClientStore(store)
  return createRig(
    {
      runtime: clock,
      registration: true,
      loadClient: clients.loadClient,
      verifyClientSecret: clients.verifyClientSecret,
      ...more,
    },
    store,
  )
}

type Rig = Awaited<ReturnType<typeof start>>

async function register(rig: Rig, metadata: object = web): Promise<ClientInformation> {
  const outcome = await handleRegistrationRequest(rig.config, { metadata }, options)
  if (!outcome.ok) throw new Error(`${outcome.error.error}: ${outcome.error.errorDescription}`)
  return outcome.response
}

async function refusal(metadata: unknown, more: Partial<TokenEndpointOptions> = {}): Promise<string> {
  const rig = await start(more)
  const outcome = await handleRegistrationRequest(rig.config, { metadata }, options)
  return outcome.ok ? 'ok' : outcome.error.error
}

const manage = (client: ClientInformation) => ({
  clientId: client.client_id,
  accessToken: client.registration_access_token!,
})

describe('registration', () => {
  it('gives an id, a secret, and a token to manage it, and says what it filled in', async () => {
    const rig = await start()
    const outcome = await handleRegistrationRequest(rig.config, { metadata: web }, options)
    const client = outcome.ok ? outcome.response : ({} as ClientInformation)
    expect(client).toMatchObject({
      ...web,
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code'],
      response_types: ['code'],
      application_type: 'web',
      client_secret_expires_at: 0,
      client_id_issued_at: rig.clock.now() / 1000,
      registration_client_uri: `${issuer}/register/${client.client_id}`,
    })
    expect(outcome.events).toMatchObject([{ name: 'client_registered', clientId: client.client_id }])
  })

  it('makes a client that can authenticate itself, by its secret only', async () => {
    const rig = await start({ authorizeRegistration: ({ metadata }) => metadata })
    const metadata = { grant_types: ['client_credentials'], response_types: [], scope: 'api' }
    const client = await register(rig, metadata)
    const send = (secret: string) =>
      handleTokenRequest(rig.config, {
        method: 'POST',
        url: tokenUrl,
        params: { grant_type: 'client_credentials' },
        headers: { authorization: basic(client.client_id, secret) },
      })
    expect((await send(client.client_secret!)).ok).toBe(true)
    expect((await send('wrong')).ok).toBe(false)
    const stored = JSON.stringify(await rig.store.get(`client:{${client.client_id}}`))
    expect(stored).not.toContain(client.client_secret)
    expect(stored).not.toContain(client.registration_access_token)
  })

  it('gives a public client no secret', async () => {
    const client = await register(await start(), { ...web, token_endpoint_auth_method: 'none' })
    expect(client).not.toHaveProperty('client_secret')
    expect(client).not.toHaveProperty('client_secret_expires_at')
  })

  it.each<[string, unknown]>([
    ['invalid_client_metadata', 'text'],
    ['invalid_client_metadata', []],
    ['invalid_redirect_uri', {}],
    ['invalid_redirect_uri', { redirect_uris: ['http://app.example/cb'] }],
    ['invalid_redirect_uri', { redirect_uris: ['https://app.example/cb#x'] }],
    ['invalid_redirect_uri', { redirect_uris: ['javascript:alert(1)'] }],
    ['invalid_redirect_uri', { redirect_uris: ['https://中文.example/cb'] }],
    ['invalid_redirect_uri', { redirect_uris: ['https://app.example/cb?x=é'] }],
    ['invalid_redirect_uri', { redirect_uris: ['com.example.app:/cb'] }],
    ['invalid_client_metadata', { redirect_uris: 'https://app.example' }],
    ['invalid_client_metadata', { ...web, grant_types: ['implicit'] }],
    ['invalid_client_metadata', { ...web, response_types: ['token'] }],
    ['invalid_client_metadata', { ...web, grant_types: ['client_credentials'], response_types: ['code'] }],
    ['invalid_client_metadata', { ...web, token_endpoint_auth_method: 'client_secret_jwt' }],
    ['invalid_client_metadata', { ...web, token_endpoint_auth_method: 'private_key_jwt' }],
    ['invalid_client_metadata', { ...web, token_endpoint_auth_method: 'tls_client_auth' }],
    ['invalid_client_metadata', { ...web, jwks: { keys: [] }, jwks_uri: 'https://app.example/jwks' }],
    ['invalid_client_metadata', { ...web, jwks: { keys: [{ kty: 'EC', d: 'x' }] } }],
    ['invalid_client_metadata', { ...web, jwks: { keys: [{ kty: 'oct', k: 'x' }] } }],
    ['invalid_client_metadata', { ...web, id_token_signed_response_alg: 'none' }],
    ['invalid_client_metadata', { ...web, id_token_encrypted_response_alg: 'RSA-OAEP' }],
    ['invalid_client_metadata', { ...web, client_uri: 'javascript:alert(1)' }],
    ['invalid_client_metadata', { ...web, scope: 'a"b' }],
    ['invalid_client_metadata', { ...web, grant_types: {} }],
    ['invalid_client_metadata', { ...web, default_max_age: 'old' }],
    ['invalid_client_metadata', { ...web, 'client_name#fr': ['Appli'] }],
    ['invalid_client_metadata', { ...web, 'logo_uri#fr': 'javascript:alert(1)' }],
    ['invalid_client_metadata', { ...web, token_endpoint_auth_method: 'none', grant_types: [exchange] }],
    // RFC 7591 5: nobody gives themselves tokens of a scope that they name themselves.
    ['invalid_client_metadata', { grant_types: ['client_credentials'], response_types: [], scope: 'admin' }],
    ['invalid_client_metadata', { ...web, grant_types: ['authorization_code', exchange] }],
    ['invalid_client_metadata', { ...web, jwks_uri: 'http://app.example/jwks' }],
    ['invalid_client_metadata', { ...web, initiate_login_uri: 'http://app.example/login' }],
    ['invalid_client_metadata', { ...web, backchannel_logout_uri: 'http://127.0.0.1/out' }],
    ['invalid_client_metadata', { ...web, backchannel_logout_uri: 'https://app.example/out#x' }],
    ['invalid_client_metadata', { ...web, frontchannel_logout_uri: 'https://elsewhere.example/out' }],
    ['invalid_client_metadata', { ...web, backchannel_client_notification_endpoint: 'http://169.254.169.254/' }],
    ['invalid_client_metadata', { ...web, backchannel_token_delivery_mode: 'push' }],
    ['invalid_client_metadata', { ...web, backchannel_token_delivery_mode: 'ping' }],
    ['invalid_client_metadata', { ...web, subject_type: 'pairwise' }],
    ['invalid_client_metadata', { ...web, sector_identifier_uri: 'https://victim.example/sector.json' }],
    ['invalid_client_metadata', { ...web, request_object_signing_alg: 'none' }],
    ['invalid_client_metadata', { ...web, request_object_signing_alg: 'HS256' }],
    ['invalid_client_metadata', { ...web, request_object_encryption_alg: 'RSA-OAEP' }],
    ['invalid_client_metadata', { ...web, token_endpoint_auth_signing_alg: 'none' }],
    ['invalid_client_metadata', { ...web, backchannel_authentication_request_signing_alg: 'RS256' }],
    ['invalid_client_metadata', { ...web, default_max_age: -1 }],
    ['unapproved_software_statement', { ...web, software_statement: 'x.y.z' }],
  ])('says %s for %j', async (error, metadata) => {
    expect(await refusal(metadata)).toBe(error)
  })

  it('takes addresses of the client’s own, and http for development alone', async () => {
    const own = {
      ...web,
      frontchannel_logout_uri: 'https://app.example/out?x=1',
      backchannel_logout_uri: 'https://elsewhere.example/out',
      client_uri: 'http://app.example',
      backchannel_token_delivery_mode: 'ping',
      backchannel_client_notification_endpoint: 'https://app.example/ping',
    }
    expect(await refusal(own)).toBe('ok')
    const local = { ...web, backchannel_logout_uri: 'http://127.0.0.1:3000/out' }
    expect(await refusal(local, { issuer: 'http://127.0.0.1:4000', httpsRequired: false })).toBe('ok')
  })

  it('takes pairwise subjects where there are any, for the one host of the client', async () => {
    const more = { resolveSubject: (subject: string) => subject }
    const pairwise = { ...web, subject_type: 'pairwise' }
    expect(await refusal(pairwise, more)).toBe('ok')
    expect(await refusal({ ...web, subject_type: 'secret' }, more)).toBe('invalid_client_metadata')
    const two = { ...pairwise, redirect_uris: ['https://app.example/cb', 'https://other.example/cb'] }
    expect(await refusal(two, more)).toBe('invalid_client_metadata')
  })

  it('takes a private-use scheme and loopback of a native application', async () => {
    const native = { redirect_uris: ['com.example.app:/cb', 'http://127.0.0.1/cb'], application_type: 'native' }
    expect(await refusal({ ...native, token_endpoint_auth_method: 'none' })).toBe('ok')
  })

  it('never lets a client choose its own id or secret', async () => {
    const client = await register(await start(), { ...web, client_id: 'root', client_secret: 'mine' })
    expect(client.client_id).not.toBe('root')
    expect(client.client_secret).not.toBe('mine')
  })

  it('keeps registered metadata alone: nobody gives themselves a member of the host', async () => {
    const client = await register(await start(), {
      ...web,
      trusted: true,
      'client_name#fr': 'Appli',
      'redirect_uris#fr': ['https://evil.example'],
      'client_name#<b>': 'App',
    })
    for (const name of ['trusted', 'redirect_uris#fr', 'client_name#<b>'])
      expect(Object.keys(client)).not.toContain(name)
    expect(client).toHaveProperty('client_name#fr', 'Appli')
  })

  it('asks the host, and is off unless configured', async () => {
    expect(await refusal(web, { authorizeRegistration: () => undefined })).toBe('invalid_token')
    expect(await refusal(web, { registration: false })).toBe('invalid_request')
  })

  it('tells the host whether a client is new or changes itself', async () => {
    const told: (string | undefined)[] = []
    const rig = await start({
      authorizeRegistration: ({ metadata, clientId }) => {
        told.push(clientId)
        return metadata
      },
    })
    const client = await register(rig)
    const metadata = { ...web, client_id: client.client_id }
    await handleClientUpdateRequest(rig.config, { ...manage(client), metadata }, options)
    expect(told).toEqual([undefined, client.client_id])
  })
})

describe('management of a registration', () => {
  it('reads, replaces and deletes by the registration token', async () => {
    const rig = await start()
    const client = await register(rig)
    const read = await handleClientReadRequest(rig.config, manage(client), options)
    expect(read.ok && read.response).toMatchObject({ client_name: 'App', client_id: client.client_id })
    const metadata = {
      ...web,
      client_name: 'Renamed',
      client_id: client.client_id,
      client_secret: client.client_secret,
    }
    const updated = await handleClientUpdateRequest(rig.config, { ...manage(client), metadata }, options)
    expect(updated.ok && updated.response.client_name).toBe('Renamed')
    expect((await handleClientDeleteRequest(rig.config, manage(client))).ok).toBe(true)
    expect((await handleClientReadRequest(rig.config, manage(client), options)).ok).toBe(false)
  })

  it('makes unknown client and wrong token read alike', async () => {
    const rig = await start()
    const client = await register(rig)
    const wrong = await handleClientReadRequest(rig.config, { ...manage(client), accessToken: 'x' }, options)
    const unknown = await handleClientReadRequest(rig.config, { ...manage(client), clientId: 'x' }, options)
    const none = await handleClientReadRequest(rig.config, { clientId: client.client_id }, options)
    const errors = [wrong, unknown, none].map((outcome) => !outcome.ok && outcome.error)
    expect(errors[0]).toMatchObject({ error: 'invalid_token', status: 401 })
    expect(errors[1]).toEqual(errors[0])
    expect(errors[2]).toEqual(errors[0])
  })

  it.each([
    ['another client_id', { client_id: 'other' }],
    ['another secret', { client_secret: 'other' }],
    ['a member that only the server sets', { registration_access_token: 'x' }],
  ])('refuses an update with %s', async (_name, change) => {
    const rig = await start()
    const client = await register(rig)
    const metadata = { ...web, client_id: client.client_id, ...change }
    const outcome = await handleClientUpdateRequest(rig.config, { ...manage(client), metadata }, options)
    expect(!outcome.ok && outcome.error.error).toBe('invalid_request')
  })

  it('keeps the secret of a client that still needs one, and gives one to a client that comes to', async () => {
    const rig = await start()
    const client = await register(rig, { ...web, token_endpoint_auth_method: 'none' })
    const metadata = { ...web, client_id: client.client_id }
    const first = await handleClientUpdateRequest(rig.config, { ...manage(client), metadata }, options)
    expect(first.ok && first.response.client_secret).toBeTypeOf('string')
    const second = await handleClientUpdateRequest(rig.config, { ...manage(client), metadata }, options)
    expect(second.ok && second.response.client_secret).toBeUndefined()
  })
})
