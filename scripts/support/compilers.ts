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

const older: Compiler = {
  name: 'TypeScript 5.9',
  path: join(root, 'test/compilers/node_modules/typescript-5.9/bin/tsc'),
}
const newest: Compiler = { name: 'TypeScript 7.0', path: join(root, 'node_modules/@typescript/native/bin/tsc') }

/**
 * The compilers that are there, the older one after an attempt to install it. A registry that is slow or away says
 * nothing about our output, so that one is then missing, and a line says so.
 */
export function findCompilers(): readonly Compiler[] {
  if (existsSync(older.path) || installOlder()) return [older, newest]
  process.stderr.write(`${older.name} could not be installed (npm ci in test/compilers); ${newest.name} judges alone\n`)
  return [newest]
}

/** Stricter than any user's. */
export const strictestOptions = {
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
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: strictestOptions, include: ['.'], exclude: ['node_modules'] }),
  )
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--max-old-space-size=4096', path, '-p', folder], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  const problems = stdout.split('\n').filter((line) => /error TS/.test(line))
  return status === 0 || problems.length > 0 ? problems : [`${name} ended with ${status}: ${stderr.slice(0, 500)}`]
}

function installOlder(): boolean {
  // npm itself tries three times; more than a minute and a half is no answer.
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline']
  return spawnSync('npm', args, { cwd: join(root, 'test/compilers'), stdio: 'inherit', timeout: 90_000 }).status === 0
}
