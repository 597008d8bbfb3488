import { execFile } from 'node:child_process'
import { symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

/** Stricter than any user's: what compiles here compiles with less. */
const compilerOptions = {
  target: 'es2022',
  module: 'nodenext',
  lib: ['es2022', 'dom'],
  types: [],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  noImplicitReturns: true,
  allowUnreachableCode: false,
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

/** What the compiler says of all files of a folder; nothing is what is wanted. */
export async function compileErrors(folder: string): Promise<string> {
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['.'] }))
  await symlink(resolve('node_modules'), join(folder, 'node_modules'))
  const compiler = resolve('node_modules/@typescript/native/bin/tsc')
  const run = promisify(execFile)(process.execPath, [compiler, '-p', folder], { maxBuffer: 64 * 1024 * 1024 })
  return (await run.catch((error: { stdout: string }) => error)).stdout
}
