import { stat } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

/** Milliseconds. Asked by time rather than by event: events are lost where an editor writes a file anew. */
const interval = 300

/** Runs, and runs again whenever one of the files changes that the run says it has read. Never ends by itself. */
export async function watchFiles(run: () => Promise<readonly string[]>, signal?: AbortSignal): Promise<void> {
  let files: readonly string[] = []
  for (;;) {
    // Taken before the run, so that what changes meanwhile is not missed; a new file counts from its first look.
    const before = await stampsOf(files)
    const read = await run()
    const known = new Set(files)
    const unknown = await stampsOf(read.filter((file) => !known.has(file)))
    files = read
    const stamps = new Map([...before, ...unknown].filter(([file]) => read.includes(file)))
    while (same(stamps, await stampsOf(files))) await delay(interval, undefined, signal ? { signal } : {})
  }
}

async function stampsOf(files: readonly string[]): Promise<Map<string, string>> {
  const stamps = await Promise.all(
    files.map(async (file): Promise<[string, string]> => {
      const found = await stat(file).catch(() => undefined)
      return [file, found ? `${found.mtimeMs} ${found.size}` : 'absent']
    }),
  )
  return new Map(stamps)
}

const same = (a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean =>
  a.size === b.size && [...a].every(([file, stamp]) => b.get(file) === stamp)
