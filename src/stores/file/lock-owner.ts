import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'

/** Who holds a lock, in words that another process can check. */
export interface LockOwner {
  readonly pid: number
  readonly host: string
  /**
   * Where `pid` means this process: on Linux the kernel's run and the namespace of process ids, so that neither
   * a restart of the machine nor a container on it is taken for the same place. Elsewhere the host.
   */
  readonly place: string
  /** When the process started, as the kernel counts, where that can be read: a pid is given out again. */
  readonly started?: string
}

let own: Promise<LockOwner> | undefined

/** This process. */
export function ownLockOwner(): Promise<LockOwner> {
  own ??= describeSelf()
  return own
}

async function describeSelf(): Promise<LockOwner> {
  const host = hostname()
  const [bootId, namespace, stat] = await Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => undefined),
    readlink('/proc/self/ns/pid').catch(() => undefined),
    processStat(process.pid),
  ])
  const place = bootId && namespace ? `${bootId.trim()} ${namespace}` : `host ${host}`
  return { pid: process.pid, host, place, ...(stat && { started: stat.started }) }
}

/** `unknown`: nobody here can tell, or nobody can be sure. */
export async function stateOfOwner(owner: LockOwner): Promise<'alive' | 'dead' | 'unknown'> {
  const self = await ownLockOwner()
  if (owner.place !== self.place) return 'unknown'
  if (!isRunning(owner.pid)) return 'dead'
  const stat = await processStat(owner.pid)
  if (!stat || owner.started === undefined) return 'unknown'
  // Another process has its number by now, or it has ended and only waits to be noticed by its parent.
  return stat.started !== owner.started || stat.hasEnded ? 'dead' : 'alive'
}

/** @returns `undefined` for text that no owner wrote */
export function parseLockOwner(text: string): LockOwner | undefined {
  try {
    const owner = JSON.parse(text) as Partial<LockOwner> | null
    const isOwner = Number.isSafeInteger(owner?.pid) && owner!.pid! > 0 && typeof owner!.place === 'string'
    return isOwner && typeof owner!.host === 'string' ? (owner as LockOwner) : undefined
  } catch {
    // Cut short by a crash of the machine, or not ours.
    return undefined
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it runs, as another user.
    return (error as { code?: unknown }).code !== 'ESRCH'
  }
}

/** From /proc, where there is one (proc(5): the state is field 3, the start time field 22). */
async function processStat(pid: number): Promise<{ started: string; hasEnded: boolean } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  // The second field is the program's name in brackets, and may hold both spaces and brackets.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ')
  const started = fields?.[19]
  return started === undefined ? undefined : { started, hasEnded: ['Z', 'X', 'x'].includes(fields![0]!) }
}
