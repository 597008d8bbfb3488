/**
 * `node --expose-gc --conditions=authentype-source --import tsx bench/memory-sessions.ts`: what 100,000 sessions
 * weigh in the memory store, and whether a lookup among them costs what it costs among a thousand. Not a test,
 * since its figures are the machine's. The aim is 150 MB for sessions as such; an id_token of 700 characters adds its
 * own text, 72 MB for so many, and a DPoP key its three numbers.
 */
import { randomBytes } from 'node:crypto'
import { type RecordStore, recordKey } from '../src/lib/record-store.ts'
import { createMemoryStore } from '../src/stores/memory/index.ts'

const count = 100_000
const token = (bytes: number) => randomBytes(bytes).toString('base64url')
const subjectIndex = (i: number) => JSON.stringify(['https://issuer.example', 'my-app', `user-${i}`])

/** What a login with an id_token of `idTokenBytes`, opaque tokens and, perhaps, DPoP leaves. */
function aSession(i: number, idTokenBytes: number, hasDpop: boolean) {
  const issuer = 'https://issuer.example'
  const id = token(16)
  const subject = `user-${i}`
  const now = Date.now()
  const claims = { iss: issuer, sub: subject, aud: 'my-app', exp: now, iat: now, nonce: token(32), sid: token(16) }
  const tokens = {
    accessToken: token(32),
    tokenType: hasDpop ? 'DPoP' : 'Bearer',
    refreshToken: token(32),
    ...(idTokenBytes > 0 && { idToken: token(idTokenBytes) }),
    scope: 'openid profile offline_access',
    expiresAt: now + 3_600_000,
  }
  // Not a point on the curve; only its weight matters.
  const jwk = { kty: 'EC', crv: 'P-256', x: token(32), y: token(32), d: token(32) }
  const dpopKey = hasDpop ? { dpopKey: { alg: 'ES256', jwk } } : {}
  const base = { format: 1, id, ref: token(9), issuer, clientId: 'my-app', subject, sid: claims.sid, claims }
  const state = { ...base, generation: 1, createdAt: now, nonces: {}, status: 'active', tokens, renewal: 1, ...dpopKey }
  const indexes = { subject: subjectIndex(i), sid: JSON.stringify([issuer, claims.sid]) }
  return { id, state, indexes, expiresAt: now + 90 * 86_400_000 }
}

async function put(store: RecordStore, from: number, to: number, idTokenBytes: number, hasDpop: boolean) {
  const keys: string[] = []
  for (let i = from; i < to; i++) {
    const { id, state, indexes, expiresAt } = aSession(i, idTokenBytes, hasDpop)
    keys.push(recordKey('session', id))
    await store.commit([{ kind: 'put', key: keys.at(-1)!, value: state, expect: null, indexes, expiresAt }])
  }
  return keys
}

/** Nanoseconds for one lookup, the median of several rounds. */
async function timed(task: (i: number) => Promise<unknown>): Promise<number> {
  const rounds: number[] = []
  for (let round = 0; round < 5; round++) {
    const begun = process.hrtime.bigint()
    for (let i = 0; i < 20_000; i++) await task(i)
    rounds.push(Number(process.hrtime.bigint() - begun) / 20_000)
  }
  return Math.round(rounds.sort((a, b) => a - b)[2]!)
}

function heapUsed(): number {
  if (!globalThis.gc) throw new Error('start with --expose-gc')
  globalThis.gc()
  globalThis.gc()
  const { heapUsed: heap, external } = process.memoryUsage()
  return heap + external
}

async function measure(label: string, idTokenBytes: number, hasDpop: boolean): Promise<void> {
  const before = heapUsed()
  const store = createMemoryStore()
  const keys = await put(store, 0, 1_000, idTokenBytes, hasDpop)
  const lookups = async (size: number) => ({
    get: await timed((i) => store.get(keys[(i * 7919) % size]!)),
    find: await timed((i) => store.find('subject', subjectIndex((i * 7919) % size))),
  })
  const few = await lookups(1_000)
  keys.push(...(await put(store, 1_000, count, idTokenBytes, hasDpop)))
  const many = await lookups(count)
  keys.length = 0
  const megabytes = (heapUsed() - before) / 1e6
  console.log(`${label}: ${megabytes.toFixed(0)} MB for ${count} sessions`)
  console.log(
    `  among 1,000: get ${few.get} ns, find ${few.find} ns; among ${count}: get ${many.get} ns, find ${many.find} ns`,
  )
  await store.sweep()
}

await measure('Bearer, no id_token kept', 0, false)
await measure('Bearer, id_token of 700 characters', 525, false)
await measure('DPoP, id_token of 700 characters', 525, true)
