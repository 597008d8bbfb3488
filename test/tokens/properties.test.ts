// Whatever is asked in whatever order and at the same time: nobody gets another's token, no refresh token is used twice,
// and whoever has a login that covers what is asked for gets it.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { AccessToken } from '../../src/tokens/index.ts'
import { aLogin, aRig, place, type Rig } from './rig.ts'

const allScopes = ['read', 'write', 'delete'] as const
const users = ['alice', 'bob'] as const
const scopeSets = fc.subarray([...allScopes], { minLength: 1 })
const resources = fc.constantFrom(undefined, 'https://a.example', 'https://b.example')

const wishes = fc.record({ sub: fc.constantFrom(...users), scopes: scopeSets, resource: resources })
const steps = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(wishes, { minLength: 1, maxLength: 6 }).map((all) => ({ kind: 'get', all }) as const),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({ sub: fc.constantFrom(...users), scopes: scopeSets })
      .map((login) => ({ kind: 'login', ...login }) as const),
  },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 400_000 }).map((ms) => ({ kind: 'wait', ms }) as const) },
  { weight: 1, arbitrary: fc.constantFrom(...users).map((sub) => ({ kind: 'logout', sub }) as const) },
)

/** Whose a token is, and what for, by the word of the issuer. */
async function truthOf({ issuer }: Rig, token: string): Promise<{ sub?: string; scope?: string }> {
  const body = new URLSearchParams({ token })
  const answer = await issuer.fetch(new Request(`${place.issuer}/introspect`, { method: 'POST', body }))
  return (await answer.json()) as { sub?: string; scope?: string }
}

const sorted = (scope: string) => scope.split(' ').toSorted().join(' ')

it('holds for any sequence of logins, requests at the same time, waits and logouts', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 15 }), fc.boolean(), async (sequence, twice) => {
      const rig = aRig()
      // Two processes over one store ask in turns.
      const managers = twice ? [rig.manager, rig.another()] : [rig.manager]
      const logins: { sub: string; scopes: readonly string[] }[] = []
      for (const [position, step] of sequence.entries()) {
        const manager = managers[position % managers.length]!
        if (step.kind === 'wait') rig.clock.advance(step.ms)
        if (step.kind === 'login') {
          await aLogin(rig, step.scopes.join(' '), step.sub)
          logins.push(step)
        }
        if (step.kind === 'logout') {
          const owner = { issuer: place.issuer, subject: { kind: 'sub', sub: step.sub } } as const
          await manager.accessTokens.deleteAll(owner, { revokeOnDelete: false })
          await manager.refreshTokens.deleteAll(owner, { revokeOnDelete: false })
          for (let i = logins.length - 1; i >= 0; i--) if (logins[i]!.sub === step.sub) logins.splice(i, 1)
        }
        if (step.kind !== 'get') continue
        await Promise.all(
          step.all.map(async ({ sub, scopes, resource }) => {
            const wish = { ...place, subject: { kind: 'sub', sub } as const, scopes, ...(resource && { resource }) }
            const token = await manager.accessTokens.get(wish).catch((error: { code: string }) => error)
            const covered = logins.some(
              (login) => login.sub === sub && scopes.every((one) => login.scopes.includes(one)),
            )
            if (!covered) {
              expect(token).toMatchObject({ code: expect.stringMatching(/^no_suitable_(access|refresh)_token$/) })
              return
            }
            const { kind, value, resource: given } = token as AccessToken
            expect({ kind, given }).toEqual({ kind: 'bearer', given: resource && [resource] })
            const truth = await truthOf(rig, value)
            expect({ sub: truth.sub, scope: sorted(truth.scope ?? '') }).toEqual({
              sub,
              scope: sorted(scopes.join(' ')),
            })
          }),
        )
      }
      // The issuer refuses a refresh token that comes a second time; it never had to.
      expect(rig.events.filter(({ kind }) => kind === 'refresh_refused' || kind === 'refresh_failed')).toEqual([])
    }),
    { numRuns: 150 },
  )
}, 60_000)
