// A process that starts clears up behind dead ones, and may take one that is just moving in for one of them.

import { mkdtempSync, rmSync } from 'node:fs'
import promises, { unlink } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { createFileLock } from '../../src/stores/file/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'authentype-lock-'))
const { writeFile } = promises

afterEach(() => {
  Object.assign(promises, { writeFile })
  syncBuiltinESMExports()
  rmSync(folder, { recursive: true, force: true })
})

it('is held by nobody whose name was cleared away on the way in', async () => {
  let cleared = 0
  const clearing: typeof writeFile = async (file, ...rest) => {
    await writeFile(file, ...rest)
    // Another process looked before the name was there, and takes it out now.
    if (cleared++ === 0) await unlink(file as string)
  }
  Object.assign(promises, { writeFile: clearing })
  syncBuiltinESMExports()
  let inside = 0
  let most = 0
  const task = async () => {
    most = Math.max(most, ++inside)
    await new Promise((resolve) => setTimeout(resolve, 100))
    inside--
  }
  // Two locks, as two processes have them: the second comes when the first is inside.
  const first = createFileLock(folder).withLock('key', task)
  await expect.poll(() => inside, { interval: 5 }).toBe(1)
  await Promise.all([first, createFileLock(folder).withLock('key', task)])
  expect(cleared).toBeGreaterThan(1)
  expect(most).toBe(1)
})
