import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GenerateError } from '../../errors/generate.ts'
import type { EmittedFile } from '../emit/file.ts'

/** The file's text; undefined where there is none. */
export async function readExisting(folder: string, name: string): Promise<string | undefined> {
  try {
    return await readFile(join(folder, name), 'utf8')
  } catch (cause) {
    if ((cause as { code?: string }).code === 'ENOENT') return undefined
    throw unwritable(join(folder, name), cause)
  }
}

/**
 * Writes all files or none: each goes to a temporary file beside its place, and only when all are there do they
 * take their names. `stale` files go last. Files that have not changed are not touched, so that no watcher wakes for them.
 */
export async function writeFiles(
  folder: string,
  files: readonly EmittedFile[],
  stale: readonly string[] = [],
): Promise<readonly string[]> {
  const changed: EmittedFile[] = []
  for (const file of files) if ((await readExisting(folder, file.name)) !== file.text) changed.push(file)
  const temporary = (file: EmittedFile): string => join(folder, `.${file.name}.${process.pid}.tmp`)
  try {
    await mkdir(folder, { recursive: true })
    for (const file of changed) await writeFile(temporary(file), file.text)
    for (const file of changed) await rename(temporary(file), join(folder, file.name))
    for (const name of stale) await rm(join(folder, name), { force: true })
  } catch (cause) {
    for (const file of changed) await rm(temporary(file), { force: true })
    throw unwritable(folder, cause)
  }
  return changed.map(({ name }) => name)
}

function unwritable(path: string, cause: unknown): GenerateError {
  return new GenerateError(
    'output_unwritable',
    `${path} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`,
    { file: path, cause },
  )
}
