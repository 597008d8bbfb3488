import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { GenerateError } from '../../errors/generate.ts'
import type { EmittedFile } from '../emit/file.ts'

/** The file's text; undefined where there is none. Git may have given its lines the ends of Windows, which say nothing. */
export async function readExisting(folder: string, name: string): Promise<string | undefined> {
  try {
    return (await readFile(join(folder, name), 'utf8')).replaceAll('\r\n', '\n')
  } catch (cause) {
    if ((cause as { code?: string }).code === 'ENOENT') return undefined
    throw unwritable(join(folder, name), cause)
  }
}

/** Tells the temporary files of two runs in one process apart. */
let writes = 0

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
  const mark = `${process.pid}.${++writes}`
  const temporary = (file: EmittedFile): string => join(folder, `.${file.name}.${mark}.tmp`)
  try {
    await makeFolder(folder)
    for (const file of changed) await writeFile(temporary(file), file.text)
    for (const file of changed) await rename(temporary(file), join(folder, file.name))
    for (const name of stale) await rm(join(folder, name), { force: true })
  } catch (cause) {
    for (const file of changed) await rm(temporary(file), { force: true })
    throw unwritable(folder, cause)
  }
  return changed.map(({ name }) => name)
}

/** Not `recursive`: Node then tries for ever where a parent exists but nothing can be made in it, as in `/proc`. */
async function makeFolder(folder: string, mayLackParent = true): Promise<void> {
  try {
    await mkdir(folder)
  } catch (cause) {
    const { code } = cause as { code?: string }
    // Made by an earlier run, or by another one meanwhile. A file of that name is told by the writing.
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || !mayLackParent || dirname(folder) === folder) throw cause
    await makeFolder(dirname(folder))
    await makeFolder(folder, false)
  }
}

function unwritable(path: string, cause: unknown): GenerateError {
  return new GenerateError(
    'output_unwritable',
    `${path} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`,
    { file: path, cause },
  )
}
