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
  generated: ['lib/wire/index'],
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
  tokens: ['errors', 'lib', 'generated', 'protocol', 'http', 'issuer', 'client', 'refresh'],
  web: ['errors', 'lib', 'generated', 'protocol', 'http', 'issuer', 'client', 'refresh', 'resource', 'sessions'],
  atproto: [
    'errors',
    'lib',
    'generated',
    'protocol',
    'http',
    'issuer',
    'client',
    'refresh',
    'resource',
    'sessions',
    'web',
  ],
  'dev-server': ['errors', 'lib', 'generated', 'protocol', 'server', 'stores/memory/index'],
  codegen: ['errors', 'lib'],
}

/** These wire defaults from higher floors, and do nothing else; the command may use anything. */
const wiring = [
  'src/index.ts',
  ...['client', 'sessions', 'tokens', 'web', 'atproto'].map((room) => `src/${room}/index.ts`),
]
const unrestricted = (file: string) => wiring.includes(file) || file.startsWith('src/cli/')

/** Packages by the files that may import them; a folder ends with a slash. */
const packages: Record<string, readonly string[]> = {
  // The user's configuration file.
  '<computed>': ['src/cli/config-file.ts'],
  jose: ['src/protocol/', 'src/lib/signatures/'],
  '@noble/secp256k1': ['src/atproto/identity/secp256k1-signature.ts'],
  ky: ['src/http/ky-transport.ts'],
  'openapi-fetch': ['src/http/paths-client.ts'],
  'openapi-typescript': ['src/codegen/emit/schema.ts'],
  yaml: ['src/codegen/'],
}

const nodeAllowed = ['src/codegen/', 'src/cli/', 'src/dev-server/', 'src/lib/signatures/node.ts', 'src/stores/file/']

/** Where time and chance come from: only lib/runtime.ts may touch them. */
const ambient = ['Date.now', 'Date()', 'Math.random', 'crypto.getRandomValues', 'crypto.randomUUID', 'performance.now']

/** What a rule may not do: fetch, wait, listen, log. Rules are pure (ARCHITECTURE, seam 3). */
const pureRooms = ['protocol', 'server', 'errors']
const effects = [
  'fetch',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'process',
  'console',
  'globalThis',
]

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
  // Sealing is what the adapters that leave the process have in common; their index files put it on.
  if (to.startsWith('src/stores/sealed/') && /^src\/stores\/\w+\/index\.ts$/.test(from)) return true
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
    expect(breach('src/stores/redis/index.ts', '../sealed/sealed-store.ts')).toBeUndefined()
    expect(breach('src/stores/memory/index.ts', '../../client/index.ts')).toBeDefined()
    expect(breach('src/stores/memory/queue.ts', '../redis/queue.ts')).toBeDefined()
    expect(breach('generated/endpoints.ts', '../src/lib/options.ts')).toBeDefined()
    expect(breach('generated/endpoints.ts', '../src/lib/wire/index.ts')).toBeUndefined()
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
    const touching = files
      .filter((f) => f.file !== 'src/lib/runtime.ts')
      .flatMap((f) =>
        globalsOf(f)
          .filter((name) => ambient.includes(name))
          .map((name) => `${f.file}: ${name}`),
      )
    expect(touching).toEqual([])
  })

  it('keeps the rules pure: no request, timer, process or console in them', () => {
    const touching = files
      .filter((f) => pureRooms.includes(roomOf(f.file)))
      .flatMap((f) =>
        globalsOf(f)
          .filter((name) => effects.includes(name))
          .map((name) => `${f.file}: ${name}`),
      )
    expect(touching).toEqual([])
  })

  it('sees through the ways around that', () => {
    const source = (text: string) => globalsOf({ file: 'src/protocol/x.ts', text, imports: [] })
    expect(source('const { now } = Date')).toContain('Date.now')
    expect(source('new Date()')).toContain('Date()')
    expect(source('export const a = () => fetch("https://a.example")')).toContain('fetch')
    expect(source('process.stdout.write("a")')).toContain('process')
    expect(source('export function a(fetch: Fetch) { return fetch(r) }')).not.toContain('fetch')
    const harmless = source('options.fetch(r); new Date(time)')
    expect(harmless.filter((name) => ambient.includes(name) || effects.includes(name))).toEqual([])
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

/** The globals that a file uses by name: `fetch`, `Date.now`, `Date()` for the time of now. Its own names are none. */
function globalsOf({ file, text }: SourceFile): string[] {
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const own = declaredNames(tree)
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node)) return
    if (ts.isIdentifier(node) && isUse(node) && !own.has(node.text)) found.push(...usesOf(node))
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return found
}

function usesOf(node: ts.Identifier): string[] {
  const { parent, text: name } = node
  if (ts.isPropertyAccessExpression(parent)) return [name, `${name}.${parent.name.text}`]
  if (ts.isNewExpression(parent) && (parent.arguments?.length ?? 0) === 0) return [name, `${name}()`]
  if (ts.isVariableDeclaration(parent) && ts.isObjectBindingPattern(parent.name)) {
    return [
      name,
      ...parent.name.elements.map((element) => `${name}.${(element.propertyName ?? element.name).getText()}`),
    ]
  }
  return [name]
}

/** Whether a name stands for a value here, and not for a member, a label or a declaration. */
function isUse(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node
  if (ts.isBindingElement(parent)) return parent.initializer === node
  const isNamed = 'name' in parent && parent.name === node
  return !isNamed && !ts.isImportSpecifier(parent) && !ts.isExportSpecifier(parent)
}

function declaredNames(tree: ts.SourceFile): ReadonlySet<string> {
  const names = new Set<string>()
  const visit = (node: ts.Node): void => {
    const declares = ts.isParameter(node) || ts.isVariableDeclaration(node) || ts.isBindingElement(node)
    if (
      (declares || ts.isFunctionDeclaration(node) || ts.isImportSpecifier(node)) &&
      node.name &&
      ts.isIdentifier(node.name)
    ) {
      names.add(node.name.text)
    }
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return names
}

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
