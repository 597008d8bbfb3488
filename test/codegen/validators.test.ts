import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { aDocument, fixture, generated } from './support/generated.ts'
import { loadValidators } from './support/load-validators.ts'
import { compareWithAjv } from './support/oracle.ts'

async function compare(file: string, rounds: number) {
  const { files } = await generated({ document: file, validators: 'strict' })
  const output = { validators: files['validators.ts']!, names: files['names.json']! }
  const comparison = await compareWithAjv(await readFile(file, 'utf8'), output, rounds)
  expect(comparison.disagreements).toEqual([])
  return comparison
}

describe('strict validators', () => {
  it('agree with Ajv on valid and mutated instances of every keyword', async () => {
    const { pairs, accepted } = await compare(fixture('keywords-3.1.yaml'), 150)
    expect(pairs).toBeGreaterThan(8000)
    // An oracle that only ever says no proves nothing.
    expect(accepted).toBeGreaterThan(pairs * 0.2)
    expect(accepted).toBeLessThan(pairs * 0.8)
  })

  it('agree with Ajv on valid and mutated instances of our own document', async () => {
    const { pairs, accepted } = await compare('openapi/oauth.yaml', 40)
    expect(pairs).toBeGreaterThan(5000)
    expect(accepted).toBeGreaterThan(pairs * 0.2)
  })
})

describe('a failure', () => {
  const schemas = {
    Answer: {
      type: 'object',
      required: ['list'],
      properties: {
        list: { type: 'array', items: { type: 'object', properties: { 'a/b': { type: 'string' } } } },
        other: { $ref: '#/components/schemas/Other' },
        any: {},
      },
    },
    Other: { type: 'object', additionalProperties: { type: 'integer' } },
  }

  async function validateAnswer(value: unknown): Promise<unknown> {
    const { files } = await generated({ document: aDocument({ schemas }), validators: 'strict' })
    return (await loadValidators(files['validators.ts']!)).validateAnswer!(value)
  }

  it('names the place as a JSON Pointer, what was expected and the type that came', async () => {
    expect(await validateAnswer({ list: [{}, { 'a/b': 5 }] })).toEqual({
      path: '/list/1/a~1b',
      expected: 'string',
      actualType: 'number',
    })
    expect(await validateAnswer({ list: [], other: { 'x~y': null } })).toEqual({
      path: '/other/x~0y',
      expected: 'integer',
      actualType: 'null',
    })
    expect(await validateAnswer({})).toEqual({ path: '/list', expected: 'array of object', actualType: 'absent' })
    expect(await validateAnswer([])).toEqual({ path: '', expected: 'object', actualType: 'array' })
  })

  it('is none of a decimal fraction that binary numbers only come near to', async () => {
    const price = { type: 'number', multipleOf: 0.01 }
    const { files } = await generated({ document: aDocument({ schemas: { Price: price } }), validators: 'strict' })
    const { validatePrice } = await loadValidators(files['validators.ts']!)
    for (const value of [19.99, 0.07, 1.1, -4.35, 123456789.01, 0]) expect(validatePrice!(value)).toBeUndefined()
    for (const value of [0.001, 19.995, 123456789.011]) expect(validatePrice!(value)).toBeDefined()
  })

  it('never holds the value, which may be a token', async () => {
    expect(JSON.stringify(await validateAnswer({ list: 'sk_live_secret' }))).not.toContain('sk_live_secret')
  })
})

describe('lenient validators', () => {
  const schema = {
    type: 'object',
    required: ['id', 'undeclared'],
    additionalProperties: false,
    properties: {
      id: { type: 'string', minLength: 9 },
      count: { type: 'integer', maximum: 3 },
      kind: { enum: ['a', 'b'] },
      jwks_uri: { type: 'string', format: 'uri' },
    },
  }

  async function judge(value: unknown): Promise<unknown> {
    const { files } = await generated({ document: aDocument({ schemas: { Answer: schema } }) })
    return (await loadValidators(files['validators.ts']!)).validateAnswer!(value)
  }

  it.each([
    ['null for an optional property', { id: 'x', count: null }],
    ['a value that no enum lists', { id: 'x', kind: 'c' }],
    ['a bound that is overstepped', { id: 'x', count: 4.5 }],
    ['an unknown property', { id: 'x', more: 1 }],
    ['the absence of a required property that nothing declares', { id: 'x' }],
  ])('forgive %s', async (_, value) => {
    expect(await judge(value)).toBeUndefined()
  })

  it.each([
    ['a wrong type', { id: 5 }, '/id'],
    ['the absence of a required property', {}, '/id'],
    ['null for a required property', { id: null }, '/id'],
    ['an endpoint that is no URL', { id: 'x', jwks_uri: 'nowhere' }, '/jwks_uri'],
  ])('refuse %s', async (_, value, path) => {
    expect(await judge(value)).toMatchObject({ path })
  })
})

describe('validators off', () => {
  it('emits no validators and refers to none', async () => {
    const { files } = await generated({ document: fixture('keywords-3.1.yaml'), validators: 'off' })
    expect(files['validators.ts']).toBeUndefined()
    expect(files['operations.ts']).not.toContain('validate')
  })
})

describe('recursion', () => {
  it('ends in a failure on an instance deeper than the stack would bear', async () => {
    const { files } = await generated({ document: fixture('keywords-3.1.yaml'), validators: 'strict' })
    const { validateTree } = await loadValidators(files['validators.ts']!)
    const deep = JSON.parse(`${'{"a":'.repeat(100_000)}{}${'}'.repeat(100_000)}`) as unknown
    expect(validateTree!(deep)).toMatchObject({ expected: 'at most 200 levels of itself' })
  })
})
