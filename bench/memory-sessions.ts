/**
 * `node --expose-gc --conditions=authentype-source --import tsx bench/memory-sessions.ts`: what 100,000 sessions
 * weigh in the memory store, and whether a lookup among them costs what it costs among a thousand. Not a test,
 * since its figures are the machine's. The aim is 150 MB, whatever the login left: opaque tokens alone, an id_token
 * of 700 characters, a DPoP key; more ends in exit code 1.
 */
import { randomBytes } from 'node:crypto'
import { type RecordStore, recordKey } from '../src/lib/record-store.ts'
import type { SessionState } from '../src/sessions/session-state.ts'
import { createMemoryStore } from '../src/stores/memory/index.ts'

const count = 100_000
/** Megabytes for all of them. */
const most = 150
const issuer = 'https://issuer.example'
const clientId = 'my-app'
const token = (bytes: number) => randomBytes(bytes).toString('base64url')
const json64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const indexValue = (value: string) => JSON.stringify([issuer, clientId, value])
const subjectOf = (i: number) => `user-${i}`

interface Kind {
  readonly label: string
  readonly hasIdToken: boolean
  readonly hasDpop: boolean
}

/** What a login leaves, as the session's record holds it. */
function aSession(i: number, { hasIdToken, hasDpop }: Kind): SessionState {
  const now = Date.now()
  const seconds = Math.floor(now / 1000)
  const times = { exp: seconds + 3_600, iat: seconds, auth_time: seconds }
  const subject = subjectOf(i)
  const claims = { iss: issuer, sub: subject, aud: clientId, ...times, nonce: token(32), sid: token(16) }
  const profile = { email: `${subject}@example.com`, email_verified: true }
  // RS256: the signature alone has 256 bytes.
  const idToken = `${json64({ alg: 'RS256', kid: token(8) })}.${json64({ ...claims, ...profile })}.${token(256)}`
  const tokens = {
    issuer,
    accessToken: token(32),
    tokenType: hasDpop ? ('DPoP' as const) : ('Bearer' as const),
    refreshToken: token(32),
    ...(hasIdToken && { idToken }),
    scope: 'openid profile offline_access',
    expiresAt: now + 3_600_000,
    receivedAt: now,
  }
  // Not a point on the curve; only its weight matters.
  const jwk = { kty: 'EC', crv: 'P-256', x: token(32), y: token(32), d: token(32) }
  return {
    format: 1,
    id: token(16),
    ref: token(9),
    issuer,
    clientId,
    subject,
    sid: claims.sid,
    userinfoOrigin: issuer,
    claims: { ...claims, ...(hasIdToken && profile) },
    generation: 1,
    createdAt: now,
    status: 'active',
    tokens,
    renewal: 1,
    ...(hasDpop && { dpopKey: { alg: 'ES256', jwk } }),
  }
}

async function put(store: RecordStore, from: number, to: number, kind: Kind) {
  const keys: string[] = []
  for (let i = from; i < to; i++) {
    const value = aSession(i, kind)
    const key = recordKey('session', value.id)
    const indexes = { subject: indexValue(value.subject!), sid: indexValue(value.sid!) }
    const expiresAt = value.createdAt + 90 * 86_400_000
    await store.commit([{ kind: 'put', key, value, expect: null, indexes, expiresAt }])
    keys.push(key)
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

async function measure(kind: Kind): Promise<void> {
  const before = heapUsed()
  const store = createMemoryStore()
  const keys = await put(store, 0, 1_000, kind)
  const lookups = async (size: number) => ({
    get: await timed((i) => store.get(keys[(i * 7919) % size]!)),
    find: await timed((i) => store.find('subject', indexValue(subjectOf((i * 7919) % size)))),
  })
  const few = await lookups(1_000)
  keys.push(...(await put(store, 1_000, count, kind)))
  const many = await lookups(count)
  keys.length = 0
  const megabytes = (heapUsed() - before) / 1e6
  console.log(`${kind.label}: ${megabytes.toFixed(0)} MB for ${count} sessions`)
  if (megabytes > most) process.exitCode = 1
  console.log(
    `  among 1,000: get ${few.get} ns, find ${few.find} ns; among ${count}: get ${many.get} ns, find ${many.find} ns`,
  )
  await store.sweep()
}

await measure({ label: 'Bearer, no id_token kept', hasIdToken: false, hasDpop: false })
await measure({ label: 'Bearer, id_token of 700 characters', hasIdToken: true, hasDpop: false })
await measure({ label: 'DPoP, id_token of 700 characters', hasIdToken: true, hasDpop: true })
