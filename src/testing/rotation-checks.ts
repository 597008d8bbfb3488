import { assertEqual, assertTrue } from './check.ts'
import type { StoreChecks } from './record-store-contract.ts'

/**
 * What the rotation of a refresh token rests on: two records of one partition change together with their indexes, for
 * one of all who try.
 */
export const rotationChecks: StoreChecks = {
  'changes a record and its index in the commit that puts another beside it': async ({
    store,
    put,
    keysOf,
    versionOf,
  }) => {
    await put('grant:{g}', 'old', { indexes: { value: 'old', owner: 'alice' } })
    const result = await store.commit([
      {
        kind: 'put',
        key: 'grant:{g}',
        value: 'new',
        expect: await versionOf('grant:{g}'),
        indexes: { value: 'new', owner: 'alice' },
      },
      { kind: 'put', key: 'token:{g}:1', value: 'access', expect: null, indexes: { owner: 'alice', scope: 'read' } },
    ])
    assertTrue(result.ok, 'the rotation is carried out')
    assertEqual(
      [await keysOf('value', 'old'), await keysOf('value', 'new'), await keysOf('scope', 'read')],
      [[], ['grant:{g}'], ['token:{g}:1']],
      'by the old value, by the new one, by scope',
    )
    assertEqual(await keysOf('owner', 'alice'), ['grant:{g}', 'token:{g}:1'], 'by the owner of both')
  },
  'lets one of many rotate, and leaves no record and no index of the others': async (trial) => {
    const { put, connect, store, keysOf, versionOf } = trial
    await put('grant:{g}', 'old', { indexes: { value: 'old' } })
    const expect = await versionOf('grant:{g}')
    const rotate = async (name: string) => {
      const { ok } = await (await connect()).commit([
        { kind: 'put', key: 'grant:{g}', value: name, expect, indexes: { value: name } },
        { kind: 'put', key: `token:{g}:${name}`, value: name, expect: null, indexes: { scope: 'read' } },
      ])
      return ok ? [name] : []
    }
    const winners = (await Promise.all(['a', 'b', 'c', 'd', 'e'].map(rotate))).flat()
    assertEqual(winners.length, 1, 'winners')
    const [winner] = winners as [string]
    assertEqual((await store.get('grant:{g}'))?.value, winner, 'the grant')
    assertEqual(await keysOf('scope', 'read'), [`token:{g}:${winner}`], 'tokens by scope')
    assertEqual(await keysOf('value', 'old'), [], 'by the old value')
  },
  'finds one of many by each of several indexes': async ({ put, keysOf }) => {
    const count = 120
    await Promise.all(
      Array.from({ length: count }, (_, i) =>
        put(`token:{${i}}`, i, { indexes: { exact: `user ${i} read`, owner: `user ${i % 40}`, value: `hash ${i}` } }),
      ),
    )
    assertEqual(await keysOf('exact', 'user 77 read'), ['token:{77}'], 'by owner and scope')
    assertEqual(await keysOf('value', 'hash 77'), ['token:{77}'], 'by value')
    assertEqual(await keysOf('owner', 'user 37'), ['token:{117}', 'token:{37}', 'token:{77}'], 'by owner')
  },
}
