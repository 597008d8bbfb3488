import { describe, expect, it } from 'vitest'
import type { ServerFaults } from '../support/atproto/fake-authorization-server.ts'
import { alice, issuer, pds, plc } from '../support/atproto/fake-network.ts'
import { aRig } from './rig.ts'

const mallory = 'did:plc:z72i7hdynmk6r22z27h6tvur'
const nothingLeft = ({ network }: Awaited<ReturnType<typeof aRig>>) =>
  network.server.accessTokens.size + network.server.refreshTokens.size

/** A login that is begun honestly and meets these faults at its end. */
async function ending(faults: ServerFaults, identifier = alice.handle) {
  const rig = await aRig()
  const url = await rig.client.createAuthorizationUrl(identifier)
  Object.assign(rig.network.server.faults, faults)
  const outcome = await rig.client.handleCallback(rig.network.server.login(url)).catch((error: unknown) => error)
  return { rig, outcome }
}

describe('an authorization server that speaks for others’ accounts', () => {
  it('is refused with a sub of an account that has another server, and the tokens are revoked', async () => {
    const { rig } = await ending({})
    rig.network.set(`${plc}/${mallory}`, {
      id: mallory,
      service: [
        { id: '#atproto_pds', type: 'AtprotoPersonalDataServer', serviceEndpoint: 'https://pds.elsewhere.dev' },
      ],
    })
    rig.network.set('https://pds.elsewhere.dev/.well-known/oauth-protected-resource', {
      resource: 'https://pds.elsewhere.dev',
      authorization_servers: ['https://auth.elsewhere.dev'],
    })
    const url = await rig.client.createAuthorizationUrl(pds)
    rig.network.server.faults.tokens = { sub: mallory }
    const before = nothingLeft(rig)
    await expect(rig.client.handleCallback(rig.network.server.login(url))).rejects.toMatchObject({
      code: 'issuer_mismatch',
      expected: 'https://auth.elsewhere.dev',
      actual: issuer,
    })
    expect(nothingLeft(rig)).toBe(before)
    expect(await rig.client.sessions.findByDid(mallory)).toEqual([])
  })

  it('is refused with a sub of another account than the login was begun for', async () => {
    const { rig, outcome } = await ending({ tokens: { sub: mallory } })
    expect(outcome).toMatchObject({ code: 'account_mismatch', expected: alice.did, actual: mallory })
    expect(nothingLeft(rig)).toBe(0)
  })

  it('is refused when the account moves away between beginning and end', async () => {
    const rig = await aRig()
    const url = await rig.client.createAuthorizationUrl(alice.handle)
    rig.network.set(`${pds}/.well-known/oauth-protected-resource`, {
      resource: pds,
      authorization_servers: ['https://auth.elsewhere.dev'],
    })
    await expect(rig.client.handleCallback(rig.network.server.login(url))).rejects.toMatchObject({
      code: 'issuer_mismatch',
    })
    expect(nothingLeft(rig)).toBe(0)
  })

  it('is refused where nothing can be looked up at the end', async () => {
    const rig = await aRig()
    const url = await rig.client.createAuthorizationUrl(alice.handle)
    rig.network.down('plc.directory')
    await expect(rig.client.handleCallback(rig.network.server.login(url))).rejects.toMatchObject({
      code: 'network_error',
    })
    expect(nothingLeft(rig)).toBe(0)
  })
})

