// What is wrong with published documents, each fault in a small document of our own: none stops the run but text that
// cannot be parsed, each is told with its place, and the output compiles.
import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compileErrors } from './support/compile.ts'
import { fixture, type Generated, generated, temporaryFolder } from './support/generated.ts'

interface Hazard {
  readonly file: string
  readonly hazard: string
  /** Of its warnings, each code with its number; `renamed` left out. */
  readonly warnings: Readonly<Record<string, number>>
  /** By file of the output, what must stand in it. */
  readonly output: Readonly<Record<string, readonly string[]>>
}

const hazards: readonly Hazard[] = [
  {
    file: 'alias-cycle.yaml',
    hazard: 'a base and its heirs that name each other; names that are only other names, in a circle',
    warnings: { circular_schema: 3 },
    output: {
      'models.ts': [
        "& ((EcKey & { readonly kty: 'EC' }) | (RsaKey & { readonly kty: 'RSA' }))",
        'export type Three = unknown',
        'export type Itself = unknown',
      ],
    },
  },
  {
    file: 'yaml-alias-loop.yaml',
    hazard: 'a YAML anchor that holds its own alias',
    warnings: { circular_schema: 2 },
    output: { 'models.ts': ['readonly next?: unknown'] },
  },
  {
    file: 'foreign-required.yaml',
    hazard: 'required beside a property of another part, or of none; required that is no list',
    warnings: { undeclared_required: 1 },
    output: {
      'models.ts': [
        'export type Strict = Base & { readonly id: string }',
        'export type InAPart = Base & { readonly name: string | null }',
      ],
    },
  },
  {
    file: 'duplicate-operation-ids.yaml',
    hazard: 'one operationId for several operations, others that differ in spelling alone, and none',
    warnings: { duplicate_operation_id: 1 },
    output: {
      'endpoints.ts': ['function list(', 'function postA(', 'function getB(', 'function getC2(', 'function getByC('],
    },
  },
  {
    file: 'duplicate-yaml-keys.yaml',
    hazard: 'a key twice in one mapping: the last one counts',
    warnings: { duplicate_key: 3 },
    output: {
      'models.ts': ['export type Twice = number', 'readonly a?: boolean'],
      'endpoints.ts': ['function second('],
    },
  },
  {
    file: 'refs-not-followed.yaml',
    hazard: 'references to nothing, to files outside, to hosts, to what is no schema',
    warnings: { ref_not_followed: 13, invalid_document: 1 },
    output: { 'models.ts': ['export type Host = unknown', 'export type Encoded = ABC', 'export type ABC = number'] },
  },
  {
    file: 'reserved-names.yaml',
    hazard: 'names that the language, the platform or the generated files have',
    warnings: {},
    output: {
      'models.ts': ['export type ErrorModel = {', 'export type RecordModel = ', 'readonly __proto__?: string'],
      'endpoints.ts': ['function postDelete(', 'function getAwait(', 'function constructor(', 'function api(api: Api'],
    },
  },
  {
    file: 'colliding-names.yaml',
    hazard: 'names that become one identifier, or none',
    warnings: {},
    output: { 'models.ts': ['type FooBarModel3 ', 'type UnnamedModel3 ', 'type Ключ ', 'type 名前 '] },
  },
  {
    file: 'yaml-words.yaml',
    hazard: 'keys and values that YAML 1.1 took for booleans, octals and dates',
    warnings: { invalid_document: 3 },
    output: {
      'models.ts': [
        "readonly y: 'y' | 'n' | 'yes' | 'no' | 'on' | 'off'",
        "readonly off: '2020-01-01'",
        "'12:30' | null",
        "readonly '1.10'?: string",
      ],
      'endpoints.ts': ['function no('],
    },
  },
  {
    file: 'swagger-oddities.json',
    hazard: 'Swagger 2.0 with a number for its version, no media types, files under any type, two bodies, gaps',
    warnings: { invalid_document: 4, ref_not_followed: 1 },
    output: {
      'operations.ts': ["const server = 'https://api.example/v1'", "body: { 'multipart/form-data': writeMultipart }"],
      'models.ts': ['readonly size?: number | null', 'export type Small = Thing & {'],
    },
  },
  {
    file: 'odd-operations.yaml',
    hazard:
      'parameters that are no parameters, a GET with a body, no responses, statuses and media types that are none',
    warnings: { invalid_document: 19, unsupported: 1 },
    output: { 'operations.ts': ["'2XX': { '*/*': ", 'default: { ', "method: 'HEAD'"] },
  },
  {
    file: 'odd-schemas.yaml',
    hazard: 'keywords with values that they cannot have',
    warnings: { invalid_document: 14, ref_not_followed: 1, pattern_not_checked: 2 },
    output: {
      'models.ts': [
        'export type EmptyEnum = string',
        'export type Int = unknown',
        'export type Types = string | null',
        'export type ItemsList = readonly [string?, number?, ',
        'export type False = never',
      ],
    },
  },
  {
    file: 'contradictions.yaml',
    hazard: 'schemas that nothing fits, whose parts contradict each other, and that require themselves',
    warnings: {},
    output: {
      'models.ts': [
        'export type Pair = readonly [(readonly [number?, ...unknown[]])?, Pair?, ...Pair[]]',
        'export type Expression = readonly [string, ...Expression[]]',
        'readonly again?: Again & { readonly again: Again & { readonly again: {} | null } }',
      ],
    },
  },
  {
    file: 'multiplying-unions.yaml',
    hazard: 'unions whose intersection has more members than a compiler counts',
    warnings: {},
    output: { 'models.ts': ['export type All = A & B & C & D\n'] },
  },
  {
    file: 'shared-inline.yaml',
    hazard: 'one inline schema under several operations, by anchor and by a reference into another operation',
    warnings: { duplicate_operation_id: 1 },
    output: {
      'models.ts': ['export type GetBResponse = {\n  readonly id: string'],
      'endpoints.ts': ['function getD('],
    },
  },
  {
    file: 'byte-order-mark.json',
    hazard: 'a byte order mark, CRLF, tabs, and a key twice in JSON',
    warnings: { duplicate_key: 1 },
    output: { 'models.ts': ['export type A = number'] },
  },
  {
    file: 'empty.yaml',
    hazard: 'nothing in it',
    warnings: { invalid_document: 1 },
    output: { 'models.ts': ['export {}'] },
  },
]
const broken = [
  { file: 'broken.yaml', kind: 'YAML', line: 7 },
  { file: 'broken.json', kind: 'JSON', line: 5 },
]

