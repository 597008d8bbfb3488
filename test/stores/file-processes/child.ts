// A process that dies in the middle: killed before its nth step in the file system (a write is torn in half), or
// whenever its parent likes. The parent bundles and starts it.
import promises, { type FileHandle } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { recordKey } from '../../../src/lib/record-store.ts'
import { createFileLock, createFileStore, readOrCreateSealingKey } from '../../../src/stores/file/index.ts'

const [task, directory, limit] = process.argv.slice(2) as [string, string, string]
const store = createFileStore(directory, { keys: 'unsealed' })
const key = (id: string) => recordKey('test', 'p', id)

function dieAtStep(last: number): void {
  let steps = 0
  const step = () => {
    if (++steps > last) process.kill(process.pid, 'SIGKILL')
  }
  for (const name of ['mkdir', 'rename', 'unlink', 'rmdir', 'writeFile', 'rm', 'link'] as const) {
    const real = promises[name] as (...args: unknown[]) => Promise<unknown>
    const counted = (...args: unknown[]) => {
      step()
      return real(...args)
    }
    Object.assign(promises, { [name]: counted })
  }
  const { open } = promises
  Object.assign(promises, {
    open: async (...args: Parameters<typeof open>) => {
      if (args[1] !== 'r') step()
      return tearing(await open(...args), () => steps === last, step)
    },
  })
  syncBuiltinESMExports()
}

function tearing(file: FileHandle, isLast: () => boolean, step: () => void): FileHandle {
  const { writeFile, sync } = file
  file.writeFile = async (data) => {
    step()
    await writeFile.call(file, isLast() ? String(data).slice(0, String(data).length / 2) : data)
  }
  file.sync = async () => {
    step()
    await sync.call(file)
  }
  return file
}

async function version(id: string): Promise<string> {
  return (await store.get(key(id)))!.version
}

const tasks: Record<string, () => Promise<void>> = {
  async together() {
    const [a, b] = [await version('a'), await version('b')]
    dieAtStep(Number(limit))
    await store.commit([
      { kind: 'put', key: key('a'), value: 'a2', expect: a, indexes: { name: 'a2' } },
      { kind: 'delete', key: key('b'), expect: b },
      { kind: 'put', key: key('d'), value: 'd2', expect: null, indexes: { name: 'd2' }, expiresAt: 9e12 },
    ])
  },
  async put() {
    const a = await version('a')
    dieAtStep(Number(limit))
    await store.commit([{ kind: 'put', key: key('a'), value: 'a2', expect: a, indexes: { name: 'a2' } }])
  },
  async delete() {
    const b = await version('b')
    dieAtStep(Number(limit))
    await store.commit([{ kind: 'delete', key: key('b'), expect: b }])
  },
  async create() {
    dieAtStep(Number(limit))
    await store.commit([{ kind: 'put', key: key('a'), value: 'a2', expect: null, indexes: { name: 'a2' } }])
  },
  /** Raises two counters together, and says so after each time. */
  async raise() {
    for (let done = 0; done < Number(limit); ) {
      const [x, y] = (await Promise.all([store.get(key('x')), store.get(key('y'))])) as [Counter, Counter]
      const result = await store.commit([
        { kind: 'put', key: key('x'), value: x.value + 1, expect: x.version, indexes: { value: String(x.value + 1) } },
        { kind: 'put', key: key('y'), value: y.value + 1, expect: y.version },
      ])
      if (!result.ok) continue
      done++
      process.stdout.write('.')
    }
  },
  async hold() {
    await createFileLock(directory).withLock('k', async () => {
      process.stdout.write('held')
      await new Promise((resolve) => setTimeout(resolve, 60_000))
    })
  },
  async key() {
    process.stdout.write(await readOrCreateSealingKey(directory))
  },
}

type Counter = { readonly value: number; readonly version: string }

await tasks[task]!()
