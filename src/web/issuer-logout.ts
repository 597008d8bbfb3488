import { parseFrontChannelLogout } from '../client/logout-request.ts'
import { verifyLogoutToken } from '../client/verify-logout-token.ts'
import { AuthentypeError } from '../errors/base.ts'
import { StoreError } from '../errors/session.ts'
import { decodeBase64urlText } from '../lib/base64url.ts'
import { parseJson } from '../lib/media-type.ts'
import type { RecordChange, RecordStore } from '../lib/record-store.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { json } from './answers.ts'
import { sessionsAt } from './choose-issuer.ts'
import { during, storeFailed, storing } from './failures.ts'
import { readForm, singleField } from './read-form.ts'
import type { WebContext } from './web-context.ts'
import { WebError } from './web-error.ts'
import type { WebEvent } from './web-events.ts'

/**
 * `POST /backchannel-logout`: the issuer says, from server to server, that sessions have ended. No browser, no cookie;
 * the signed token alone is believed.
 *
 * @see OpenID Connect Back-Channel Logout 1.0 2.5 to 2.8
 */
export async function endByBackChannel(context: WebContext, request: Request): Promise<Response> {
  try {
    const form = await readForm(request, 'invalid_logout_request')
    const token = singleField(form, 'logout_token', 'invalid_logout_request') ?? ''
    const sessions = sessionsAt(context, unverifiedIssuer(token))
    const { replay, note } = notedLater(context.store)
    const { sub, sid } = await verifyLogoutToken(sessions.client, token, { replay })
    await endAndTell(context, sessions, 'back', {
      ...(sid !== undefined && { sid }),
      ...(sub !== undefined && { subject: sub }),
    })
    await note()
    return new Response(null, { status: 200, headers: { 'cache-control': 'no-store' } })
  } catch (error) {
    if (!(error instanceof AuthentypeError)) throw error
    const failure =
      error instanceof WebError
        ? error
        : error instanceof StoreError
          ? storeFailed(error)
          : new WebError('invalid_logout_request', error.message, { cause: error })
    context.emit(failureEvent(failure, context.paths.backChannelLogout))
    // 2.8: "If the request was invalid or the logout failed, the RP MUST respond with HTTP 400 Bad Request".
    return json(400, { error: 'invalid_request', error_description: failure.message })
  }
}

/**
 * `GET /frontchannel-logout`: a frame in the issuer's page. No `Lax` cookie comes in a frame, so the session is found by
 * `iss` and `sid`; who knows a `sid` can end that session and nothing else.
 *
 * @see OpenID Connect Front-Channel Logout 1.0 2
 */
export async function endByFrontChannel(context: WebContext, _request: Request, url: URL): Promise<Response> {
  const sessions = sessionsAt(context, url.searchParams.get('iss') ?? '')
  const message = 'the logout request is not complete'
  const { sid } = await during({ reason: 'invalid_logout_request', message }, async () =>
    parseFrontChannelLogout(sessions.client, url),
  )
  await during(storing, () => endAndTell(context, sessions, 'front', { sid: sid! }))
  const { origin } = new URL(sessions.client.issuer)
  return new Response('<!doctype html><title>Logged out</title>', {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      // 2: "The RP's response SHOULD include Cache-Control: no-store".
      'cache-control': 'no-store',
      'content-security-policy': `default-src 'none'; frame-ancestors ${origin}`,
    },
  })
}

/**
 * A store of used tokens in which one is entered when its sessions are gone: where they could not be ended the issuer
 * sends the same token again, and it must not pass for a replay. Of two at the same time both end the same sessions.
 */
function notedLater(store: RecordStore): { readonly replay: RecordStore; readonly note: () => Promise<void> } {
  const noted: RecordChange[] = []
  return {
    replay: {
      get: (key) => store.get(key),
      find: (index, value) => store.find(index, value),
      sweep: () => store.sweep(),
      async commit(changes) {
        for (const { key } of changes) if (await store.get(key)) return { ok: false, conflict: key }
        noted.push(...changes)
        return { ok: true, versions: {} }
      },
    },
    note: async () => void (await store.commit(noted)),
  }
}

async function endAndTell(
  context: WebContext,
  sessions: Sessions,
  channel: 'back' | 'front',
  ended: { readonly sid?: string; readonly subject?: string },
): Promise<void> {
  const count = await sessions.endByIssuer(ended)
  context.emit({ kind: 'ended_by_issuer', issuer: sessions.client.issuer, channel, sessions: count })
}

/** Whose key is to verify the token; nothing more is made of it before that. */
function unverifiedIssuer(token: string): string {
  const payload = parseJson(decodeBase64urlText(token.split('.')[1] ?? '') ?? '')?.value
  const { iss } = (payload ?? {}) as { readonly iss?: unknown }
  return typeof iss === 'string' ? iss : ''
}

export function failureEvent(error: WebError, path: string): WebEvent {
  const code = (error.cause as { readonly code?: unknown } | undefined)?.code
  const { code: reason, status } = error
  return { kind: 'request_failed', reason, status, path, error: typeof code === 'string' ? code : undefined }
}
