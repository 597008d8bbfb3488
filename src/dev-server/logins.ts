import { recordKey } from '../lib/record-store.ts'
import { epochSeconds } from '../lib/runtime.ts'
import { createRandomToken } from '../protocol/random-token.ts'
import type { LoginSession } from '../server/index.ts'
import { formatCookie, hashText, readCookie } from './browser.ts'
import type { DevContext } from './context.ts'
import type { DevRequest } from './exchange.ts'

interface LoginRecord {
  readonly format: 'dev-login-1'
  readonly session: LoginSession
}

const loginCookie = 'authentype_login'
/** Seconds: a working day. */
const lifetime = 28_800

/** The login of a browser at this server. */
export async function readLogin(context: DevContext, request: DevRequest): Promise<LoginSession | undefined> {
  const id = readCookie(request, loginCookie)
  const stored = id === undefined ? undefined : await context.store.get(await keyOf(id))
  const record = stored?.value as LoginRecord | undefined
  return record && context.accounts.find(record.session.subject) ? record.session : undefined
}

/** A login of this moment. */
export function createSession({ runtime }: Pick<DevContext, 'runtime'>, subject: string): LoginSession {
  return { subject, sid: createRandomToken(runtime), authTime: epochSeconds(runtime), amr: ['pwd'] }
}

/** Logs a user in, under a fresh id. @returns the cookie */
export async function startLogin(context: DevContext, subject: string): Promise<string> {
  const { runtime, store } = context
  const id = createRandomToken(runtime)
  const session = createSession(context, subject)
  const value: LoginRecord = { format: 'dev-login-1', session }
  const expiresAt = runtime.now() + lifetime * 1000
  await store.commit([{ kind: 'put', key: await keyOf(id), value, expect: null, expiresAt }])
  return formatCookie(context, loginCookie, id)
}

/** Forgets the login of a browser. @returns the cookie that takes the old one away */
export async function endLogin(context: DevContext, request: DevRequest): Promise<string> {
  const id = readCookie(request, loginCookie)
  const stored = id === undefined ? undefined : await context.store.get(await keyOf(id))
  if (stored) await context.store.commit([{ kind: 'delete', key: stored.key, expect: stored.version }])
  return formatCookie(context, loginCookie, '')
}

async function keyOf(id: string): Promise<string> {
  return recordKey('dev_login', await hashText(id))
}
