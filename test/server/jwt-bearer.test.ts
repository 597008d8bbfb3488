import { describe, expect, it } from 'vitest'
import { generateSigningKey } from '#signatures'
import type { SigningKey } from '../../src/lib/signatures/types.ts'
import type { TokenEndpointOptions } from '../../src/server/index.ts'
import { claimsOf, createRig, issuer, refusalOf, signed, tokensOf } from './rig.ts'

const grantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const other = 'https://other.example'

async function start(options: Partial<TokenEndpointOptions> = {}, more: object = {}) {
  const key = await generateSigningKey('ES256')
  const rig = await createRig({
    grants: ['authorization_code', 'refresh_token', grantType],
    resources: ['https://a.example', 'https://b.example'],
    loadAssertionIssuer: (iss) =>
      iss.startsWith(other)
        ? {
            jwks: { keys: [key.publicJwk] } as never,
            scope: ['read', 'write'],
            resources: ['https://a.example'],
            ...more,
          }
        : undefined,
    ...options,
  })
  const now = rig.clock.now() / 1000
  const claims = { iss: other, sub: 'alice', aud: issuer, jti: 'one', iat: now, exp: now + 300 }
  const send = async (change: object = {}, params: object = {}, how: object = {}, by: SigningKey = key) =>
    rig.token({ grant_type: grantType, assertion: await signed(by, {}, { ...claims, ...change }), ...params }, how)
  return { rig, now, send }
}

describe('jwt-bearer', () => {
  it('exchanges an assertion of a trusted issuer, without refresh token', async () => {
    const { send } = await start({ issueRefreshToken: () => true })
    const tokens = tokensOf(await send())
    expect(claimsOf(tokens.access_token)).toMatchObject({ sub: 'alice', client_id: 'web', aud: 'https://a.example' })
    expect(tokens.scope).toBe('read write')
    expect(tokens.refresh_token).toBeUndefined()
  })

  it('takes a jti once for each issuer, and spends it only with the commit', async () => {
    let fails = true
    const { send } = await start({
      authorizeScope: ({ scope }) => {
        if (fails) throw new Error('down')
        return scope
      },
    })
    expect(refusalOf(await send())).toMatch(/^server_error/)
    fails = false
    expect(tokensOf(await send())).toBeDefined()
    expect(refusalOf(await send())).toBe('invalid_grant: replayed grant_assertion')
    expect(tokensOf(await send({ iss: `${other}/2` }))).toBeDefined()
  })

  it.each(['scope', 'resources'])('takes a text for no list of the issuer’s %s', async (member) => {
    const { send } = await start({}, { [member]: 'readonly' })
    expect(refusalOf(await send({}, { scope: 'read' }))).toBe(
      `server_error: loadAssertionIssuer: ${member} gave no list`,
    )
  })

  it('holds scope and resource under the ceilings of the issuer', async () => {
    const { send } = await start()
    expect(refusalOf(await send({}, { scope: 'admin' }))).toMatch(/^invalid_scope/)
    expect(refusalOf(await send({}, { resource: 'https://b.example' }))).toMatch(/^invalid_target/)
    expect(tokensOf(await send({}, { scope: 'read', resource: 'https://a.example' })).scope).toBe('read')
  })

  it('wants the key that the assertion names', async () => {
    const { rig, send } = await start()
    const cnf = { jkt: rig.key.thumbprint }
    expect(refusalOf(await send({ cnf }))).toBe('invalid_grant: key of the assertion not proven')
    expect(refusalOf(await send({ cnf: { kid: 'x' } }))).toBe('invalid_grant: key of the assertion not proven')
    expect(tokensOf(await send({ cnf }, {}, { dpop: await rig.proof() })).token_type).toBe('DPoP')
  })

  it.each([
    ['expired', (now: number) => ({ exp: now })],
    ['living longer than 300 seconds', (now: number) => ({ exp: now + 301 })],
    ['without jti', () => ({ jti: undefined })],
    ['for another server', () => ({ aud: 'https://x.example' })],
    ['of an unknown issuer', () => ({ iss: 'https://unknown.example' })],
    ['about somebody who is gone', () => ({ sub: 'gone' })],
  ])('refuses one that is %s', async (_name, change) => {
    const { now, send } = await start()
    expect(refusalOf(await send(change(now)))).toMatch(/^invalid_grant/)
  })

  it('refuses one by another key, and one from a public client', async () => {
    const { send } = await start()
    expect(refusalOf(await send({}, {}, {}, await generateSigningKey('ES256')))).toBe(
      'invalid_grant: assertion signature does not verify',
    )
    expect(refusalOf(await send({}, {}, { client: 'spa' }))).toMatch(/^unauthorized_client/)
  })
})
