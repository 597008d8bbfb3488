import { execFile } from 'node:child_process'
import { symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { strictestOptions } from '../../../scripts/support/compilers.ts'

/** Without what later libraries have, either. */
const compilerOptions = { ...strictestOptions, lib: ['es2022', 'dom'], allowUnreachableCode: false }

/** What the compiler says of all files of a folder; nothing is what is wanted. */
export async function compileErrors(folder: string): Promise<string> {
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['.'] }))
  await symlink(resolve('node_modules'), join(folder, 'node_modules'))
  const compiler = resolve('node_modules/@typescript/native/bin/tsc')
  const run = promisify(execFile)(process.execPath, [compiler, '-p', folder], { maxBuffer: 64 * 1024 * 1024 })
  return (await run.catch((error: { stdout: string }) => error)).stdout
}
