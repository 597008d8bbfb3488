import { StoreError } from '../errors/session.ts'
import type { Session } from '../sessions/session.ts'
import type { SessionGroup, SessionGroups } from '../sessions/session-group.ts'
import { unlessGone } from './accounts.ts'

/**
 * The session among those of its browser, under an id that nobody knew before: what somebody planted or saw opens
 * nothing any more (session fixation).
 *
 * Of two callbacks on their way at the same time, each with the old id, the later one begins a group of its own. It
 * cannot join the other's: a second tab comes with the very cookies that somebody has who planted both of them and
 * waited for the login, and would then be given its sessions.
 */
export async function joinGroup(
  groups: SessionGroups,
  held: string | undefined,
  session: Session,
): Promise<SessionGroup> {
  const group = (held === undefined ? undefined : await rotated(groups, held)) ?? groups.create()
  await group.addSession(session)
  await dropEnded(group, session)
  return group
}

/** Nothing where the record of the group is damaged: its cookie would keep the browser from each login for months. */
async function rotated(groups: SessionGroups, held: string): Promise<SessionGroup | undefined> {
  try {
    return await groups.rotate(held)
  } catch (error) {
    if (error instanceof StoreError && error.code === 'invalid_record') return undefined
    throw error
  }
}

/** Sessions of the same account that have ended are replaced by the new one. */
async function dropEnded(group: SessionGroup, { id, issuer, subject }: Session): Promise<void> {
  for (const other of await group.listSessions()) {
    const isReplaced = other.id !== id && other.issuer === issuer && other.subject === subject
    if (isReplaced && (await unlessGone(other.status())) === 'expired') await unlessGone(group.revokeSession(other.id))
  }
}
