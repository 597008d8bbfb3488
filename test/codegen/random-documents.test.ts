// Documents of random keywords: whatever they say, their output compiles, and their validators judge as Ajv does.
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { compileErrors } from './support/compile.ts'
import { generated, temporaryFolder } from './support/generated.ts'
import { compareWithAjv } from './support/oracle.ts'
import { randomDocument } from './support/random-schemas.ts'

const documents = Math.min(Number(process.env.PROPERTY_RUNS ?? 25), 300)
const texts = Array.from({ length: documents }, (_, seed) => JSON.stringify(randomDocument(seed + 1)))

it('the output of a random document compiles under the strictest settings', async () => {
  const folder = await temporaryFolder()
  for (const [index, text] of texts.slice(0, 200).entries())
    for (const validators of ['strict', 'lenient'] as const)
      await generated({
        document: { name: 'random.json', text },
        out: join(folder, `${index}.${validators}`),
        validators,
        runtime: resolve('src/lib/wire/index.ts'),
      })
  expect(await compileErrors(folder)).toBe('')
}, 120_000)

it('the strict validators of a random document agree with Ajv', async () => {
  const total = { pairs: 0, accepted: 0 }
  for (const text of texts) {
    const { files, codes } = await generated({ document: { name: 'random.json', text }, validators: 'strict' })
    // Schemas that are defined by nothing but each other: we cut them, the oracle runs in circles.
    if (codes.includes('circular_schema')) continue
    const output = { validators: files['validators.ts']!, names: files['names.json']! }
    const { pairs, accepted, disagreements } = await compareWithAjv(text, output, 20)
    // Ajv 8 knows no property of that name: it reads it where none is.
    expect(disagreements.filter((each) => !each.includes('__proto__'))).toEqual([])
    total.pairs += pairs
    total.accepted += accepted
  }
  expect(total.pairs).toBeGreaterThan(documents * 100)
  expect(total.accepted).toBeGreaterThan(total.pairs * 0.1)
}, 600_000)
