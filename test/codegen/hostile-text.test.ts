// A document is hostile input: whatever its author writes, and wherever, the output is the generator's own statements
// with text between quotes and in comments. Every position of whole documents is tried, not a list of suspects.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { compileErrors } from './support/compile.ts'
import { fixture, generated, temporaryFolder } from './support/generated.ts'
import { strangeParts } from './support/inert.ts'

/** Each ends one kind of text and would go on as code, or is obeyed by a tool that reads comments. */
const attacks = [
  '*/ globalThis.injected = 1 /*',
  "'; globalThis.injected = 1; '",
  '"; globalThis.injected = 1; "',
  "' + globalThis.injected() + '",
  '`\x24{globalThis.injected()}`',
  "\\'; globalThis.injected(); //",
  'line\nglobalThis.injected()',
  'line\u2028globalThis.injected()\u2029',
  '\r\n@ts-nocheck\r\n// @ts-ignore',
  '@jsxImportSource evil\n/// <reference path="/etc/passwd" />',
  '#__NO_SIDE_EFFECTS__ @__PURE__',
  '//# sourceMappingURL=data:application/json,{}',
  '</script><script>injected()</script>',
  "]; import('data:text/javascript,injected'); [",
  '} injected(); {',
  '>(); injected(); type X = Array<0',
  'eslint-enable */ injected() /* eslint',
  '../../../etc/passwd',
  '/absolute/path\u0000.ts',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'await',
  'default',
  'Promise',
  '\u202Eesrever\uFEFF\uD800',
  '',
  '[/]/.constructor.constructor("injected()")()//',
  '(?<injected>a)|/;injected();/',
  '1); injected((0',
]

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
/** The way to a value, or to the name of one. */
interface Position {
  readonly path: readonly string[]
  readonly of: 'value' | 'name'
}

function positionsOf(value: Json, path: readonly string[] = []): Position[] {
  if (typeof value !== 'object' || value === null) return [{ path, of: 'value' }]
  return Object.entries(value).flatMap(([key, each]): Position[] => [
    ...(Array.isArray(value) ? [] : [{ path: [...path, key], of: 'name' } as const]),
    ...positionsOf(each, [...path, key]),
  ])
}

function changed(value: Json, { path: [key, ...rest], of }: Position, text: Json): Json {
  if (key === undefined) return text
  const at: Position = { path: rest, of }
  if (Array.isArray(value)) return value.map((item, index) => (String(index) === key ? changed(item, at, text) : item))
  const entries = Object.entries(value as { [key: string]: Json })
  const isHere = rest.length === 0 && of === 'name'
  return Object.fromEntries(
    entries.map(([name, each]) =>
      name !== key ? [name, each] : isHere ? [String(text), each] : [name, changed(each, at, text)],
    ),
  )
}

/** What has names of the author's choice; all other names are OpenAPI's, and another is one that nobody reads. */
const maps =
  'paths responses content schemas definitions properties patternProperties dependentRequired dependentSchemas mapping ' +
  'variables headers encoding examples securitySchemes securityDefinitions scopes parameters requestBodies security'
const isChosen = ({ path, of }: Position): boolean =>
  of === 'value' || (path.length > 1 && path.slice(-3, -1).some((name) => maps.split(' ').includes(name)))

/** Words for people, and values that mean nothing to the generator. */
const isProse = ({ path }: Position): boolean =>
  /^(?:title|version|description|summary|operationId|url|default)$/.test(path.at(-1)!) ||
  /^(?:tags|examples|enum|x-known-values|mapping|required)$/.test(path.at(-2) ?? '')

const documents = ['keywords-3.1.yaml', 'provider-3.0.yaml', 'swagger-2.0.yaml', 'foreign-provider.yaml'].map(
  (name) => {
    const root = parse(readFileSync(fixture(name), 'utf8')) as Json
    return { name, root, positions: positionsOf(root) }
  },
)

/** What is strange in the output of a document; a document that is refused has none. */
async function judge(root: Json): Promise<readonly string[]> {
  const document = { name: 'hostile.json', text: JSON.stringify(root) }
  try {
    const { files } = await generated({ document, validators: 'strict' })
    expect(
      Object.keys(files).filter(
        (name) => !/^(?:endpoints|models|names|oauth|operations|validators)\.(?:ts|json)$/.test(name),
      ),
    ).toEqual([])
    return Object.entries(files).flatMap(([name, text]) => (name.endsWith('.ts') ? strangeParts(name, text) : []))
  } catch (error) {
    expect(error).toMatchObject({ name: 'GenerateError' })
    return []
  }
}

describe('hostile text', () => {
  it.each(documents)(
    'at any one position of $name is text in the output',
    async ({ name, root, positions }) => {
      expect(positions.length).toBeGreaterThan(100)
      for (const [index, position] of positions.filter(isChosen).entries()) {
        const attack = attacks[index % attacks.length]!
        const strange = await judge(changed(root, position, attack))
        expect(strange, `${name} ${position.of} ${position.path.join('/')} = ${JSON.stringify(attack)}`).toEqual([])
      }
    },
    120_000,
  )

  it('at several positions at once, made of pieces, is text in the output', async () => {
    const piece = fc.oneof(
      fc.constantFrom(...attacks),
      fc.constantFrom("'", '*/', '`', '${', '\\', '\n', '//', '/*', '"'),
      fc.string({ unit: 'binary' }),
    )
    const text = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(''))
    const changes = fc.array(fc.tuple(fc.nat(), text), { minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(fc.nat(documents.length - 1), changes, async (which, list) => {
        const { root, positions } = documents[which]!
        let document = root
        for (const [at, attack] of list) {
          const position = positions[at % positions.length]!
          // An earlier change may have taken the place away.
          if (at % 7 !== 0) document = changed(document, position, attack)
        }
        expect(await judge(document)).toEqual([])
      }),
      { numRuns: 150 },
    )
  }, 120_000)
})

it('hostile documents compile', async () => {
  const folder = await temporaryFolder()
  for (const { name, root, positions } of documents) {
    const textual = positions.filter((each) => isChosen(each) && (each.of === 'name' || isProse(each)))
    for (let round = 0; round < 8; round++) {
      let document = root
      // Deepest first, so that a changed name takes no other position away.
      for (const [index, position] of [...textual.entries()].reverse())
        if (index % 8 === round) document = changed(document, position, attacks[(index * 7 + round) % attacks.length]!)
      await generated({
        document: { name: 'hostile.json', text: JSON.stringify(document) },
        out: join(folder, `${name}-${round}`),
        validators: round % 2 === 0 ? 'strict' : 'lenient',
        runtime: resolve('src/lib/wire/index.ts'),
      })
    }
  }
  expect(await compileErrors(folder)).toBe('')
}, 120_000)

describe('the judge of these tests', () => {
  it.each([
    ['a statement', 'globalThis.injected = 1'],
    ['a call', 'export const a = { b: injected() }'],
    ['a free name', 'export const a = { b: process }'],
    ['a template', 'export const a = { b: `\x24{1}` }'],
    ['an import', "import { x } from './elsewhere.js'"],
    ['a prototype', 'export const a = { __proto__: {} }'],
    ['a comment that a tool obeys', '/** #__NO_SIDE_EFFECTS__ */\nexport type A = string'],
    ['a tag', '/**\n * text\n * @internal\n */\nexport type A = string'],
    ['a construction', 'export function a(): void {\n  new Function()\n}'],
  ])('sees %s', (what, text) => {
    expect(strangeParts('a.ts', text).join('\n')).toContain(`a.ts: ${what}`)
  })
})
