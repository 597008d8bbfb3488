// The order of the gates: of several things that are wrong, which one is said; and what no callback can change.
import { describe, expect, it } from 'vitest'
import {
  authenticateClient,
  handleBackchannelAuthenticationRequest,
  issueToken,
  supportedGrants,
  type TokenEndpointOptions,
} from '../../src/server/index.ts'
import { grantRequests, startWatched } from './grant-requests.ts'
import { basic, claimsOf, clients, codeParams, createRig, refusalOf, secretOf, tokensOf, tokenUrl } from './rig.ts'

describe('the order of the gates', () => {
  const wrongSecret = { client: null, headers: { authorization: basic('web', 'wrong') } }
  const badProof = { dpop: 'not.a.proof' }
  const cases = [
    ['framing before the client', { grant_type: 'x' }, { ...wrongSecret, url: `${tokenUrl}?x` }, 'invalid_request'],
    ['the client before its grant', { grant_type: 'x' }, wrongSecret, 'invalid_client: wrong secret'],
    ['the client before a missing grant', {}, wrongSecret, 'invalid_client: wrong secret'],
    ['supported before the proof', { grant_type: 'x' }, badProof, 'unsupported_grant_type: unknown grant type'],
    [
      'enabled before what kind of client',
      { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer' },
      { client: 'spa' },
      'unsupported_grant_type: grant type not enabled',
    ],
    [
      'what kind of client before what it registered',
      { grant_type: 'client_credentials' },
      { client: 'bare' },
      'unauthorized_client: grant for confidential clients',
    ],
    [
      'what it registered before the proof',
      { grant_type: 'refresh_token' },
      { client: 'plain', ...badProof },
      'unauthorized_client: grant not registered',
    ],
    ['the proof before the grant', { grant_type: 'refresh_token' }, badProof, 'invalid_dpop_proof'],
  ] as const

  it.each(cases)('is %s', async (_, params, how, expected) => {
    const bare = { token_endpoint_auth_method: 'none' as const }
    const loadClient = (clientId: string) => ({ clientId, metadata: clientId === 'bare' ? bare : clients[clientId]! })
    const rig = await createRig({ loadClient })
    const asBare = 'client' in how && how.client === 'bare'
    const outcome = asBare
      ? await rig.token({ ...params, client_id: 'bare' }, { client: null })
      : await rig.token({ ...params }, how)
    expect(refusalOf(outcome).startsWith(expected)).toBe(true)
    expect(outcome.events.map(({ name }) => name)).toEqual(['token_denied'])
  })
})

describe('the client', () => {
  it('is settled once: no callback can put another in its place', async () => {
    const tampering: Partial<TokenEndpointOptions> = {
      authorizeScope: (context) => {
        expect(Object.isFrozen(context)).toBe(true)
        return context.scope
      },
      loadPrincipal: (subject) => {
        Object.assign(request.client, { clientId: 'other', isPublic: true })
        return { subject }
      },
    }
    const rig = await createRig(tampering)
    const params = codeParams(await rig.code())
    const proven = await authenticateClient(rig.config, await rig.request(params))
    if (!proven.ok) throw new Error('not authenticated')
    const request = { client: { ...proven.client }, params, method: 'POST', url: tokenUrl }
    const tokens = tokensOf(await issueToken(rig.config, request))
    expect(request.client.clientId).toBe('other')
    expect(claimsOf(tokens.access_token).client_id).toBe('web')
    expect(claimsOf(tokens.id_token).aud).toBe('web')
  })

  it('goes by the id that it was asked for under, whatever the record of the host calls it', async () => {
    const rig = await createRig({
      loadClient: (clientId) => ({ clientId: `row of ${clientId}`, metadata: clients[clientId]! }),
      clientId: ({ clientId }) => clientId.replace('row of ', ''),
      verifyClientSecret: (client, secret) => secret === secretOf(client.clientId),
    })
    const tokens = tokensOf(await rig.token({ grant_type: 'client_credentials', scope: 'api' }))
    expect(claimsOf(tokens.access_token)).toMatchObject({ sub: 'web', client_id: 'web' })
  })
})

describe('events of success', () => {
  const withRefresh = ['token_issued', 'refresh_issued']
  const expected: Record<string, readonly string[]> = {
    authorization_code: withRefresh,
    refresh_token: ['refresh_rotated'],
  }

  it.each(supportedGrants)('are exactly those of the page, for %s', async (grant) => {
    const { rig } = await startWatched()
    const outcome = await rig.token(await grantRequests[grant](rig), { dpop: await rig.proof() })
    tokensOf(outcome)
    expect(outcome.events.map(({ name }) => name)).toEqual(expected[grant] ?? ['token_issued'])
    for (const event of outcome.events) {
      expect(event).toMatchObject({ result: 'success', clientId: 'web', grantType: grant })
      expect(Object.keys(event).sort()).toEqual([
        'clientId',
        'grantType',
        'metadata',
        'name',
        'result',
        'scope',
        'subject',
      ])
      expect(event.metadata).toEqual({
        clientIp: '192.0.2.1',
        tokenType: 'DPoP',
        senderConstraint: 'dpop',
        cnf: { jkt: rig.key.thumbprint },
      })
    }
  })

  it.each(supportedGrants)('say what was attempted where %s fails', async (grant) => {
    const { rig } = await startWatched({ loadPrincipal: () => undefined, authorizeScope: () => [] })
    const params = grant === 'refresh_token' ? { grant_type: grant, refresh_token: 'x' } : await requestOf(grant, rig)
    const outcome = await rig.token(params, { dpop: await rig.proof() })
    expect(outcome.ok).toBe(false)
    expect(outcome.events.map(({ name }) => name)).toEqual(['token_denied'])
    const keys = ['clientId', 'clientIp', 'error', 'errorDescription', 'httpStatus', 'reason', 'senderConstraint']
    expect(Object.keys(outcome.events[0]!.metadata).sort()).toEqual(keys)
    expect(outcome.events[0]!.metadata.senderConstraint).toBe('dpop')
  })

  const requestOf = async (
    grant: (typeof supportedGrants)[number],
    rig: Parameters<(typeof grantRequests)['refresh_token']>[0],
  ) => (grant.endsWith('token-exchange') ? { grant_type: grant, subject_token: 'x' } : grantRequests[grant](rig))
})

describe('a missing parameter', () => {
  const required: Record<(typeof supportedGrants)[number], readonly string[]> = {
    authorization_code: ['code', 'code_verifier'],
    refresh_token: ['refresh_token'],
    client_credentials: [],
    'urn:ietf:params:oauth:grant-type:token-exchange': ['subject_token', 'subject_token_type'],
    'urn:ietf:params:oauth:grant-type:device_code': ['device_code'],
    'urn:ietf:params:oauth:grant-type:jwt-bearer': ['assertion'],
    'urn:openid:params:grant-type:ciba': ['auth_req_id'],
    'urn:ietf:params:oauth:grant-type:pre-authorized_code': ['pre-authorized_code', 'tx_code'],
  }

  it.each(supportedGrants)('is named, absent or empty, at %s', async (grant) => {
    const { rig } = await startWatched()
    const right = await grantRequests[grant](rig)
    for (const name of ['grant_type', ...required[grant]]) {
      const { [name]: _, ...rest } = right
      for (const params of [rest, { ...rest, [name]: '' }]) {
        const outcome = await rig.token(params)
        expect(!outcome.ok && outcome.error).toMatchObject({
          error: 'invalid_request',
          errorDescription: `missing ${name}`,
          status: 400,
        })
      }
    }
    tokensOf(await rig.token(right))
  })
})

it('says 403 for a backchannel request that the host denies (CIBA 13)', async () => {
  const { rig } = await startWatched({
    resolveLoginHint: () => ({ error: 'access_denied' }),
    loadClient: (clientId) => {
      const { scope: _, ...metadata } = clients[clientId]!
      return { clientId, metadata }
    },
  })
  const asked = await rig.request({ scope: 'openid', login_hint: 'alice' })
  const outcome = await handleBackchannelAuthenticationRequest(rig.config, asked)
  expect(!outcome.ok && outcome.error).toMatchObject({ error: 'access_denied', status: 403 })
  expect(outcome.events[0]?.metadata.httpStatus).toBe(403)
})
