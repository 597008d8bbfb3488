// A nightly job: for each user who once logged in, a report from an API, with a token of that user. The web app has
// registered the refresh tokens (`manager.refreshTokens.register`) in the same store. USERS names a file of subjects,
// one a line. Run it with `npx tsx examples/nightly-job.ts`.
import { readFile } from 'node:fs/promises'
import { withAccessToken } from 'authentype/api'
import { createFileLock, createFileStore, readOrCreateSealingKey } from 'authentype/stores/file'
import { createTokenManager, TokenError } from 'authentype/tokens'

const {
  ISSUER: issuer = '',
  CLIENT_ID = '',
  CLIENT_SECRET = '',
  API = '',
  JOB_HOME: home = '.job',
  USERS = '',
} = process.env

const manager = createTokenManager({
  store: createFileStore(`${home}/records`, { keys: [await readOrCreateSealingKey(`${home}/key`)] }),
  lock: createFileLock(`${home}/locks`), // the web app may refresh at the same time
  clients: [{ issuer, client_id: CLIENT_ID, client_secret: CLIENT_SECRET }],
  allowLoopbackHttp: true, // an issuer on this machine
})

async function fetchReport(sub: string): Promise<Response> {
  const subject = { kind: 'sub', sub } as const
  const source = manager.tokenSource({ issuer, client: CLIENT_ID, subject, scopes: ['reports:read'] })
  const send = withAccessToken((request) => fetch(request), source, { origins: [API], allowLoopbackHttp: true })
  return await send(new Request(API))
}

const outcome = { done: 0, loginNeeded: 0, failed: 0 }

async function runFor(sub: string): Promise<void> {
  try {
    const response = await fetchReport(sub)
    await response.arrayBuffer()
    outcome[response.ok ? 'done' : 'failed']++
  } catch (error) {
    // Only the user can do something about these: tell them to log in. Everything else is tried again tomorrow.
    const isOver = error instanceof TokenError && error.code.startsWith('no_suitable_')
    outcome[isOver ? 'loginNeeded' : 'failed']++
  }
}

const subjects = (await readFile(USERS, 'utf8')).split('\n').filter(Boolean)
const workers = Array.from({ length: 20 }, async () => {
  for (let sub = subjects.pop(); sub !== undefined; sub = subjects.pop()) await runFor(sub)
})
await Promise.all(workers)
await manager.settled()
console.log(JSON.stringify(outcome))
