import { describe, expect, it } from 'vitest'
import { handlePushedAuthorizationRequest, validateAuthorizationRequest } from '../../src/server/index.ts'
import { goodRequest, startAuthorization } from './authorization-rig.ts'
import { basic, issuer, type Rig, secretOf } from './rig.ts'

describe('pushed requests', () => {
  const push = async (rig: Rig, params: Record<string, string> = goodRequest, more: object = {}) =>
    handlePushedAuthorizationRequest(rig.config, {
      method: 'POST',
      url: `${issuer}/par`,
      params,
      headers: { authorization: basic('web', secretOf('web')), ...more },
    })

  it('are good once, for their client, for 90 seconds', async () => {
    const rig = await startAuthorization()
    const pushed = await push(rig)
    if (!pushed.ok) throw new Error(pushed.error.error)
    expect(pushed.response.expires_in).toBe(90)
    const { request_uri } = pushed.response
    expect(request_uri).toMatch(/^urn:ietf:params:oauth:request_uri:/)
    const take = (client_id: string) => validateAuthorizationRequest(rig.config, { params: { client_id, request_uri } })
    expect((await take('other')).ok).toBe(false)
    const taken = await take('web')
    expect(taken.ok && taken.request.scope).toEqual(['openid', 'read'])
    const again = await take('web')
    expect(!again.ok && again.error.error).toBe('invalid_request_uri')
    const late = await push(rig)
    rig.clock.advance(90)
    const params = { client_id: 'web', request_uri: late.ok ? late.response.request_uri : '' }
    expect((await validateAuthorizationRequest(rig.config, { params })).ok).toBe(false)
  })

  it('are taken from a public client by its id alone', async () => {
    const rig = await startAuthorization({ token_endpoint_auth_method: 'none' })
    const params = { ...goodRequest, client_id: 'spa' }
    const outcome = await handlePushedAuthorizationRequest(rig.config, { method: 'POST', url: `${issuer}/par`, params })
    expect(outcome.ok && outcome.response.request_uri).toMatch(/^urn:/)
    const { client_id: _, ...nameless } = params
    const asked = { method: 'POST', url: `${issuer}/par`, params: nameless }
    const refused = await handlePushedAuthorizationRequest(rig.config, asked)
    expect(!refused.ok && refused.error.error).toBe('invalid_client')
  })

  it('are judged when they are pushed', async () => {
    const rig = await startAuthorization()
    for (const [error, params] of [
      ['invalid_request', { request_uri: 'urn:x' }],
      ['invalid_request', { redirect_uri: 'https://evil.example' }],
      ['invalid_request', { code_challenge_method: 'plain' }],
    ] as const) {
      const outcome = await push(rig, { ...goodRequest, ...params })
      expect(!outcome.ok && outcome.error.error).toBe(error)
      expect(outcome.events.map((event) => event.name)).toEqual(['authorization_denied'])
    }
  })

  it('take the key of a proof for the code', async () => {
    const rig = await startAuthorization()
    const dpop = await rig.proof(rig.key, { url: `${issuer}/par` })
    const pushed = await push(rig, goodRequest, { dpop })
    const params = { client_id: 'web', request_uri: pushed.ok ? pushed.response.request_uri : '' }
    const taken = await validateAuthorizationRequest(rig.config, { params })
    expect(taken.ok && taken.request.dpopJkt).toBe(rig.key.thumbprint)
    const other = await push(
      rig,
      { ...goodRequest, dpop_jkt: 'x'.repeat(43) },
      { dpop: await rig.proof(rig.key, { url: `${issuer}/par` }) },
    )
    expect(!other.ok && other.error.error).toBe('invalid_request')
  })
})
