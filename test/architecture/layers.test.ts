// The house of ARCHITECTURE.md as data: who may import whom. Fails on a breach, and fails if it read no files.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')

/** Room to the rooms that it may import; its own is always allowed. Order is the floors' order. */
const mayImport: Record<string, readonly string[]> = {
  errors: [],
  lib: ['errors'],
  generated: ['lib/api'],
  protocol: ['errors', 'lib', 'generated'],
  http: ['errors', 'lib', 'generated', 'protocol'],
  server: ['errors', 'lib', 'generated', 'protocol'],
  stores: ['errors', 'lib', 'protocol'],
  testing: ['errors', 'lib'],
  issuer: ['errors', 'lib', 'generated', 'protocol', 'http'],
  client: ['errors', 'lib', 'generated', 'protocol', 'http', 'issuer'],
  refresh: ['errors', 'lib', 'generated', 'protocol', 'http', 'issuer'],
  resource: ['errors', 'lib', 'generated', 'protocol', 'http', 'issuer'],
  sessions: ['errors', 'lib', 'generated', 'protocol', 'http', 'issuer', 'client', 'refresh'],
  codegen: ['errors', 'lib'],
}

/** Index files wire defaults and re-export; the command may use anything. */
const unrestricted = (file: string) => file.endsWith('/index.ts') || file.startsWith('src/cli/')

/** Packages by the files that may import them; a folder ends with a slash. */
const packages: Record<string, readonly string[]> = {
  jose: ['src/protocol/', 'src/lib/signatures/'],
  ky: ['src/http/ky-transport.ts'],
  'openapi-fetch': ['src/http/paths-client.ts'],
  'openapi-typescript': ['src/codegen/emit/schema.ts'],
  yaml: ['src/codegen/'],
}

const nodeAllowed = ['src/codegen/', 'src/cli/', 'src/lib/signatures/node.ts', 'src/stores/file/']

/** Globals that only lib/runtime.ts may touch. */
const impure = [/\bDate\.now\s*\(/, /\bMath\.random\s*\(/, /\bcrypto\.getRandomValues\s*\(/, /\bnew Date\(\s*\)/]

interface SourceFile {
  readonly file: string
  readonly text: string
  readonly imports: readonly string[]
}

function sourceFiles(): SourceFile[] {
  return ['src', 'generated'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => {
        const path = join(root, folder, name)
        const text = readFileSync(path, 'utf8')
        return { file: relative(root, path), text, imports: importsOf(path, text) }
      }),
  )
}

/** Static and dynamic imports, re-exports and `import('...')` types. */
function importsOf(path: string, text: string): string[] {
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
      found.push((node.moduleSpecifier as ts.StringLiteral).text)
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [target] = node.arguments
      found.push(target && ts.isStringLiteralLike(target) ? target.text : '<computed>')
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      found.push((node.argument.literal as ts.StringLiteral).text)
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest))
  return found
}

function roomOf(file: string): string {
  const [top, room] = file.split('/')
  return top === 'generated' ? 'generated' : room!
}

/** A store adapter is a room of its own: none knows another. */
function sameRoom(from: string, to: string): boolean {
  if (roomOf(from) !== roomOf(to)) return false
  return roomOf(from) !== 'stores' || from.split('/')[2] === to.split('/')[2]
}

function breach(from: string, specifier: string): string | undefined {
  if (specifier === '#signatures') return breachOfTarget(from, 'src/lib/signatures/node.ts', specifier)
  if (specifier.startsWith('.')) {
    return breachOfTarget(from, relative(root, resolve(root, dirname(from), specifier)), specifier)
  }
  if (specifier.startsWith('node:')) {
    return nodeAllowed.some((allowed) => from.startsWith(allowed)) ? undefined : `${from} imports ${specifier}`
  }
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
  const allowed = packages[name]
  return allowed?.some((place) => from.startsWith(place)) ? undefined : `${from} imports the package ${specifier}`
}

function breachOfTarget(from: string, target: string, specifier: string): string | undefined {
  if (unrestricted(from) || sameRoom(from, target)) return undefined
  const allowed = mayImport[roomOf(from)] ?? []
  const fits = allowed.some((room) => (room.includes('/') ? target === `src/${room}.ts` : roomOf(target) === room))
  return fits ? undefined : `${from} imports ${specifier} (${target})`
}

