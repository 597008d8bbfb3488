import { timingSafeEqual } from '../lib/constant-time.ts'
import type { LoginHint, LoginHintResult } from '../server/index.ts'
import type { AttemptLimiter } from './attempt-limiter.ts'
import type { DevUser } from './options.ts'

/** Who can log in. */
export interface Accounts {
  /** The subject, where name and password fit. */
  authenticate(username: string, password: string): string | undefined
  find(subject: string): DevUser | undefined
  /** The user whom a client means (CIBA Core 7.1): by user name, subject or e-mail address. */
  resolveHint(hint: LoginHint): LoginHintResult
  /** How a page calls somebody. */
  nameOf(subject: string): string
}

/**
 * @param guesses counts wrong user codes by the user: whichever clients guess, and however many
 * @throws TypeError for two users of one name or subject
 */
export function createAccounts(users: readonly DevUser[], guesses: AttemptLimiter): Accounts {
  const byName = new Map(users.map((user) => [user.username, user]))
  const bySubject = new Map(users.map((user) => [subjectOf(user), user]))
  if (byName.size < users.length || bySubject.size < users.length) {
    throw new TypeError('users: two have the same username or sub')
  }
  const byEmail = (email: string) => users.find(({ claims }) => claims?.email === email)
  return {
    authenticate(username, password) {
      const user = byName.get(username)
      // An unknown name costs the same comparison.
      const fits = timingSafeEqual(user?.password ?? '', password)
      return user && fits ? subjectOf(user) : undefined
    },
    find: (subject) => bySubject.get(subject),
    resolveHint({ kind, value, userCode }) {
      // A login_hint_token is of a form that client and server agree on, and nothing was agreed on here.
      const user =
        kind === 'login_hint_token' ? undefined : (bySubject.get(value) ?? byName.get(value) ?? byEmail(value))
      if (!user) return { error: 'unknown_user_id' }
      if (user.userCode === undefined) return { subject: subjectOf(user) }
      if (userCode === undefined) return { error: 'missing_user_code' }
      const subject = subjectOf(user)
      // CIBA Core 13: nobody is asked for whoever guesses, with the right code neither, or a guess would show as right.
      if (guesses.count(subject) > 0) return { error: 'access_denied' }
      if (!timingSafeEqual(user.userCode, userCode)) return { error: 'invalid_user_code' }
      guesses.forgive(subject)
      return { subject }
    },
    nameOf(subject) {
      const user = bySubject.get(subject)
      return typeof user?.claims?.name === 'string' ? user.claims.name : (user?.username ?? subject)
    },
  }
}

function subjectOf({ sub, username }: DevUser): string {
  return sub ?? username
}
