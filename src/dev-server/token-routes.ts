import {
  type EndpointOutcome,
  type EndpointRequest,
  handleDeviceAuthorizationRequest,
  handleIntrospectionRequest,
  handlePushedAuthorizationRequest,
  handleRevocationRequest,
  handleTokenRequest,
  handleUserInfoRequest,
  type TokenEndpointConfig,
} from '../server/index.ts'
import { empty, invalidGrant, json, jwt, oauthError, unavailable } from './answers.ts'
import type { DevContext } from './context.ts'
import { endpointUrl, paths } from './endpoints.ts'
import type { DevAnswer, DevRequest } from './exchange.ts'
import { endpointRequest, type RequestInfo, readForm, readParameters } from './read-request.ts'
import { rotateSigningKeys } from './signing-keys.ts'

/** One endpoint and method. */
export type Route = (context: DevContext, request: DevRequest, info: RequestInfo) => Promise<DevAnswer>

type Endpoint<Answer> = (config: TokenEndpointConfig, request: EndpointRequest) => Promise<EndpointOutcome<Answer>>

const introspectionJwt = 'application/token-introspection+jwt'

export const token: Route = async (context, request, info) => {
  const form = await readParameters(request, context.acceptJson)
  const fault = tokenFault(context, form)
  if (fault) return fault
  if (context.faults.has('rotated-keys')) await rotateKeys(context)
  const outcome = await handleTokenRequest(context.config, toEndpoint(context, request, paths.token, form, info))
  context.emit(outcome.events)
  return outcome.ok ? json(outcome.response, { headers: outcome.headers }) : oauthError(outcome.error)
}

/** Those that answer before anything is done. */
function tokenFault({ faults, isNextTurn }: DevContext, form: URLSearchParams): DevAnswer | undefined {
  if (faults.has('unavailable') && isNextTurn('unavailable')) return unavailable()
  const isRefused = faults.has('revoked-grants') && form.get('grant_type') === 'refresh_token'
  return isRefused ? invalidGrant() : undefined
}

export const par: Route = (context, request, info) =>
  answerForm(context, request, info, paths.par, handlePushedAuthorizationRequest, (response, headers) =>
    json(response, { status: 201, headers }),
  )

export const introspect: Route = (context, request, info) => {
  const signed = request.headers.get('accept')?.includes(introspectionJwt) ?? false
  const endpoint: Endpoint<Parameters<typeof answerIntrospection>[0]> = (config, asked) =>
    handleIntrospectionRequest(config, asked, { signed })
  return answerForm(context, request, info, paths.introspect, endpoint, answerIntrospection)
}

function answerIntrospection(
  answer: { readonly claims: object; readonly jwt?: string },
  headers: Readonly<Record<string, string>>,
): DevAnswer {
  return answer.jwt === undefined ? json(answer.claims, { headers }) : jwt(answer.jwt, introspectionJwt, headers)
}

export const revoke: Route = (context, request, info) =>
  answerForm(context, request, info, paths.revoke, handleRevocationRequest, (_, headers) => empty(200, headers))

export const deviceAuthorization: Route = (context, request, info) =>
  answerForm(
    context,
    request,
    info,
    paths.deviceAuthorization,
    (config, asked) =>
      handleDeviceAuthorizationRequest(config, asked, { verificationUri: context.issuer + paths.device }),
    (response, headers) => json(response, { headers }),
  )

/** GET, and POST with the token in the field or in the form (OIDC Core 5.3.1). */
export const userinfo: Route = async (context, request, info) => {
  const hasForm = request.method === 'POST' && request.headers.get('content-type') !== null
  const form = hasForm ? await readForm(request) : new URLSearchParams()
  const asked = toEndpoint(context, request, paths.userinfo, form, info)
  const outcome = await handleUserInfoRequest(context.config, asked)
  context.emit(outcome.events)
  if (!outcome.ok) return oauthError(outcome.error)
  const { claims, jwt: signed } = outcome.response
  return signed === undefined
    ? json(claims, { headers: outcome.headers })
    : jwt(signed, 'application/jwt', outcome.headers)
}

/** Fresh keys; what the old ones signed can be verified until the last of it has expired. */
export function rotateKeys({ keys, config }: DevContext): Promise<void> {
  return rotateSigningKeys(keys, Math.max(config.lifetimes.accessToken, config.lifetimes.idToken))
}

async function answerForm<Answer>(
  context: DevContext,
  request: DevRequest,
  info: RequestInfo,
  path: string,
  endpoint: Endpoint<Answer>,
  answer: (response: Answer, headers: Readonly<Record<string, string>>) => DevAnswer,
): Promise<DevAnswer> {
  const form = await readParameters(request, context.acceptJson)
  const outcome = await endpoint(context.config, toEndpoint(context, request, path, form, info))
  context.emit(outcome.events)
  return outcome.ok ? answer(outcome.response, outcome.headers) : oauthError(outcome.error)
}

function toEndpoint(
  context: DevContext,
  request: DevRequest,
  path: string,
  form: URLSearchParams,
  info: RequestInfo,
): EndpointRequest {
  return endpointRequest(request, endpointUrl(context, request, path), form, info)
}
