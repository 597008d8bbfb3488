// Every TypeScript example of the README and of the pages below compiles, against the source, under the strictest settings.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const pages = ['README.md', 'docs/atproto.md', 'docs/events-and-quirks.md', 'docs/tokens.md'].map((file) => {
  const text = readFileSync(join(root, file), 'utf8')
  const found = [...text.matchAll(/<!-- example: ([\w-]+) -->\n```ts\n([\s\S]*?)```/g)]
  const examples = found.map(([, name, code]) => ({ name: `${file.replace(/\W/g, '-')}.${name}`, code: code! }))
  return { file, text, examples }
})
const examples = pages.flatMap((page) => page.examples)

/** What an application has around an example, declared only where the example uses it and does not make it. */
const surroundings: Record<string, string> = {
  client: "import('authentype').OAuthClient",
  session: "import('authentype').Session",
  manager: "import('authentype/tokens').TokenManager",
  privateJwk: '{ kty: string; kid: string; [member: string]: unknown }',
  encryptionJwk: '{ kty: string; kid: string; [member: string]: unknown }',
  request: 'Request',
  token: 'string',
  appPassword: 'string',
  picture: 'Uint8Array<ArrayBuffer>',
  atproto: "import('authentype/atproto').AtprotoClient",
  nonce: 'string',
  privateKeyJwt: "typeof import('authentype').privateKeyJwt",
}

function completed(code: string): string {
  const declared = Object.entries(surroundings)
    .filter(([name]) => new RegExp(`\\b${name}\\b`).test(code))
    .filter(([name]) => !new RegExp(`\\b(const|let|import) (\\w+, )?(\\{[^}]*)?\\b${name}\\b`).test(code))
    .map(([name, type]) => `declare const ${name}: ${type}`)
  return `${declared.join('\n')}\n${code}\nexport {}\n`
}

/** The exports map of package.json, turned from the build to the source. */
function sourcePaths(): Record<string, string[]> {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, string | { types: string }>
  }
  return Object.fromEntries(
    Object.entries(manifest.exports).flatMap(([subpath, target]) =>
      typeof target === 'string'
        ? []
        : [[join('authentype', subpath), [join(root, target.types.replace('./dist/', '').replace(/\.d\.ts$/, '.ts'))]]],
    ),
  )
}

describe('the documentation', () => {
  it.each(pages)('has examples in $file', ({ text, examples: own }) => {
    expect(own.length).toBeGreaterThan(1)
    expect(text.match(/```ts/g)?.length, 'a ts block without an example marker').toBe(own.length)
  })

  // A compilation of nearly all of the source, beside all that a full run does.
  it('has only examples that compile', { timeout: 90_000 }, () => {
    const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
    const files = new Map(examples.map(({ name, code }) => [join(root, `${name}.ts`), completed(code)]))
    const compilerOptions: ts.CompilerOptions = {
      ...options,
      noEmit: true,
      paths: sourcePaths(),
      isolatedDeclarations: false,
      declaration: false,
      noUnusedLocals: false,
      types: ['node'],
    }
    const host = ts.createCompilerHost(compilerOptions)
    const { fileExists, readFile, getSourceFile } = host
    host.fileExists = (file) => files.has(file) || fileExists(file)
    host.readFile = (file) => files.get(file) ?? readFile(file)
    host.getSourceFile = (file, ...rest) => {
      const text = files.get(file)
      return text === undefined ? getSourceFile(file, ...rest) : ts.createSourceFile(file, text, rest[0])
    }
    const program = ts.createProgram([...files.keys()], compilerOptions, host)
    const problems = ts.getPreEmitDiagnostics(program).map((diagnostic) => {
      const where = diagnostic.file ? `${diagnostic.file.fileName.replace(root, '.')}: ` : ''
      return where + ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n')
    })
    expect(problems).toEqual([])
  })
})
