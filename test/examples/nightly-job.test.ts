// The nightly job of the examples, started as its reader would start it: for the users of the development server, who
// are asked first, and for a thousand users of another.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createDevServer } from '../../src/dev-server/index.ts'
import { createFileStore, readOrCreateSealingKey } from '../../src/stores/file/index.ts'
import { createTokenManager } from '../../src/tokens/index.ts'
import { HeadlessBrowser } from '../dev-server/headless-browser.ts'
import { type ListeningIssuer, startIssuer } from '../tokens/listen.ts'
import { startExample } from './start-example.ts'

const home = mkdtempSync(join(tmpdir(), 'authentype-job-'))
const subjects = Array.from({ length: 1_000 }, (_, i) => `user ${i}`)
const registration = { client_id: 'my-app', client_secret: 'a secret of some length, for a client of tests' }
let issuer: ListeningIssuer

/** As the web app does at each login; the last ten users have been logged out at the issuer since. */
async function registerUsers(): Promise<void> {
  const keys = [await readOrCreateSealingKey(join(home, 'key'))]
  const store = createFileStore(join(home, 'records'), { keys })
  const manager = createTokenManager({ store, autoIntrospect: false })
  const place = { issuer: issuer.url, client: registration }
  const left = [...subjects]
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      for (let sub = left.pop(); sub !== undefined; sub = left.pop()) {
        const isGone = subjects.indexOf(sub) >= 990
        const refreshToken = isGone ? `ended ${sub}` : issuer.login(sub, 'openid reports:read')
        await manager.refreshTokens.register(refreshToken, {
          ...place,
          metadata: { sub, scope: 'openid reports:read' },
        })
      }
    }),
  )
}

beforeAll(async () => {
  issuer = await startIssuer()
  await registerUsers()
  writeFileSync(join(home, 'users'), subjects.join('\n'))
}, 120_000)

afterAll(async () => {
  rmSync(home, { recursive: true, force: true })
  await issuer?.close()
})

async function runJob(): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const env = {
    ISSUER: issuer.url,
    CLIENT_ID: registration.client_id,
    CLIENT_SECRET: registration.client_secret,
    SCOPE: 'reports:read',
    API: `${issuer.url}/api`,
    JOB_HOME: home,
  }
  const job = startExample('nightly-job/main.ts', { env })
  return { code: await job.ended, ...job.out }
}

it('calls the API once for each user, with one refresh each, and names those who must log in', async () => {
  const first = await runJob()
  expect(first).toEqual({ code: 0, stdout: '{"done":990,"loginNeeded":10,"failed":0}\n', stderr: '' })
  expect(issuer.of('api')).toHaveLength(990)
  expect(issuer.of('token')).toHaveLength(1_000)
  expect(new Set(issuer.of('api').map(({ headers }) => headers.get('authorization'))).size).toBe(990)
  // A second run soon after finds the tokens that the first has stored, and knows who was refused.
  const second = await runJob()
  expect(second).toEqual(first)
  expect(issuer.of('api')).toHaveLength(1_980)
  expect(issuer.of('token')).toHaveLength(1_000)
}, 120_000)

it('has users of the development server asked, and then works for those who have allowed it', async () => {
  const server = await createDevServer()
  const cwd = mkdtempSync(join(tmpdir(), 'authentype-asked-'))
  const env = { ISSUER: server.issuer }
  let visits: Promise<unknown>[] = []
  const asking = startExample('nightly-job/ask-users.ts', {
    cwd,
    env,
    args: ['alice', 'bob'],
    onError: (text) => {
      const asked = [...text.matchAll(/^(\w+) is asked/gm)].map(([, username]) => username!)
      const browse = (username: string) => new HeadlessBrowser().travel(`${server.issuer}/inbox`, { username })
      visits = [...visits, ...asked.map(browse)]
    },
  })
  expect(await asking.ended, asking.out.stderr).toBe(0)
  expect(await Promise.all(visits)).toEqual([
    expect.stringContaining('Nothing waits'),
    expect.stringContaining('Nothing waits'),
  ])
  const job = startExample('nightly-job/main.ts', { cwd, env })
  expect(await job.ended, job.out.stderr).toBe(0)
  expect(job.out.stdout).toBe('{"done":2,"loginNeeded":0,"failed":0}\n')
  await server.close()
  rmSync(cwd, { recursive: true, force: true })
}, 60_000)
