import {
  type EndpointOutcome,
  handleClientDeleteRequest,
  handleClientReadRequest,
  handleClientUpdateRequest,
  handleRegistrationRequest,
} from '../server/index.ts'
import { empty, json, oauthError, tooMany } from './answers.ts'
import type { DevContext } from './context.ts'
import { paths } from './endpoints.ts'
import type { DevAnswer, DevRequest } from './exchange.ts'
import { bearerOf, Refused, type RequestInfo, readJson } from './read-request.ts'
import type { Route } from './token-routes.ts'

/** RFC 7591 3, for ten clients an hour and address. */
export const register: Route = async (context, request, info) => {
  const metadata = await readJson(request)
  const wait = context.registrations.count(info.clientIp ?? '')
  if (wait > 0) throw new Refused(tooMany(wait), 'too many registrations')
  const outcome = await handleRegistrationRequest(context.config, { metadata, ...shown(request, info) }, uri(context))
  return answer(context, outcome, 201)
}

/** RFC 7592 2, by the id in the path. */
export function manageClient(clientId: string): Route {
  return async (context, request, info) => {
    const asked = { clientId, ...shown(request, info) }
    switch (request.method) {
      case 'PUT': {
        const metadata = await readJson(request)
        return answer(context, await handleClientUpdateRequest(context.config, { ...asked, metadata }, uri(context)))
      }
      case 'DELETE':
        return answer(context, await handleClientDeleteRequest(context.config, asked))
      default:
        return answer(context, await handleClientReadRequest(context.config, asked, uri(context)))
    }
  }
}

function uri({ issuer }: DevContext): { readonly registrationUri: string } {
  return { registrationUri: issuer + paths.register }
}

function shown(request: DevRequest, { clientIp }: RequestInfo) {
  const accessToken = bearerOf(request)
  return { ...(accessToken !== undefined && { accessToken }), ...(clientIp !== undefined && { clientIp }) }
}

function answer(context: DevContext, outcome: EndpointOutcome<object | null>, status = 200): DevAnswer {
  context.emit(outcome.events)
  if (!outcome.ok) return oauthError(outcome.error)
  if (outcome.response === null) return empty(204, outcome.headers)
  return json(outcome.response, { status, headers: outcome.headers })
}
