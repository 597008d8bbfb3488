import { readdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { transform } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { isLinearPattern } from '../../src/codegen/emit/validators/safe-pattern.ts'
import { aDocument, fixture, generated } from './support/generated.ts'
import { loadValidators } from './support/load-validators.ts'

const hostile = (): ReturnType<typeof generated> =>
  generated({ document: fixture('hostile.json'), validators: 'strict' })
const head = 'openapi: 3.1.0\ninfo: { title: T, version: "1" }\npaths: {}\n'

/** What is left of a file when comments and string literals are gone: the code that runs. */
function codeOf(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'/g, "''")
}

describe('descriptions and names', () => {
  it('never become code', async () => {
    const { files } = await hostile()
    for (const [name, text] of Object.entries(files)) {
      if (!name.endsWith('.ts')) continue
      expect(codeOf(text)).not.toMatch(/injected|alert|import\(|passwd|drop/)
      await expect(transform(text, { loader: 'ts' })).resolves.toBeDefined()
    }
  })

  it('run without side effects', async () => {
    const { files } = await hostile()
    for (const name of ['models.ts', 'validators.ts']) {
      const { code } = await transform(files[name]!, { loader: 'ts', format: 'esm' })
      await import(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`)
    }
    expect(globalThis).not.toHaveProperty('injected')
    expect({}).not.toHaveProperty('polluted')
  })

  it('carry no character into the output that ends a line, or hides or turns text', async () => {
    const { files } = await hostile()
    for (const text of Object.values(files))
      expect(text).not.toMatch(/[\u2028\u2029\u202A-\u202E\u2066-\u2069]|[\u0000-\u0009]/)
  })

  it('never become a tag of a doc comment', async () => {
    const { files } = await hostile()
    expect(files['endpoints.ts']).not.toMatch(/^ \* @deprecated/m)
  })

  it('nor does the name of the runtime module', async () => {
    const { files } = await generated({ document: fixture('hostile.json'), runtime: "x'; alert(1); '" })
    expect(files['endpoints.ts']).toContain("from 'x\\'; alert(1); \\''")
  })

  it('never become a path', async () => {
    const { out } = await hostile()
    expect((await readdir(out)).sort()).toEqual([
      'endpoints.ts',
      'models.ts',
      'names.json',
      'operations.ts',
      'validators.ts',
    ])
    expect(await readdir(dirname(out))).toEqual(['out'])
  })
})

describe('a property called __proto__', () => {
  it('is only a property', async () => {
    const { files } = await hostile()
    const { validateProto } = await loadValidators(files['validators.ts']!)
    expect(validateProto!({})).toMatchObject({ path: '/__proto__', actualType: 'absent' })
    expect(validateProto!(JSON.parse('{"__proto__":{"polluted":true}}'))).toBeUndefined()
    expect(validateProto!(JSON.parse('{"__proto__":{"polluted":1}}'))).toMatchObject({ path: '/__proto__/polluted' })
    expect(validateProto!(JSON.parse('{"__proto__":{},"toString":5}'))).toMatchObject({ path: '/toString' })
  })
})

describe('a document that is made to exhaust', () => {
  const bomb = `${head}components:\n  schemas:\n    L0: &l0 { type: string }\n${Array.from({ length: 30 }, (_, level) => `    L${level + 1}: &l${level + 1} { allOf: [${Array(9).fill(`*l${level}`).join(', ')}] }\n`).join('')}`

  it.each([
    ['aliases that multiply', bomb],
    [
      'merge keys that add up',
      `${head}x:\n  a0: &a0 { k0: 1 }\n${Array.from({ length: 2000 }, (_, n) => `  a${n + 1}: &a${n + 1} { <<: *a${n}, k${n + 1}: 1 }\n`).join('')}`,
    ],
    ['deep flow sequences', `${head}x: ${'['.repeat(20_000)}`],
    ['deep YAML mappings', `${head}components: { schemas: { A: ${'{ items: '.repeat(2000)}{}${' }'.repeat(2000)} } }`],
    [
      'deep JSON',
      `{"openapi":"3.1.0","components":{"schemas":{"A":${'{"items":'.repeat(100_000)}{}${'}'.repeat(100_000)}}}}`,
    ],
  ])('by %s ends with document_too_complex', async (_, text) => {
    await expect(generated({ document: { name: 'bomb.yaml', text } })).rejects.toMatchObject({
      code: 'document_too_complex',
      file: 'bomb.yaml',
    })
  })

  it('by many aliases of one anchor, or many names of one spelling, takes no longer than its length', async () => {
    const aliases = `${head}x:\n- &a {}\n${'- *a\n'.repeat(100_000)}`
    const schemas = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`a${'-'.repeat(index)}b`, {}]))
    const start = performance.now()
    await generated({ document: { name: 'aliases.yaml', text: aliases } })
    const { report } = await generated({ document: aDocument({ schemas }) })
    expect(report.counts.models).toBe(5000)
    expect(performance.now() - start).toBeLessThan(15_000)
  }, 60_000)

  it.each([' ', '\n', '\t \n', '/', '{', '*/', '@', '#', '.', '\u0301', 'A', "'", '\\'])(
    'by long runs of %j at any place takes no longer than its length',
    async (piece) => {
      const run = `x${piece.repeat(100_000 / piece.length)}x`
      const schema = {
        type: 'string',
        title: run,
        description: run,
        default: run,
        examples: [run],
        pattern: run,
        enum: [run],
      }
      const parameter = { name: run, in: 'query', description: run, schema: { type: 'string' } }
      const media = { content: { [run]: { schema } } }
      const operation = {
        operationId: run,
        tags: [run],
        summary: run,
        description: run,
        parameters: [parameter, { ...parameter, in: 'header' }],
        requestBody: media,
        responses: { 200: { description: run, ...media } },
      }
      const start = performance.now()
      await generated({
        document: aDocument({
          paths: { [`/${run}`]: { post: operation } },
          schemas: { [run]: { type: 'object', properties: { [run]: schema }, patternProperties: { [run]: schema } } },
          extra: { servers: [{ url: `https://x.example/${run}` }] },
        }),
        validators: 'strict',
      })
      await generated({
        document: {
          name: 'a.json',
          text: JSON.stringify({ swagger: '2.0', host: 'x.example', basePath: run, paths: {} }),
        },
      })
      // Quadratic, each of these took seconds.
      expect(performance.now() - start).toBeLessThan(3000)
    },
  )

  it('by server variables that multiply has no server', async () => {
    const variables = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [`v${index}`, { default: `{v${index + 1}}`.repeat(9) }]),
    )
    const extra = { servers: [{ url: 'https://x.example/{v0}', variables }] }
    const { files } = await generated({
      document: aDocument({ paths: { '/a': { get: { responses: { 204: { description: '' } } } } }, extra }),
    })
    expect(files['operations.ts']!.length).toBeLessThan(2000)
  })

  it('by references that fork and meet again takes no longer than another', async () => {
    const level = (index: number): object => ({
      allOf: [{ $ref: `#/components/schemas/L${index}` }, { $ref: `#/components/schemas/L${index}` }],
      required: ['missing'],
    })
    const levels = Array.from({ length: 60 }, (_, index) => [`L${index + 1}`, level(index)])
    const schemas = { L0: { type: 'object' }, ...Object.fromEntries(levels) }
    const form = { content: { 'application/x-www-form-urlencoded': { schema: { $ref: '#/components/schemas/L60' } } } }
    const paths = { '/a': { post: { requestBody: form, responses: { 200: { description: '' } } } } }
    const start = performance.now()
    await generated({ document: aDocument({ schemas, paths }) })
    expect(performance.now() - start).toBeLessThan(2000)
  })

  it.each([
    ['references', (next: string): object => ({ $ref: next })],
    ['allOf', (next: string): object => ({ allOf: [{ $ref: next }, { required: ['x'] }] })],
    ['properties', (next: string): object => ({ type: 'object', properties: { next: { $ref: next } } })],
  ])('by a long chain of %s ends in output or a typed error', async (_, link) => {
    const chain = Array.from({ length: 20_000 }, (_, index) => [
      `L${index}`,
      link(`#/components/schemas/L${index + 1}`),
    ])
    const attempt = generated({ document: aDocument({ schemas: { ...Object.fromEntries(chain), L20000: {} } }) })
    await attempt.catch((error: unknown) => expect(error).toMatchObject({ code: 'document_too_complex' }))
  })

  it('by references that lead in a circle ends with warnings', async () => {
    const responses = { a: { $ref: '#/components/responses/b' }, b: { $ref: '#/components/responses/a' } }
    const paths = {
      '/a': { $ref: '#/paths/~1a' },
      '/b': { get: { responses: { 200: { $ref: '#/components/responses/a' } } } },
    }
    const { codes } = await generated({ document: aDocument({ paths, extra: { components: { responses } } }) })
    expect(codes).toEqual(['ref_not_followed', 'ref_not_followed'])
  })
})

