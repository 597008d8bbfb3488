// A nightly job: for each user who has allowed it, a report from an API, with a token of that user. Let it be allowed
// with `npx tsx ask-users.ts alice bob`, then run `npx tsx main.ts` every night.
import { readFile } from 'node:fs/promises'
import { withAccessToken } from 'authentype/api'
import { TokenError } from 'authentype/tokens'
import { api, clientId, issuer, manager, scope, usersFile } from './manager.ts'

async function fetchReport(sub: string): Promise<Response> {
  const subject = { kind: 'sub', sub } as const
  const source = manager.tokenSource({ issuer, client: clientId, subject, scopes: scope.split(' ') })
  const send = withAccessToken((request) => fetch(request), source, { origins: [api], allowLoopbackHttp: true })
  return await send(new Request(api))
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

const subjects = (await readFile(usersFile, 'utf8')).split('\n').filter(Boolean)
const workers = Array.from({ length: 20 }, async () => {
  for (let sub = subjects.pop(); sub !== undefined; sub = subjects.pop()) await runFor(sub)
})
await Promise.all(workers)
await manager.settled()
console.log(JSON.stringify(outcome))
