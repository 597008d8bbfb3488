import { access, mkdir, open, readFile, rename, rmdir, unlink } from 'node:fs/promises'

/** Whether an error of the file system is one of these: `ENOENT`, `EEXIST`, ... */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(String((error as { code?: unknown } | undefined)?.code))
}

/** A new file for its owner alone, on the disk when this resolves. */
export async function writeNewFile(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** What a file holds; `undefined` where there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

export async function isThere(path: string): Promise<boolean> {
  return await ifThere(() => access(path))
}

/** False where there was none. */
export async function unlinkIfThere(path: string): Promise<boolean> {
  return await ifThere(() => unlink(path))
}

/** False where `from` was not there. */
export async function renameIfThere(from: string, to: string): Promise<boolean> {
  return await ifThere(() => rename(from, to))
}

async function ifThere(task: () => Promise<void>): Promise<boolean> {
  try {
    await task()
    return true
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false
    throw error
  }
}

/** A directory for its owner alone. False where it was there. */
export async function makeDirectory(path: string): Promise<boolean> {
  return (await mkdir(path, { recursive: true, mode: 0o700 })) !== undefined
}

export async function removeIfEmpty(path: string): Promise<void> {
  try {
    await rmdir(path)
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST', 'EPERM')) throw error
  }
}

/** Names that came into a directory or went from it are on the disk when this resolves. */
export async function syncDirectory(path: string): Promise<void> {
  // Windows opens no directories; there the file system's own journal has to do.
  if (process.platform === 'win32') return
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
