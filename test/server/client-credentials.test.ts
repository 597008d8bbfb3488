import { describe, expect, it } from 'vitest'
import { claimsOf, createRig, issuer, refusalOf, tokensOf } from './rig.ts'

const params = { grant_type: 'client_credentials' }

describe('client_credentials', () => {
  it('is for the client itself, with its registered scope, and never a refresh token', async () => {
    const rig = await createRig({ issueRefreshToken: () => true })
    const outcome = await rig.token(params)
    const tokens = tokensOf(outcome)
    expect(claimsOf(tokens.access_token)).toMatchObject({ sub: 'web', client_id: 'web', aud: issuer })
    expect(claimsOf(tokens.access_token)).not.toHaveProperty('auth_time')
    expect(tokens.scope).toBe('api read write')
    expect(tokens.refresh_token).toBeUndefined()
    expect(outcome.events.map((event) => event.name)).toEqual(['token_issued'])
    expect(outcome.events[0]).toMatchObject({
      subject: 'web',
      clientId: 'web',
      scope: 'api read write',
      grantType: 'client_credentials',
      result: 'success',
      metadata: { clientIp: '192.0.2.1', tokenType: 'Bearer', senderConstraint: 'none' },
    })
  })

  it('refuses a scope beyond the registered one, openid and offline_access', async () => {
    const rig = await createRig()
    for (const scope of ['admin', 'openid', 'offline_access', 'api"']) {
      expect(refusalOf(await rig.token({ ...params, scope }))).toMatch(/^invalid_scope/)
    }
    expect(tokensOf(await rig.token({ ...params, scope: 'read' })).scope).toBe('read')
  })

  it('serves configured resources and those of the client, nothing else', async () => {
    const rig = await createRig({
      resources: ['https://a.example'],
      clientResources: ({ clientId }) => (clientId === 'web' ? ['https://b.example'] : []),
    })
    const resource = ['https://a.example', 'https://b.example']
    expect(claimsOf(tokensOf(await rig.token({ ...params, resource })).access_token).aud).toEqual(resource)
    expect(refusalOf(await rig.token({ ...params, resource }, { client: 'other' }))).toBe(
      'invalid_target: resource not served',
    )
  })

  it('is refused to public clients and to clients that did not register it', async () => {
    const rig = await createRig()
    expect(refusalOf(await rig.token(params, { client: 'spa' }))).toBe(
      'unauthorized_client: grant for confidential clients',
    )
    expect(refusalOf(await rig.token(params, { client: 'plain' }))).toBe('unauthorized_client: grant not registered')
  })

  it('works without any store where nothing is kept', async () => {
    const { createTokenEndpointConfig, handleTokenRequest } = await import('../../src/server/index.ts')
    const rig = await createRig()
    const { store: _, ...options } = { ...(await import('./rig.ts').then((m) => m.baseOptions(rig.clock, rig.store))) }
    const config = createTokenEndpointConfig({ ...options, dpop: false, grants: ['client_credentials'] })
    expect(tokensOf(await handleTokenRequest(config, await rig.request(params)))).toBeDefined()
  })

  it('puts the claims and the kind of the principal into the token, and fails on a reserved one or an unknown kind', async () => {
    const rig = await createRig({ buildPrincipal: () => ({ kind: 'client', claims: { tenant: 't1' } }) })
    expect(claimsOf(tokensOf(await rig.token(params)).access_token)).toMatchObject({
      tenant: 't1',
      principal_kind: 'client',
    })
    const reserved = await createRig({ buildPrincipal: () => ({ kind: 'client', claims: { sub: 'root' } }) })
    expect(refusalOf(await reserved.token(params))).toBe('server_error: buildPrincipal gave a reserved claim')
    const unknown = await createRig({ buildPrincipal: () => ({ kind: 'robot' as never }) })
    expect(refusalOf(await unknown.token(params))).toBe('server_error: buildPrincipal gave an unknown kind')
  })

  it('lets the host shorten the lifetime, never lengthen it', async () => {
    const short = await createRig({ buildPrincipal: () => ({ kind: 'client', accessTokenLifetime: 60 }) })
    expect(tokensOf(await short.token(params)).expires_in).toBe(60)
    const long = await createRig({ buildPrincipal: () => ({ kind: 'client', accessTokenLifetime: 9_000 }) })
    expect(tokensOf(await long.token(params)).expires_in).toBe(900)
  })
})
