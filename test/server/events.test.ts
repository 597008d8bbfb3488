import { describe, expect, it } from 'vitest'
import { createEndpointError } from '../../src/server/errors.ts'
import { createEvent, endpointErrorStatus } from '../../src/server/index.ts'
import { codeParams, createRig, refreshParams, tokensOf } from './rig.ts'

describe('events', () => {
  it('throw for a name or a key that is not of the closed set', () => {
    expect(() => createEvent('token_stolen' as never)).toThrow(TypeError)
    expect(() => createEvent('token_issued', { metadata: { reason: 'x' } })).toThrow(/unknown metadata key "reason"/)
    expect(() => createEvent('token_issued', { metadata: { token: 'x' } as never })).toThrow(/unknown metadata key/)
    expect(() => createEvent('token_issued', { code: 'x' } as never)).toThrow(/unknown field "code"/)
  })

  it('hold no secret, whatever the outcome', async () => {
    const rig = await createRig()
    const code = await rig.code()
    const first = await rig.token(codeParams(code))
    const tokens = tokensOf(first)
    const outcomes = [
      first,
      await rig.token(codeParams(code)),
      await rig.token(refreshParams(tokens.refresh_token)),
      await rig.token({ grant_type: 'client_credentials', scope: 'echo-me' }),
      await rig.token({ grant_type: 'echo-me' }),
    ]
    const text = JSON.stringify(outcomes.map((outcome) => outcome.events))
    const secrets = [code, tokens.access_token!, tokens.refresh_token!, tokens.id_token!, 'secret of', 'echo-me']
    for (const secret of secrets) expect(text).not.toContain(secret)
  })

  it('are returned, never sent: the core knows no sink', async () => {
    const rig = await createRig()
    expect(Object.keys(rig.config).filter((name) => /^on[A-Z]|sink|emit|log/i.test(name))).toEqual([])
  })
})

describe('errors', () => {
  it('come from one table with their status', () => {
    expect(() => createEndpointError('made_up' as never, 'x')).toThrow(TypeError)
    expect(endpointErrorStatus.server_error).toBe(500)
    expect(endpointErrorStatus.temporarily_unavailable).toBe(503)
    expect(endpointErrorStatus.invalid_client).toBe(401)
    expect(endpointErrorStatus.use_dpop_nonce).toBe(400)
  })

  it('never echo the client', async () => {
    const rig = await createRig()
    const outcome = await rig.token({ grant_type: 'client_credentials', scope: '<b>"', resource: 'echo-me' })
    expect(JSON.stringify(!outcome.ok && outcome.error)).not.toMatch(/<b>|echo-me/)
  })

  it('say 503 for a store that fails, and nothing of why', async () => {
    const rig = await createRig()
    const code = await rig.code()
    const failing = await createRig(
      {},
      {
        get: async () => {
          throw new Error('postgres://user:password@host')
        },
        find: async () => [],
        commit: async () => ({ ok: true, versions: {} }),
        sweep: async () => 0,
      },
    )
    const outcome = await failing.token(codeParams(code))
    expect(!outcome.ok && outcome.error).toMatchObject({ error: 'temporarily_unavailable', status: 503 })
    expect(JSON.stringify(outcome)).not.toContain('password')
  })
})
