// The examples as who has cloned the repository runs them, with nothing built.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { freePort } from '../support/local-servers.ts'
import { root } from './start-example.ts'

it.each(['examples/web-app.ts', 'examples/atproto-app/server.ts'])(
  'npm run example -- %s says where to open it, and is there',
  async (file) => {
    const port = await freePort()
    const child = spawn('npm', ['run', '--silent', 'example', '--', file], {
      cwd: root,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, PORT: String(port) },
      // A group of its own, so that the process behind npm ends with it.
      detached: true,
    })
    try {
      const [line] = (await once(child.stdout, 'data')) as [Buffer]
      expect(String(line)).toBe(`Open http://127.0.0.1:${port}\n`)
      const page = await (await fetch(`http://127.0.0.1:${port}`)).text()
      expect(page).toContain('Log in')
    } finally {
      process.kill(-child.pid!)
    }
  },
  30_000,
)
