import {
  type AuthorizationResult,
  buildAuthorizationResponse,
  loadClient,
  type RegisteredClient,
  type ResponseTarget,
  validateAuthorizationRequest,
} from '../server/index.ts'
import { seeOther } from './answers.ts'
import type { DevContext } from './context.ts'
import { paths } from './endpoints.ts'
import type { DevAnswer } from './exchange.ts'
import { keepInteraction } from './interactions.ts'
import { errorPage, formPostPage, type KnownValues } from './pages/message-pages.ts'
import { readForm } from './read-request.ts'
import type { Route } from './token-routes.ts'

/**
 * Judges the request and hands the browser on to its pages, which is where its cookies are read: the form of a client
 * in another site brings none. No redirect to a client before client and redirect URI are valid.
 */
export const authorize: Route = async (context, request, { clientIp }) => {
  const params = request.method === 'POST' ? await readForm(request) : new URL(request.url).searchParams
  const outcome = await validateAuthorizationRequest(context.config, {
    params,
    ...(clientIp !== undefined && { clientIp }),
  })
  if (outcome.ok && context.faults.has('denied-logins')) {
    const client = await loadClient(context.config, outcome.request.clientId)
    const denied = { error: 'access_denied', errorDescription: 'the user said no' } as const
    if (client) return sendResult(context, client, outcome.request, denied)
  }
  if (outcome.ok) {
    const id = await keepInteraction(context, outcome.request)
    return seeOther(`${context.issuer}${paths.interaction}/${id}`)
  }
  context.emit(outcome.events)
  const { error, errorDescription, status } = outcome.error
  const client = outcome.target && (await loadClient(context.config, outcome.target.clientId))
  if (!outcome.target || !client)
    return errorPage(errorText(errorDescription), {
      code: error,
      status,
      known: await knownInstead(context, params, errorDescription),
    })
  return sendResult(context, client, outcome.target, { error, errorDescription })
}

/** The answer to the client, by the browser. */
export async function sendResult(
  { config }: DevContext,
  client: RegisteredClient,
  target: ResponseTarget,
  result: AuthorizationResult,
): Promise<DevAnswer> {
  const reply = await buildAuthorizationResponse(config, client, target, result)
  switch (reply.kind) {
    case 'redirect':
      return seeOther(reply.url)
    case 'form_post':
      return formPostPage(reply.redirectUri, reply.fields)
  }
}

/**
 * The two slips of everybody's first request are the name of the client and the redirect URI. A server for development
 * may say what it knows; what was sent is not repeated.
 */
async function knownInstead(
  { config, clients }: DevContext,
  params: URLSearchParams,
  description: string,
): Promise<KnownValues | undefined> {
  if (/client_id|unknown client/.test(description)) {
    return { label: 'The value of client_id can be:', values: clients.names() }
  }
  const client = description.includes('redirect_uri') && (await loadClient(config, params.get('client_id') ?? ''))
  if (!client) return undefined
  const values = client.metadata.redirect_uris ?? []
  const isLoopback = values.some((uri) => /^http:\/\/(127\.0\.0\.1|\[::1\])[:/]/.test(uri))
  return {
    label: 'Registered for this client:',
    values,
    note: isLoopback && 'A loopback address may have another port (RFC 8252 7.3); localhost counts as none.',
  }
}

/** The core's texts are fixed ones, so nothing of the request is repeated. */
function errorText(description: string): string {
  return `The application sent a request that this server does not accept: ${description}.`
}
