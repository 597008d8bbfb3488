// The compilers of users, and the strictest settings that generated code has to pass: what compiles here compiles with
// less. TypeScript 5.9 has a package of its own (test/compilers), installed when it is first asked for.
import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')

export interface Compiler {
  readonly name: string
  readonly path: string
}

export const compilers: readonly Compiler[] = [
  { name: 'TypeScript 5.9', path: join(root, 'test/compilers/node_modules/typescript-5.9/bin/tsc') },
  { name: 'TypeScript 7.0', path: join(root, 'node_modules/@typescript/native/bin/tsc') },
]

const compilerOptions = {
  target: 'es2022',
  module: 'nodenext',
  lib: ['es2023', 'dom', 'dom.iterable'],
  types: [],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  noImplicitReturns: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  verbatimModuleSyntax: true,
  isolatedDeclarations: true,
  isolatedModules: true,
  declaration: true,
  erasableSyntaxOnly: true,
  allowImportingTsExtensions: true,
  skipLibCheck: false,
  noEmit: true,
}

/** The compiler's complaints about a folder, one a line; none is what is wanted. */
export function compile({ name, path }: Compiler, folder: string): string[] {
  if (!existsSync(path)) installCompilers()
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, include: ['.'], exclude: ['node_modules'] }),
  )
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--max-old-space-size=4096', path, '-p', folder], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  const problems = stdout.split('\n').filter((line) => /error TS/.test(line))
  return status === 0 || problems.length > 0 ? problems : [`${name} ended with ${status}: ${stderr.slice(0, 500)}`]
}

function installCompilers(): void {
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
  const { status } = spawnSync('npm', args, { cwd: join(root, 'test/compilers'), stdio: 'inherit' })
  if (status !== 0) throw new Error('npm ci in test/compilers failed; its message is above')
}