describe('a token response', () => {
  it.each([
    ['without sub', { sub: undefined }, 'invalid_did'],
    ['with a sub that is no DID', { sub: 'alice' }, 'invalid_did'],
    [
      'with a sub of another method',
      { sub: 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK' },
      'invalid_did_type',
    ],
    ['with a sub that is no text', { sub: 42 }, 'invalid_did'],
    ['without scope', { scope: undefined }, 'invalid_token_response'],
    ['without the scope atproto', { scope: 'transition:generic' }, 'invalid_permission'],
    ['with a scope that only looks like atproto', { scope: 'atproto2 transition:generic' }, 'invalid_permission'],
    ['with a Bearer token', { token_type: 'Bearer' }, 'token_type_mismatch'],
    ['without token_type', { token_type: undefined }, 'invalid_body'],
  ])('%s is refused', async (_, tokens, code) => {
    const { outcome, rig } = await ending({ tokens })
    expect(outcome).toMatchObject({ code })
    expect(await rig.client.sessions.findByDid(alice.did)).toEqual([])
  })
})

describe('a server without nonces', () => {
  it('is refused at the pushed request, at the token endpoint and at the PDS', async () => {
    const rig = await aRig()
    rig.network.server.faults.noNonces = true
    await expect(rig.client.createAuthorizationUrl(alice.handle)).rejects.toMatchObject({ code: 'missing_dpop_nonce' })
    rig.network.server.faults.noNonces = false
    const { outcome } = await ending({ noNonces: true })
    expect(outcome).toMatchObject({ code: 'missing_dpop_nonce' })
    const session = await rig.logIn()
    rig.network.set(`${pds}/xrpc/com.example.ping`, { fine: true })
    await expect(session.fetch('/xrpc/com.example.ping')).rejects.toMatchObject({ code: 'missing_dpop_nonce' })
  })

  it.each([429, 500, 502, 503])('is not meant by a %i of whatever stands before it', async (status) => {
    const rig = await aRig()
    const session = await rig.logIn()
    rig.network.set(`${pds}/xrpc/com.example.ping`, () => new Response('busy', { status }))
    expect((await session.fetch('/xrpc/com.example.ping')).status).toBe(status)
  })
})

describe('a handle', () => {
  it('that the DID does not name is refused', async () => {
    const { client, network } = await aRig()
    network.set(`${plc}/${alice.did}`, network.document({ alsoKnownAs: ['at://bob.hoster.dev'] }))
    await expect(client.createAuthorizationUrl(alice.handle)).rejects.toMatchObject({
      code: 'handle_mismatch',
      expected: alice.handle,
      actual: 'bob.hoster.dev',
    })
  })

  it('that decides a login is asked anew after less than ten minutes', async () => {
    const { client, network, clock } = await aRig()
    await client.createAuthorizationUrl(alice.handle)
    clock.advance(9 * 60_000 + 59_000)
    const moved = 'https://pds.elsewhere.dev'
    network.set(
      `${plc}/${alice.did}`,
      network.document({
        service: [{ id: '#atproto_pds', type: 'AtprotoPersonalDataServer', serviceEndpoint: moved }],
      }),
    )
    await expect(client.createAuthorizationUrl(alice.handle)).rejects.toMatchObject({ status: 404 })
    expect(network.sentTo(`${moved}/.well-known/oauth-protected-resource`)).toHaveLength(1)
  })
})

describe('private addresses', () => {
  it.each([
    ['a handle', 'intranet.local', 'invalid_handle'],
    ['a PDS', 'https://10.0.0.1', 'address_not_allowed'],
    ['a PDS by a name without a dot', 'https://intranet', 'address_not_allowed'],
    ['a PDS on this machine', 'https://127.0.0.1', 'address_not_allowed'],
    ['a metadata service', 'https://169.254.169.254', 'address_not_allowed'],
    ['plain http', 'http://pds.hoster.dev', 'invalid_pds'],
  ])('%s: %s leads nowhere', async (_, identifier, code) => {
    // Without a fetch of its own the client screens; nothing is sent.
    const { client } = await aRig()
    const { createAtprotoClient } = await import('../../src/atproto/index.ts')
    const screened = createAtprotoClient({ baseUrl: 'https://app.hoster.dev', resolveTxt: async () => [] })
    await expect(screened.createAuthorizationUrl(identifier)).rejects.toMatchObject({ code })
    expect(client.clientId).toBe(screened.clientId)
  })

  it('named by a DID document or a PDS are refused as well', async () => {
    const { client, network } = await aRig()
    const service = (serviceEndpoint: string) => [
      { id: '#atproto_pds', type: 'AtprotoPersonalDataServer', serviceEndpoint },
    ]
    network.set(`${plc}/${alice.did}`, network.document({ service: service('http://127.0.0.1:2583') }))
    await expect(client.createAuthorizationUrl(alice.did)).rejects.toMatchObject({ code: 'invalid_pds' })
  })
})

describe('documents without measure', () => {
  const flood = () => new Response('x'.repeat(3 * 1024 * 1024), { headers: { 'content-type': 'application/json' } })

  it.each([
    ['of the directory', `${plc}/${alice.did}`],
    ['of the PDS', `${pds}/.well-known/oauth-protected-resource`],
    ['of the authorization server', `${issuer}/.well-known/oauth-authorization-server`],
    ['of a token endpoint', `${issuer}/oauth/par`],
  ])('%s are not read to their end', async (_, url) => {
    const { client, network } = await aRig()
    network.set(url, () => {
      const response = flood()
      response.headers.set('dpop-nonce', 'n')
      return response
    })
    await expect(client.createAuthorizationUrl(alice.did)).rejects.toMatchObject({ code: 'body_too_large' })
  })

  it('of a handle’s host are as good as none', async () => {
    const { client, network } = await aRig()
    network.txt.clear()
    network.set(`https://${alice.handle}/.well-known/atproto-did`, flood)
    await expect(client.createAuthorizationUrl(alice.handle)).rejects.toMatchObject({
      code: 'handle_not_found',
      cause: { code: 'body_too_large' },
    })
  })
})
