// The document fuzzed against the server: each operation, generated and mutated requests by a fixed seed. In
// `npm run check:long` each gets ten thousand.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FuzzedServer, goodAnswers, startFuzzedServer } from '../support/fuzz/fuzz-server.ts'
import { operations } from '../support/fuzz/requests.ts'

const numRuns = Number(process.env.PROPERTY_RUNS ?? 200)
const seed = 9_112
/** What says that a request was taken. */
const successes: readonly number[] = [200, 201, 204, 303]
const succeeded = new Set<string>()
let fuzzed: FuzzedServer

beforeAll(async () => {
  fuzzed = await startFuzzedServer()
})
// Fails where an answer was not as documented, or the server failed.
afterAll(() => fuzzed?.server.close())

describe('whatever is asked, the answer is documented, is not kept, and shows nothing of ours', () => {
  it.each(operations.map((target) => [target.operation.operationId, target] as const))(
    '%s',
    async (name, target) => {
      const statuses = new Map<number, number>()
      await fc.assert(goodAnswers(fuzzed, target, statuses), { numRuns, seed, endOnFailure: true })
      if ([...statuses.keys()].some((status) => successes.includes(status))) succeeded.add(name)
      if (process.env.PROPERTY_RUNS) console.log(name, Object.fromEntries(statuses))
    },
    process.env.PROPERTY_RUNS ? 900_000 : 60_000,
  )
})

it('was taken by nearly every operation sometimes: fuzzing that is only refused looks at little', () => {
  const never = operations.map(({ operation }) => operation.operationId).filter((name) => !succeeded.has(name))
  expect(never.length, never.join(', ')).toBeLessThan(4)
})
