import { createEvent } from '../server/index.ts'
import type { DevContext } from './context.ts'
import type { DevRequest } from './exchange.ts'
import { endLogin, startLogin } from './logins.ts'
import type { RequestInfo } from './read-request.ts'

export type LogInOutcome =
  | { readonly ok: true; readonly cookies: readonly string[] }
  | { readonly ok: false; readonly problem: string; readonly username: string }

/** What the login form sent. A login gets a new id, so that one that was planted before is worth nothing. */
export async function logIn(
  context: DevContext,
  request: DevRequest,
  form: URLSearchParams,
  { clientIp }: RequestInfo,
): Promise<LogInOutcome> {
  const username = form.get('username') ?? ''
  const subject = context.accounts.authenticate(username, form.get('password') ?? '')
  if (subject === undefined) {
    context.emit([createEvent('auth_denied', { metadata: { clientIp, reason: 'wrong user name or password' } })])
    return { ok: false, problem: 'User name or password is wrong.', username }
  }
  await endLogin(context, request)
  context.emit([createEvent('auth_succeeded', { subject, metadata: { clientIp } })])
  return { ok: true, cookies: [await startLogin(context, subject)] }
}
