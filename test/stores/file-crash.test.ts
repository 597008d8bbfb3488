// Whenever a process dies in the middle of a commit, the commit is whole or has not happened, and nobody waits.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeBundle } from '../../scripts/support/bundle.ts'
import { type RecordStore, recordKey } from '../../src/lib/record-store.ts'
import { createFileLock, createFileStore } from '../../src/stores/file/index.ts'

const root = mkdtempSync(join(tmpdir(), 'authentype-crash-'))
const child = join(root, 'child.mjs')
const key = (id: string) => recordKey('test', 'p', id)

beforeAll(async () => {
  const entryPoints = [join(import.meta.dirname, 'file-processes/child.ts')]
  await build({ ...nodeBundle, entryPoints, outfile: child })
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

interface Ended {
  readonly output: string
  readonly signal: NodeJS.Signals | null
  readonly code: number | null
}

interface Started {
  readonly process: ChildProcess
  /** It has printed something. */
  readonly begun: Promise<unknown>
  readonly ended: Promise<Ended>
}

function start(args: readonly string[]): Started {
  const started = spawn(process.execPath, [child, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  started.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const ended = new Promise<Ended>((resolve) =>
    started.once('close', (code, signal) => resolve({ output, code, signal })),
  )
  return { process: started, begun: once(started.stdout, 'data'), ended }
}

const values = async (store: RecordStore) =>
  await Promise.all(['a', 'b', 'c', 'd'].map(async (id) => (await store.get(key(id)))?.value ?? null))
const found = async (store: RecordStore) => {
  const names = ['a', 'b', 'c', 'a2', 'd2']
  return (
    await Promise.all(names.map(async (name) => (await store.find('name', name)).map(({ value }) => value)))
  ).flat()
}

async function aDirectory(name: string, ids: readonly string[]): Promise<string> {
  const directory = join(root, name)
  const store = createFileStore(directory, { keys: 'unsealed' })
  for (const id of ids) {
    await store.commit([{ kind: 'put', key: key(id), value: id, expect: null, indexes: { name: id } }])
  }
  return directory
}

const before = ['a', 'b', 'c', null]
const tasks = [
  { task: 'together', ids: ['a', 'b', 'c'], before, after: ['a2', null, 'c', 'd2'] },
  { task: 'put', ids: ['a', 'b', 'c'], before, after: ['a2', 'b', 'c', null] },
  { task: 'delete', ids: ['a', 'b', 'c'], before, after: ['a', null, 'c', null] },
  { task: 'create', ids: [], before: [null, null, null, null], after: ['a2', null, null, null] },
]

describe('a process that dies in the middle of a commit', () => {
  it.each(tasks)(
    'leaves it whole or undone, at each step: $task',
    { timeout: 120_000 },
    async ({ task, ids, ...states }) => {
      const origin = await aDirectory(task, ids)
      const seen: string[] = []
      for (let step = 0; ; step++) {
        const directory = `${origin}-${step}`
        if (existsSync(origin)) cpSync(origin, directory, { recursive: true })
        const { signal } = await start([task, directory, String(step)]).ended
        const store = createFileStore(directory, { keys: 'unsealed', maxWait: 2_000 })
        const at = `after step ${step}`

        const read = await values(store)
        const isAfter = JSON.stringify(read) === JSON.stringify(states.after)
        if (!isAfter) expect(read, at).toEqual(states.before)
        const wanted = read.filter((value) => value !== null)
        expect((await found(store)).map(String).sort(), `found ${at}`).toEqual(wanted.map(String).sort())

        // The next commit waits for nobody, ends what was begun, and what is read stays what it was.
        const next = await store.commit([{ kind: 'put', key: key('next'), value: 1, expect: null }])
        expect(next.ok, at).toBe(true)
        expect(await values(store), `after the next commit, ${at}`).toEqual(read)
        await store.sweep()
        expect(readdirSync(directory).sort(), at).toEqual([
          'expiry',
          'indexes',
          'indexes-complete',
          'records',
          'staged',
        ])
        expect(readdirSync(join(directory, 'staged')), at).toEqual([])
        rmSync(directory, { recursive: true })
        seen.push(isAfter ? 'after' : 'before')
        if (signal === null) break
      }
      expect(seen.length).toBeGreaterThan(8)
      expect(seen.at(-1)).toBe('after')
      // Once it has happened, it stays so.
      expect(seen.join(' ')).toMatch(/^(before )+after( after)*$/)
    },
  )
})

describe('several processes', () => {
  it('lose no update, and none is half done, while one of them is killed', { timeout: 60_000 }, async () => {
    const directory = join(root, 'shared')
    const store = createFileStore(directory, { keys: 'unsealed' })
    for (const id of ['x', 'y']) await store.commit([{ kind: 'put', key: key(id), value: 0, expect: null }])
    const running = ['1000000', '40', '40', '40'].map((times) => start(['raise', directory, times]))
    setTimeout(() => running[0]!.process.kill('SIGKILL'), 400)
    const ends = await Promise.all(running.map(({ ended }) => ended))
    const [killed, ...others] = ends.map(({ output }) => output.length) as [number, ...number[]]
    expect(others).toEqual([40, 40, 40])
    const [x, y] = await Promise.all(['x', 'y'].map(async (id) => (await store.get(key(id)))!.value as number))
    expect(x).toBe(y)
    // The one that died may have done one more than it could say.
    expect([120 + killed, 121 + killed]).toContain(x)
    expect(await store.find('value', String(x))).toHaveLength(1)
    expect(await store.find('value', String(x! - 1))).toHaveLength(0)
  })

  it('get one sealing key, however many ask first at the same time', async () => {
    const path = join(root, 'config', 'key')
    const ends = await Promise.all(Array.from({ length: 6 }, () => start(['key', path]).ended))
    expect(ends[0]!.output).toMatch(/^[\w-]{43}$/)
    expect(new Set(ends.map(({ output }) => output)).size).toBe(1)
    expect(readdirSync(join(root, 'config'))).toEqual(['key'])
  })

  it('take a lock over at once when its owner was killed', async () => {
    const directory = join(root, 'shared-lock')
    const owner = start(['hold', directory])
    await owner.begun
    const lock = createFileLock(directory, { maxWait: 5_000 })
    let isKilled = false
    const waiting = lock.withLock('k', async () => isKilled)
    await new Promise((resolve) => setTimeout(resolve, 200))
    isKilled = owner.process.kill('SIGKILL')
    expect(await waiting).toBe(true)
    await owner.ended
  })
})
