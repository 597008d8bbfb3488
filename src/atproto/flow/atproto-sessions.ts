import { AtprotoError } from '../../errors/atproto.ts'
import { SessionError } from '../../errors/session.ts'
import type { Session } from '../../sessions/session.ts'
import type { KeptSessions } from '../../sessions/sessions.ts'
import type { AtprotoSessions } from '../atproto-client-types.ts'
import { isDid } from '../did.ts'

export function createAtprotoSessions(kept: KeptSessions): AtprotoSessions {
  async function findByDid(did: string): Promise<readonly Session[]> {
    if (!isDid(did)) throw new TypeError('findByDid: "did" must be a DID')
    return (await kept.findBySubject(did)).toSorted((one, other) => other.createdAt - one.createdAt)
  }

  async function newestOf(did: string): Promise<Session> {
    const sessions = await findByDid(did)
    const statuses = await Promise.all(sessions.map(statusOf))
    const live = sessions.find((_, i) => statuses[i] !== 'expired') ?? sessions[0]
    if (live) return live
    throw notFound(`${did} has no session here; the user must log in`)
  }

  async function byId(id: string): Promise<Session> {
    try {
      return await kept.get(id)
    } catch (error) {
      if (!(error instanceof SessionError) || error.code !== 'session_not_found') throw error
      throw notFound('there is no such session; it was logged out or has passed its lifetime', error)
    }
  }

  return {
    create: kept.create,
    get: kept.get,
    findByDid,
    open: async (idOrDid) => (isDid(idOrDid) ? await newestOf(idOrDid) : await byId(idOrDid)),
  }
}

/** One that was logged out meanwhile is as good as ended. */
async function statusOf(session: Session) {
  return await session.status().catch((error: unknown) => {
    if (error instanceof SessionError) return 'expired' as const
    throw error
  })
}

function notFound(message: string, cause?: unknown): AtprotoError {
  return new AtprotoError('not_found', message, { cause })
}
