// The document fuzzed against the server: each operation, some hundred generated and mutated requests by a fixed seed.
// `npm run check:long` sends ten thousand to each, by a seed of its own.
import { expect, it } from 'vitest'
import { fuzzServer } from '../support/fuzz/fuzz-server.ts'
import { operations } from '../support/fuzz/requests.ts'

const runs = 200

it('answers every request to every operation as documented, and never by a failure', async () => {
  const reports = await fuzzServer({ runs, seed: 9_112 })
  expect(reports.map(({ operation }) => operation)).toEqual(operations.map(({ operation }) => operation.operationId))
  const total = reports.reduce((sum, { requests }) => sum + requests, 0)
  expect(total).toBe(runs * operations.length)
  // Fuzzing that is only refused looks at little: most operations must have succeeded sometimes.
  const without = reports.filter(({ statuses }) => ![200, 201, 204, 303].some((status) => statuses.has(status)))
  expect(without.map(({ operation }) => operation).length).toBeLessThan(4)
}, 120_000)
