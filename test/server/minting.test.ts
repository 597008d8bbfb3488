import { createLocalJWKSet, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { generateSigningKey } from '#signatures'
import { hashToken } from '../../src/protocol/token-hash.ts'
import { createServerKeys } from '../../src/server/index.ts'
import { createSeal } from '../../src/server/secrets.ts'
import { clients, codeParams, createRig, issuer, refusalOf, tokensOf } from './rig.ts'

describe('minted tokens', () => {
  it.each(['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const)(
    'hold against an independent verifier by %s',
    async (alg) => {
      const rig = await createRig({
        keys: await createServerKeys([await generateSigningKey(alg)]),
        accessTokens: { alg },
        loadClient: (clientId) => ({ clientId, metadata: { ...clients.web, id_token_signed_response_alg: alg } }),
      })
      const code = await rig.code({ nonce: 'n' })
      const tokens = tokensOf(await rig.token(codeParams(code)))
      const keys = createLocalJWKSet(rig.config.keys.jwks() as never)
      const currentDate = new Date(rig.clock.now())
      const access = await jwtVerify(tokens.access_token!, keys, {
        issuer,
        audience: issuer,
        typ: 'at+jwt',
        currentDate,
      })
      expect(access.payload).toMatchObject({ sub: 'alice', client_id: 'web' })
      const id = await jwtVerify(tokens.id_token!, keys, { issuer, audience: 'web', currentDate })
      expect(id.payload).toMatchObject({
        nonce: 'n',
        at_hash: await hashToken(tokens.access_token!, alg),
        c_hash: await hashToken(code, alg),
      })
    },
  )

  it('signs id_tokens by the algorithm that the client registered, else RS256', async () => {
    const rig = await createRig({
      loadClient: (clientId) => ({
        clientId,
        metadata: { ...clients.web, ...(clientId === 'web' && { id_token_signed_response_alg: 'ES256' }) },
      }),
    })
    const algOf = async (clientId: string) => {
      const tokens = tokensOf(await rig.token(codeParams(await rig.code({ clientId })), { client: clientId }))
      return (JSON.parse(atob(tokens.id_token!.split('.')[0]!)) as { alg: string }).alg
    }
    expect(await algOf('web')).toBe('ES256')
    expect(await algOf('other')).toBe('RS256')
  })

  it('never lets the host write a reserved claim of an id_token, and gives each client its own subject', async () => {
    const rig = await createRig({
      buildIdTokenClaims: () => ({ sub: 'mallory', nonce: 'x', at_hash: 'x', name: 'Alice' }),
      resolveSubject: (subject, { clientId }) => `${subject}@${clientId}`,
    })
    const tokens = tokensOf(await rig.token(codeParams(await rig.code())))
    const keys = createLocalJWKSet(rig.config.keys.jwks() as never)
    const { payload } = await jwtVerify(tokens.id_token!, keys, { currentDate: new Date(rig.clock.now()) })
    expect(payload).toMatchObject({ sub: 'alice@web', name: 'Alice' })
    expect(payload).not.toHaveProperty('nonce')
    expect(payload.at_hash).not.toBe('x')
  })

  it('gives the authorization details that were granted, and a part of them where that is asked for', async () => {
    const rig = await createRig({ authorizationDetailsTypes: ['pay'] })
    const details = [
      { type: 'pay', actions: ['read'] },
      { type: 'pay', actions: ['write'] },
    ]
    const redeem = async (asked?: object[]) =>
      rig.token({
        ...codeParams(await rig.code({ authorizationDetails: details })),
        ...(asked && { authorization_details: JSON.stringify(asked) }),
      })
    expect(tokensOf(await redeem()).authorization_details).toEqual(details)
    expect(tokensOf(await redeem([{ actions: ['write'], type: 'pay' }])).authorization_details).toEqual([details[1]])
    for (const more of [{ actions: ['admin'] }, { actions: ['read'] }]) {
      // One payment that was granted is not two.
      const beyond = await redeem([details[0]!, { type: 'pay', ...more }])
      expect(refusalOf(beyond)).toBe('invalid_authorization_details: details beyond the grant')
    }
  })

  it('takes nothing but a list of details from the host', async () => {
    const rig = await createRig({ authorizationDetailsTypes: ['pay'], authorizeDetails: () => undefined as never })
    const code = codeParams(await rig.code({ authorizationDetails: [{ type: 'pay' }] }))
    expect(refusalOf(await rig.token(code))).toBe('server_error: authorizeDetails gave no list')
  })
})

describe('sealed successors', () => {
  const runtime = { now: () => 0, randomBytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) }
  const seal = createSeal(new Uint8Array(32).fill(1), runtime)

  it('open under the same key and context', async () => {
    expect(await seal.open(await seal.close('text', 'parent'), 'parent')).toBe('text')
  })

  it('do not open under another key, in another context, or tampered with', async () => {
    const sealed = await seal.close('text', 'parent')
    expect(await createSeal(new Uint8Array(32).fill(2), runtime).open(sealed, 'parent')).toBeUndefined()
    expect(await seal.open(sealed, 'another')).toBeUndefined()
    const flipped = `${sealed.slice(0, -4)}${sealed.at(-4) === 'A' ? 'B' : 'A'}${sealed.slice(-3)}`
    expect(await seal.open(flipped, 'parent')).toBeUndefined()
    expect(await seal.open('nonsense', 'parent')).toBeUndefined()
  })
})
