import { recordKey } from '../lib/record-store.ts'
import { createRandomToken } from '../protocol/random-token.ts'
import {
  type BackchannelNotification,
  decideBackchannelRequest,
  findBackchannelRequest,
  type LoginSession,
  type PendingBackchannelRequest,
} from '../server/index.ts'
import type { DevContext } from './context.ts'
import { createSession } from './logins.ts'

/** A request that waits for its user, as the page shows it. */
export interface InboxEntry extends PendingBackchannelRequest {
  /** Names it in a form: not the client's id of it, which is a secret. */
  readonly entryId: string
}

interface InboxRecord {
  readonly format: 'dev-inbox-1'
  readonly entryId: string
  readonly authReqId: string
}

const subjectIndex = 'dev_inbox'
/** Milliseconds; a client's endpoint that is slower is not waited for. */
const notificationTimeout = 5_000

/** Puts a request before its user. */
export async function deliver(
  { store, runtime }: DevContext,
  { authReqId, subject, expiresAt }: PendingBackchannelRequest,
): Promise<void> {
  const entryId = createRandomToken(runtime)
  const value: InboxRecord = { format: 'dev-inbox-1', entryId, authReqId }
  const indexes = { [subjectIndex]: subject }
  const key = recordKey('dev_inbox', entryId)
  await store.commit([{ kind: 'put', key, value, expect: null, expiresAt: expiresAt * 1000, indexes }])
}

/** What waits for a user, the oldest first. */
export async function readInbox(context: DevContext, subject: string): Promise<readonly InboxEntry[]> {
  const records = await context.store.find(subjectIndex, subject)
  const entries = await Promise.all(
    records.map(async ({ value }) => {
      const { entryId, authReqId } = value as InboxRecord
      const pending = await findBackchannelRequest(context.config, authReqId)
      return pending && { ...pending, entryId }
    }),
  )
  return entries.filter((entry) => entry !== undefined).sort((one, other) => one.expiresAt - other.expiresAt)
}

/**
 * Enters what the user decided, and tells a client in ping mode.
 *
 * @returns whether there was something to decide
 */
export async function answerBackchannel(
  context: DevContext,
  authReqId: string,
  session: LoginSession | undefined,
): Promise<boolean> {
  const decision = session ? ({ approved: true, ...session } as const) : ({ approved: false } as const)
  const { decided, notification } = await decideBackchannelRequest(context.config, authReqId, decision)
  if (notification) await ping(notification)
  return decided
}

/** The same without a page: as if the user had logged in just now. */
export async function answerForUser(
  context: DevContext,
  authReqId: string,
  answer: 'allow' | 'deny',
): Promise<boolean> {
  const pending = await findBackchannelRequest(context.config, authReqId)
  if (!pending) return false
  const session = answer === 'allow' ? createSession(context, pending.subject) : undefined
  return answerBackchannel(context, authReqId, session)
}

/** CIBA Core 10.2. The client can poll all the same, so a ping that fails is not repeated. */
async function ping({ endpoint, token, authReqId }: BackchannelNotification): Promise<void> {
  try {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ auth_req_id: authReqId }),
      redirect: 'error',
      signal: AbortSignal.timeout(notificationTimeout),
    })
    await response.body?.cancel()
  } catch {
    // Nothing hangs on the answer: the decision stands.
  }
}
