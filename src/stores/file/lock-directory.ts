import { mkdir, readdir, rename, rm, rmdir, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Runtime } from '../../lib/runtime.ts'
import { hasCode, readIfThere, removeIfEmpty, unlinkIfThere } from './durable-files.ts'
import { ownLockOwner, parseLockOwner, stateOfOwner } from './lock-owner.ts'

/**
 * A lock in the file system: a directory that holds one file, named by the owner's token, that says who the
 * owner is.
 *
 * A directory is moved into its place whole, and only onto none or an empty one: so no lock is ever without
 * its owner, and only one can win. A dead owner's file is removed by its own name: so of many who take the lock
 * over none can remove the file of one who was faster.
 */
export interface LockDirectory {
  /** @param waited milliseconds that this caller has waited so far */
  acquire(token: string, waited: number): Promise<boolean>
  /** Shows that the owner is alive to those who cannot see its process. */
  renew(token: string): Promise<void>
  release(token: string): Promise<void>
  /** Whether it is still held under `token`. */
  isHeld(token: string): Promise<boolean>
  /** Who holds it, for a message. */
  describeOwner(): Promise<string>
}

export interface LockDirectoryOptions {
  readonly runtime: Runtime
  /** Milliseconds without a sign of life after which an owner is given up whose process cannot be seen. */
  readonly patience: number
}

interface Sighting {
  readonly token: string
  readonly touched: number
  /** Milliseconds for which waiters have seen it so, in all; counted, so that no clock that is set can shorten it. */
  watched: number
  /** How long the present waiter had waited when it looked last. */
  waited: number
}

export function createLockDirectory(path: string, options: LockDirectoryOptions): LockDirectory {
  const { runtime, patience } = options
  let sighting: Sighting | undefined

  /** Clears a dead owner away. True when the lock looks free. */
  async function isFree(waited: number): Promise<boolean> {
    const token = await ownerToken(path)
    if (token === undefined) return true
    const file = join(path, token)
    const [text, touched] = await Promise.all([readIfThere(file), touchedAt(file)])
    // Given back in this moment.
    if (text === undefined || touched === undefined) return false
    const owner = parseLockOwner(text)
    const state = owner ? await stateOfOwner(owner) : 'unknown'
    if (state === 'alive') return false
    if (state === 'unknown') {
      if (sighting?.token !== token || sighting.touched !== touched) {
        sighting = { token, touched, watched: 0, waited }
      }
      // A new waiter begins to count anew, and goes on watching where the last one gave up.
      sighting.watched += Math.max(0, waited - sighting.waited)
      sighting.waited = waited
      if (sighting.watched < patience) return false
    }
    await unlinkIfThere(file)
    return true
  }

  return {
    async acquire(token, waited) {
      // It could not be given back, and is taken up by the same owner.
      if ((await ownerToken(path)) === token) return true
      if (!(await isFree(waited))) return false
      sighting = undefined
      return await moveIn(path, token)
    },
    async renew(token) {
      const now = runtime.now() / 1000
      await utimes(join(path, token), now, now)
    },
    async release(token) {
      await unlinkIfThere(join(path, token))
      await removeIfEmpty(path)
    },
    isHeld: async (token) => (await touchedAt(join(path, token))) !== undefined,
    async describeOwner() {
      const token = await ownerToken(path)
      const owner = parseLockOwner((token && (await readIfThere(join(path, token)))) ?? '')
      return owner ? `process ${owner.pid} on ${owner.host}` : 'a process that left no name'
    },
  }
}

/** False when another was faster. */
async function moveIn(path: string, token: string): Promise<boolean> {
  const pending = `${path}.${token}`
  await mkdir(pending, { mode: 0o700 })
  try {
    await writeFile(join(pending, token), JSON.stringify(await ownLockOwner()), { mode: 0o600 })
    if (process.platform === 'win32') await removeIfEmpty(path)
    await rename(pending, path)
    // Whoever cleared up behind dead processes may have taken the name out before it was moved: then the lock is
    // nobody's, and somebody else can move in at any moment.
    return (await touchedAt(join(path, token))) !== undefined
  } catch (error) {
    await rm(pending, { recursive: true, force: true })
    // ENOENT: it was cleared away while it was not complete yet.
    if (hasCode(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT') || (process.platform === 'win32' && hasCode(error, 'EPERM')))
      return false
    throw error
  }
}

/**
 * Removes what processes left that died while they moved in: directories beside the lock whose owner is dead.
 *
 * @param folder that holds the locks
 */
export async function clearPending(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const token = /^[^.]+\.([\w-]{22})$/.exec(name)?.[1]
    if (token === undefined) continue
    const owner = parseLockOwner((await readIfThere(join(folder, name, token))) ?? '')
    // One without a name may be on its way in this moment: it begins anew.
    if (owner && (await stateOfOwner(owner)) !== 'dead') continue
    await unlinkIfThere(join(folder, name, token))
    await rmdir(join(folder, name)).catch(() => {})
  }
}

async function ownerToken(path: string): Promise<string | undefined> {
  try {
    return (await readdir(path))[0]
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

async function touchedAt(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).mtimeMs
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}
