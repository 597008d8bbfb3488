import { timingSafeEqual } from '../lib/constant-time.ts'
import type { DevUser } from './options.ts'

/** Who can log in. */
export interface Accounts {
  /** The subject, where name and password fit. */
  authenticate(username: string, password: string): string | undefined
  find(subject: string): DevUser | undefined
  /** How a page calls somebody. */
  nameOf(subject: string): string
}

/** @throws TypeError for two users of one name or subject */
export function createAccounts(users: readonly DevUser[]): Accounts {
  const byName = new Map(users.map((user) => [user.username, user]))
  const bySubject = new Map(users.map((user) => [subjectOf(user), user]))
  if (byName.size < users.length || bySubject.size < users.length) {
    throw new TypeError('users: two have the same username or sub')
  }
  return {
    authenticate(username, password) {
      const user = byName.get(username)
      // An unknown name costs the same comparison.
      const fits = timingSafeEqual(user?.password ?? '', password)
      return user && fits ? subjectOf(user) : undefined
    },
    find: (subject) => bySubject.get(subject),
    nameOf(subject) {
      const user = bySubject.get(subject)
      return typeof user?.claims?.name === 'string' ? user.claims.name : (user?.username ?? subject)
    },
  }
}

function subjectOf({ sub, username }: DevUser): string {
  return sub ?? username
}
