// What the token endpoint promises of concurrent requests, run for each record store: memory, Redis, PostgreSQL.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { generateSigningKey } from '#signatures'
import type { RecordStore } from '../../src/lib/record-store.ts'
import { privateKeyJwt } from '../../src/protocol/client-assertion.ts'
import {
  createServerKeys,
  handleRevocationRequest,
  handleTokenRequest,
  type RegisteredClient,
  type TokenEndpointOptions,
  type TokenOutcome,
} from '../../src/server/index.ts'
import {
  basic,
  type Clock,
  clients,
  codeParams,
  createRig,
  issuer,
  type Rig,
  refreshParams,
  refusalOf,
  sealKey,
  secretOf,
  tokensOf,
} from '../server/rig.ts'

export interface ConcurrencyStore {
  /** Should yield between read and write, as every store over a network does. */
  readonly store: RecordStore
  /** What the store takes for its clock, if it looks at one; the server looks at it, too. */
  readonly clock: Clock
  readonly close?: () => Promise<void>
}

const many = 100
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

export function describeTokenEndpointConcurrency(
  name: string,
  open: () => ConcurrencyStore | Promise<ConcurrencyStore>,
  options: Partial<TokenEndpointOptions> = {},
): void {
  describe(`token endpoint under concurrency: ${name}`, () => {
    let context: ConcurrencyStore
    let rig: Rig
    const start = (more: Partial<TokenEndpointOptions> = {}) =>
      createRig({ runtime: context.clock, ...options, ...more }, context.store)
    beforeEach(async () => {
      context = await open()
      rig = await start({ refreshTokens: { sealKey } })
    })
    afterEach(() => context.close?.())

    const login = async (on: Rig = rig) => tokensOf(await on.token(codeParams(await on.code())))
    const revoke = async (token: string) =>
      handleRevocationRequest(rig.config, {
        method: 'POST',
        url: `${issuer}/revoke`,
        params: { token },
        headers: { authorization: basic('web', secretOf('web')) },
      })
    const winners = (outcomes: readonly TokenOutcome[]) => outcomes.filter((outcome) => outcome.ok)

    it('gives one success to a hundred parallel redemptions of one code', async () => {
      const code = await rig.code()
      const outcomes = await Promise.all(Array.from({ length: many }, () => rig.token(codeParams(code))))
      expect(winners(outcomes).length).toBeLessThanOrEqual(1)
      const reasons = new Set(outcomes.filter((outcome) => !outcome.ok).map(refusalOf))
      for (const reason of reasons) {
        expect(['invalid_grant: lost the race', 'invalid_grant: code used before']).toContain(reason)
      }
      expect(winners(outcomes)).toHaveLength(1)
    })

    it('gives one successor to a hundred parallel rotations', async () => {
      const { refresh_token: token } = await login()
      const outcomes = await Promise.all(Array.from({ length: many }, () => rig.token(refreshParams(token))))
      const successors = new Set(winners(outcomes).map((outcome) => tokensOf(outcome).refresh_token))
      expect(successors.size).toBe(1)
      expect(tokensOf(await rig.token(refreshParams([...successors][0])))).toBeDefined()
    })

    it('gives one successor to a hundred parallel rotations without grace, and never two', async () => {
      const strict = await start({ refreshTokens: { grace: 0 } })
      const { refresh_token: token } = await login(strict)
      const outcomes = await Promise.all(Array.from({ length: many }, () => strict.token(refreshParams(token))))
      expect(winners(outcomes)).toHaveLength(1)
    })

    it('takes one of many uses of the same proof', async () => {
      const dpop = await rig.proof()
      const codes = await Promise.all(Array.from({ length: 20 }, () => rig.code()))
      const outcomes = await Promise.all(codes.map((code) => rig.token(codeParams(code), { dpop })))
      expect(winners(outcomes)).toHaveLength(1)
      const retried = await Promise.all(
        codes.map(async (code, i) =>
          outcomes[i]!.ok ? undefined : rig.token(codeParams(code), { dpop: await rig.proof() }),
        ),
      )
      for (const outcome of retried) if (outcome) expect(tokensOf(outcome)).toBeDefined()
    })

    it('takes one of many uses of the same client assertion', async () => {
      const key = await generateSigningKey('ES256')
      const jwt: RegisteredClient = {
        clientId: 'jwt',
        metadata: { ...clients.web, token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [key.publicJwk] } },
      }
      const signing = await start({
        keys: await createServerKeys([await generateSigningKey('ES256')], { runtime: context.clock }),
        loadClient: () => jwt,
      })
      const { parameters } = await privateKeyJwt(key).authenticate({ clientId: 'jwt', issuer, runtime: context.clock })
      expect(parameters?.client_assertion_type).toBe(assertionType)
      const request = {
        method: 'POST',
        url: `${issuer}/token`,
        params: { grant_type: 'client_credentials', ...parameters },
      }
      const outcomes = await Promise.all(Array.from({ length: 20 }, () => handleTokenRequest(signing.config, request)))
      expect(winners(outcomes)).toHaveLength(1)
      for (const outcome of outcomes) {
        if (!outcome.ok) expect(refusalOf(outcome)).toBe('invalid_client: replayed client_assertion')
      }
    })

    it('lets nothing live that came of a refresh beside a revocation', async () => {
      for (let i = 0; i < 10; i++) {
        const tokens = await login()
        const [refreshed] = await Promise.all([
          rig.token(refreshParams(tokens.refresh_token)),
          revoke(tokens.refresh_token!),
        ])
        const left = refreshed.ok ? tokensOf(refreshed).refresh_token : tokens.refresh_token
        expect(refusalOf(await rig.token(refreshParams(left)))).toMatch(
          /^invalid_grant: (family revoked|refresh token)/,
        )
      }
    })

    it('lets nothing live that came of a refresh beside a replay of its code', async () => {
      for (let i = 0; i < 10; i++) {
        const code = await rig.code()
        const tokens = tokensOf(await rig.token(codeParams(code)))
        const [refreshed, replayed] = await Promise.all([
          rig.token(refreshParams(tokens.refresh_token)),
          rig.token(codeParams(code)),
        ])
        expect(refusalOf(replayed)).toBe('invalid_grant: code used before')
        const left = refreshed.ok ? tokensOf(refreshed).refresh_token : tokens.refresh_token
        expect(refusalOf(await rig.token(refreshParams(left)))).toBe('invalid_grant: family revoked')
      }
    })

    it('lets nothing live that came of a grace retry beside a late reuse', async () => {
      const tokens = await login()
      const second = tokensOf(await rig.token(refreshParams(tokens.refresh_token)))
      const third = tokensOf(await rig.token(refreshParams(second.refresh_token)))
      const [retried, reused] = await Promise.all([
        rig.token(refreshParams(second.refresh_token)),
        rig.token(refreshParams(tokens.refresh_token)),
      ])
      expect(refusalOf(reused)).toMatch(/^invalid_grant: (refresh token used before|family revoked)$/)
      if (retried.ok) expect(tokensOf(retried).refresh_token).toBe(third.refresh_token)
      expect(refusalOf(await rig.token(refreshParams(third.refresh_token)))).toBe('invalid_grant: family revoked')
    })

    it('gives every one of several retries at once within the grace the same successor', async () => {
      const first = await login()
      const second = tokensOf(await rig.token(refreshParams(first.refresh_token)))
      const retried = await Promise.all(Array.from({ length: 8 }, () => rig.token(refreshParams(first.refresh_token))))
      for (const outcome of retried) expect(tokensOf(outcome).refresh_token).toBe(second.refresh_token)
    })

    it('never forks a family by a grace retry beside the use of the successor', async () => {
      for (let i = 0; i < 10; i++) {
        const first = await login()
        const second = tokensOf(await rig.token(refreshParams(first.refresh_token)))
        const [retried, rotated] = await Promise.all([
          rig.token(refreshParams(first.refresh_token)),
          rig.token(refreshParams(second.refresh_token)),
        ])
        if (retried.ok) expect(tokensOf(retried).refresh_token).toBe(second.refresh_token)
        const live = rotated.ok ? tokensOf(rotated).refresh_token : second.refresh_token
        const outcome = await rig.token(refreshParams(live))
        if (!outcome.ok) expect(refusalOf(outcome)).toBe('invalid_grant: family revoked')
      }
    })
  })
}
