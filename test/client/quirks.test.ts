import { describe, expect, it } from 'vitest'
import { type ClientEvent, createOAuthClient, type OAuthClientOptions } from '../../src/client/index.ts'
import { byPrivateKey, optionsFor } from '../support/hostile/client-options.ts'
import type { HostileProviderOptions } from '../support/hostile-provider.ts'
import { aProvider } from './rig.ts'

async function setUp(provided: HostileProviderOptions, more: Partial<OAuthClientOptions> = {}) {
  const provider = await aProvider({ client: { auth: 'private_key_jwt' }, ...provided })
  const events: ClientEvent[] = []
  const client = createOAuthClient(
    optionsFor(provider, {
      clientAuth: byPrivateKey,
      scope: 'openid profile',
      onEvent: (event) => events.push(event),
      ...more,
    }),
  )
  const quirks = () => events.flatMap((event) => (event.kind === 'quirk' ? [event.quirk] : []))
  const audiences = () =>
    provider.requests.flatMap(({ form }) => {
      const assertion = form.get('client_assertion')
      return assertion ? [JSON.parse(Buffer.from(assertion.split('.')[1]!, 'base64url').toString()).aud] : []
    })
  return { provider, client, quirks, audiences }
}

describe('the quirks of a client', () => {
  it('are refused by an unknown name', async () => {
    await expect(setUp({}, { quirks: ['lenient' as never] })).rejects.toThrow(/"quirks".*known are/)
  })

  it('token-endpoint-audience makes assertions out to the token endpoint, and is reported', async () => {
    const { provider, client, quirks, audiences } = await setUp({}, { quirks: ['token-endpoint-audience'] })
    await client.createAuthorizationUrl().catch(() => {})
    expect(audiences()).toEqual([`${provider.issuer}/token`])
    expect(quirks()).toEqual(['token-endpoint-audience'])
  })

  it('are not in effect unnamed: assertions are made out to the issuer', async () => {
    const { provider, client, quirks, audiences } = await setUp({})
    await client.handleCallback(provider.login(await client.createAuthorizationUrl()))
    expect(new Set(audiences())).toEqual(new Set([provider.issuer]))
    expect(quirks()).toEqual([])
  })

  it('missing-content-type reads what endpoints answer without a type, and is reported', async () => {
    const untyped = { headers: { 'content-type': null } }
    const faults = { answers: { par: untyped, token: untyped, userinfo: untyped } }
    const strict = await setUp({ faults })
    const refusal = { code: 'unexpected_content_type', clause: 'RFC 9126 2.2', actual: 'no content type' }
    await expect(strict.client.createAuthorizationUrl()).rejects.toMatchObject(refusal)
    const loose = await setUp({ faults }, { quirks: ['missing-content-type'] })
    const login = await loose.client.handleCallback(loose.provider.login(await loose.client.createAuthorizationUrl()))
    expect((await loose.client.userInfo(login)).sub).toBe(login.claims!.sub)
    expect(loose.quirks()).toEqual(['missing-content-type', 'missing-content-type', 'missing-content-type'])
  })

  it('missing-content-type is not in effect where a type came, or nothing that needs one', async () => {
    const faults = { answers: { revocation: { headers: { 'content-type': null }, body: '' } } }
    const { provider, client, quirks } = await setUp({ faults }, { quirks: ['missing-content-type'] })
    const { tokens } = await client.handleCallback(provider.login(await client.createAuthorizationUrl()))
    await client.revoke(tokens.accessToken)
    expect(provider.count('revocation')).toBe(1)
    expect(quirks()).toEqual([])
  })

  it('missing-content-type passes no metadata and no page of another type', async () => {
    const untyped = { answers: { discovery: { headers: { 'content-type': null } } } }
    const documents = await setUp({ faults: untyped }, { quirks: ['missing-content-type'] })
    const refusal = { code: 'unexpected_content_type' }
    await expect(documents.client.createAuthorizationUrl()).rejects.toMatchObject(refusal)
    const html = { answers: { par: { headers: { 'content-type': 'text/html' }, body: '{}' } } }
    const page = await setUp({ faults: html }, { quirks: ['missing-content-type'] })
    await expect(page.client.createAuthorizationUrl()).rejects.toMatchObject(refusal)
    expect([...documents.quirks(), ...page.quirks()]).toEqual([])
  })

  it('key-without-kid is reported when a login needs it', async () => {
    const faults = {
      idToken: { header: { kid: undefined as never } },
      jwks: (keys: readonly object[]) => [...keys, { ...keys[0], kid: 'another' }],
    }
    const strict = await setUp({ faults: faults as never })
    const url = await strict.client.createAuthorizationUrl()
    await expect(strict.client.handleCallback(strict.provider.login(url))).rejects.toThrow(/no kid/)
    const loose = await setUp({ faults: faults as never }, { quirks: ['key-without-kid'] })
    await loose.client.handleCallback(loose.provider.login(await loose.client.createAuthorizationUrl()))
    expect(loose.quirks()).toEqual(['key-without-kid'])
  })
})