function countCodes({ codes }: Generated): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const code of codes) if (code !== 'renamed') counts[code] = (counts[code] ?? 0) + 1
  return counts
}

describe('a document with', () => {
  it.each(hazards)('$hazard is generated, twice the same ($file)', async ({ file, warnings, output }) => {
    const document = fixture(`hazards/${file}`)
    const one = await generated({ document, validators: 'strict' })
    expect(countCodes(one)).toEqual(warnings)
    for (const warning of one.report.warnings) expect(warning.line, warning.message).toBeGreaterThan(0)
    for (const [name, parts] of Object.entries(output))
      for (const part of parts) expect(one.files[name], name).toContain(part)
    expect((await generated({ document, validators: 'strict' })).files).toEqual(one.files)
  })

  it.each(broken)('broken $kind is refused at its place, and nothing is written', async ({ file, kind, line }) => {
    const out = join(await temporaryFolder(), 'out')
    await expect(generated({ document: fixture(`hazards/${file}`), out })).rejects.toMatchObject({
      code: 'document_syntax',
      line,
      message: expect.stringMatching(new RegExp(`${file}:${line}:\\d+: not valid ${kind}: `)) as string,
    })
    expect(existsSync(out)).toBe(false)
  })

  it('any of these faults has output that compiles', async () => {
    const folder = await temporaryFolder()
    for (const { file } of hazards)
      for (const validators of ['strict', 'lenient'] as const)
        await generated({
          document: fixture(`hazards/${file}`),
          out: join(folder, `${file}.${validators}`),
          validators,
          runtime: resolve('src/lib/wire/index.ts'),
        })
    expect(await compileErrors(folder)).toBe('')
  }, 60_000)

  it('a fault is in the table', () => {
    const listed = [...hazards, ...broken].map(({ file }) => file)
    expect(readdirSync(fixture('hazards')).sort()).toEqual(listed.sort())
  })
})