describe('a pattern', () => {
  it.each([
    '^[A-Z]{2}-\\d+$',
    '^https?:',
    '^[a-z]+_[a-z]+$',
    '\\d{4}',
    '^x-',
    '^[^.]+\\.[^.]+$',
    '^\\w+ \\w+$',
    '^[\\w-]{43}$',
  ])('%s is checked, since it runs in linear time', (pattern) => {
    expect(isLinearPattern(pattern)).toBe(true)
    // The claim, tried: a long near miss for each of its parts.
    const start = performance.now()
    for (const text of ['a', '1', '.', '-', 'A', ' ']) new RegExp(pattern, 'u').test(`${text.repeat(50_000)}\u0000`)
    expect(performance.now() - start).toBeLessThan(200)
  })

  it.each([
    '^(a+)+$',
    '(a|a)*$',
    'a+b',
    '^a*a*a*$',
    '^[a-z]+[a-z0-9]+$',
    '^\\w+\\d+$',
    '^(?=a)b',
    '^(.)\\1$',
    '^\\p{L}+$',
    '^.+@.+$',
    '\\d{50000}x',
    'a'.repeat(501),
    '^a?a?a?',
    '[',
  ])('%s is left alone', (pattern) => {
    expect(isLinearPattern(pattern)).toBe(false)
  })

  it('that is left alone is warned of', async () => {
    const { codes } = await hostile()
    expect(codes).toContain('pattern_not_checked')
  })
})