const files = sourceFiles()

describe('architecture', () => {
  it('has read the sources of every room', () => {
    const rooms = new Set(files.filter((f) => f.file !== 'src/index.ts').map((f) => roomOf(f.file)))
    for (const room of rooms)
      expect([...Object.keys(mayImport), 'cli'], `a room without a floor: ${room}`).toContain(room)
    for (const room of Object.keys(mayImport)) expect([...rooms], `a floor without a room: ${room}`).toContain(room)
    expect(files.length).toBeGreaterThan(60)
    expect(files.flatMap((f) => f.imports).length).toBeGreaterThan(200)
  })

  it('imports only from lower floors, and each package only where it belongs', () => {
    const breaches = files.flatMap((f) => f.imports.map((specifier) => breach(f.file, specifier))).filter(Boolean)
    expect(breaches).toEqual([])
  })

  it('tells a breach when there is one', () => {
    expect(breach('src/protocol/pkce.ts', '../http/api.ts')).toBeDefined()
    expect(breach('src/client/client.ts', '../sessions/session.ts')).toBeDefined()
    expect(breach('src/stores/memory/index.ts', '../redis/index.ts')).toBeUndefined()
    expect(breach('src/stores/memory/queue.ts', '../redis/queue.ts')).toBeDefined()
    expect(breach('generated/endpoints.ts', '../src/lib/options.ts')).toBeDefined()
    expect(breach('generated/endpoints.ts', '../src/lib/api.ts')).toBeUndefined()
    expect(breach('src/http/limits.ts', 'ky')).toBeDefined()
    expect(breach('src/http/limits.ts', 'node:http')).toBeDefined()
  })

  it('keeps nothing of codegen in what runs', () => {
    const users = files.filter(
      (f) => roomOf(f.file) !== 'codegen' && roomOf(f.file) !== 'cli' && f.imports.some((i) => i.includes('codegen/')),
    )
    expect(users.map((f) => f.file)).toEqual([])
  })

  it('reads clock and random source only in lib/runtime.ts', () => {
    const touching = files.filter(
      (f) => f.file !== 'src/lib/runtime.ts' && impure.some((pattern) => pattern.test(withoutComments(f.text))),
    )
    expect(touching.map((f) => f.file)).toEqual([])
  })

  it('writes to the console only from the command', () => {
    const writing = files.filter((f) => !f.file.startsWith('src/cli/') && /\bconsole\./.test(withoutComments(f.text)))
    expect(writing.map((f) => f.file)).toEqual([])
  })

  it('has no default export and no export *', () => {
    const loose = files.filter((f) => /^export (default|\*)/m.test(f.text))
    expect(loose.map((f) => f.file)).toEqual([])
  })

  it('has no cycle among the values that files import', () => {
    expect(findCycle(valueGraph(files))).toEqual([])
  })
})

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
}

function valueGraph(sources: readonly SourceFile[]): Map<string, string[]> {
  const known = new Set(sources.map((f) => f.file))
  return new Map(
    sources.map((f) => {
      const targets = [...f.text.matchAll(/^(?:import|export)\s(?!type\b)[^'"]*?from\s+'(\.[^']+)'/gm)]
        .filter((match) => !/^import\s*\{\s*(type\s+\w+\s*,?\s*)+\}/.test(match[0]))
        .map((match) => relative(root, resolve(root, dirname(f.file), match[1]!)))
      return [f.file, targets.filter((target) => known.has(target))] as const
    }),
  )
}

function findCycle(graph: Map<string, string[]>): string[] {
  const done = new Set<string>()
  const visit = (file: string, path: string[]): string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (done.has(file)) return []
    for (const target of graph.get(file) ?? []) {
      const cycle = visit(target, [...path, file])
      if (cycle.length > 0) return cycle
    }
    done.add(file)
    return []
  }
  for (const file of graph.keys()) {
    const cycle = visit(file, [])
    if (cycle.length > 0) return cycle
  }
  return []
}
