// The nightly job of the examples, started as its reader would start it, for a thousand users.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createFileStore, readOrCreateSealingKey } from '../../src/stores/file/index.ts'
import { createTokenManager } from '../../src/tokens/index.ts'
import { type ListeningIssuer, startIssuer } from '../tokens/listen.ts'

const root = resolve(import.meta.dirname, '../..')
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

function runJob(): Promise<{ code: number | null; out: string }> {
  const command = ['--conditions=authentype-source', '--import', 'tsx', 'examples/nightly-job.ts']
  const env = {
    PATH: process.env.PATH,
    ISSUER: issuer.url,
    CLIENT_ID: registration.client_id,
    CLIENT_SECRET: registration.client_secret,
    API: `${issuer.url}/api`,
    JOB_HOME: home,
    USERS: join(home, 'users'),
  }
  const child = spawn(process.execPath, command, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.on('data', (chunk) => {
    out += String(chunk)
  })
  return new Promise((done) => child.on('close', (code) => done({ code, out })))
}

it('calls the API once for each user, with one refresh each, and names those who must log in', async () => {
  const first = await runJob()
  expect(first).toEqual({ code: 0, out: '{"done":990,"loginNeeded":10,"failed":0}\n' })
  expect(issuer.of('api')).toHaveLength(990)
  expect(issuer.of('token')).toHaveLength(1_000)
  expect(new Set(issuer.of('api').map(({ headers }) => headers.get('authorization'))).size).toBe(990)
  // A second run soon after finds the tokens that the first has stored, and knows who was refused.
  const second = await runJob()
  expect(second).toEqual(first)
  expect(issuer.of('api')).toHaveLength(1_980)
  expect(issuer.of('token')).toHaveLength(1_000)
}, 120_000)
