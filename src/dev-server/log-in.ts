import { createEvent } from '../server/index.ts'
import { tooMany } from './answers.ts'
import type { DevContext } from './context.ts'
import type { DevRequest } from './exchange.ts'
import { endLogin, startLogin } from './logins.ts'
import { Refused, type RequestInfo } from './read-request.ts'

export type LogInOutcome =
  | { readonly ok: true; readonly cookies: readonly string[] }
  | { readonly ok: false; readonly problem: string; readonly username: string }

/**
 * What the login form sent. A login gets a new id, so that one that was planted before is worth nothing. Wrong
 * passwords are counted by address, whoever they are for, since guesses can go from name to name.
 *
 * @throws Refused with 429 for an address that has guessed too often, with the right password too
 */
export async function logIn(
  context: DevContext,
  request: DevRequest,
  form: URLSearchParams,
  { clientIp }: RequestInfo,
): Promise<LogInOutcome> {
  const caller = clientIp ?? ''
  const wait = context.passwordGuesses.count(caller)
  if (wait > 0) throw new Refused(tooMany(wait), 'too many passwords')
  const username = form.get('username') ?? ''
  const subject = context.accounts.authenticate(username, form.get('password') ?? '')
  if (subject === undefined) {
    context.emit([createEvent('auth_denied', { metadata: { clientIp, reason: 'wrong user name or password' } })])
    return { ok: false, problem: 'User name or password is wrong.', username }
  }
  context.passwordGuesses.forgive(caller)
  await endLogin(context, request)
  context.emit([createEvent('auth_succeeded', { subject, metadata: { clientIp } })])
  return { ok: true, cookies: [await startLogin(context, subject)] }
}
