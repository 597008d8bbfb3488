import { handleBackchannelAuthenticationRequest, loadClient, type PendingBackchannelRequest } from '../server/index.ts'
import { json, oauthError } from './answers.ts'
import { answerBackchannel, deliver, type InboxEntry, readInbox } from './backchannel-inbox.ts'
import type { DevContext } from './context.ts'
import { endpointUrl, paths } from './endpoints.ts'
import type { DevAnswer } from './exchange.ts'
import { type InboxItem, inboxBody } from './pages/inbox-page.ts'
import { endpointRequest, readParameters } from './read-request.ts'
import type { Route } from './token-routes.ts'
import { type UserVisit, userPage } from './user-page.ts'

/** CIBA Core 7: puts the request before the user whom the hint names. */
export const backchannelAuthentication: Route = async (context, request, info) => {
  const form = await readParameters(request, context.acceptJson)
  const asked = endpointRequest(request, endpointUrl(context, request, paths.backchannelAuthentication), form, info)
  const pending: PendingBackchannelRequest[] = []
  const outcome = await handleBackchannelAuthenticationRequest(context.config, asked, {
    notify: (one) => pending.push(one),
  })
  context.emit(outcome.events)
  if (!outcome.ok) return oauthError(outcome.error)
  for (const one of pending) await deliver(context, one)
  return json(outcome.response, { headers: outcome.headers })
}

/** The page on which a user sees what applications ask of them, and decides: this server's "other device". */
export const inbox: Route = userPage({
  path: paths.inbox,
  name: 'inbox',
  reason: 'To see what applications ask of you.',
  show: showInbox,
  act: decide,
})

async function decide({ context, session, again }: UserVisit, form: URLSearchParams): Promise<DevAnswer> {
  const act = form.get('act')
  if (act !== 'allow' && act !== 'deny') return again()
  const entries = await readInbox(context, session.subject)
  const entry = entries.find(({ entryId }) => entryId === form.get('entry'))
  if (entry) await answerBackchannel(context, entry.authReqId, act === 'allow' ? session : undefined)
  return again()
}

async function showInbox({ context, session, frame, answer }: UserVisit): Promise<DevAnswer> {
  const entries = await readInbox(context, session.subject)
  const items = await Promise.all(entries.map(async (entry) => itemOf(context, entry)))
  return answer('Requests', inboxBody({ frame, userName: context.accounts.nameOf(session.subject), items }))
}

async function itemOf({ config }: DevContext, entry: InboxEntry): Promise<InboxItem> {
  const client = await loadClient(config, entry.clientId)
  const { entryId, scope, resources, authorizationDetails: details, bindingMessage } = entry
  const clientName = client?.metadata.client_name ?? entry.clientId
  return { entryId, scope, resources, details, bindingMessage, clientName }
}
