import type { AuthorizationDetail, ClaimsRequest } from '../../generated/models.ts'
import { parseStrictJson } from '../lib/strict-json.ts'
import { assertServed, readResources } from './audience.ts'
import { clientList, type RegisteredClient } from './client.ts'
import { clientGrants } from './client-grants.ts'
import type { TokenEndpointConfig } from './config.ts'
import { readSupportedDetails } from './details.ts'
import type { RequestParams } from './params.ts'
import { Refusal, refuseRequest } from './refusal.ts'
import { readClientScope } from './registered-scope.ts'

/** What an authorization request asks for, judged; plain data that can wait in a record while the user decides. */
export interface AuthorizationRequestData {
  readonly clientId: string
  readonly redirectUri: string
  /** Whether the request named it. */
  readonly redirectUriSent: boolean
  readonly responseMode: ResponseModeName
  readonly state?: string
  readonly scope: readonly string[]
  readonly codeChallenge?: string
  readonly nonce?: string
  readonly prompt: readonly PromptName[]
  /** Seconds. */
  readonly maxAge?: number
  readonly acrValues: readonly string[]
  readonly claims?: ClaimsRequest
  readonly resources: readonly string[]
  readonly authorizationDetails?: readonly AuthorizationDetail[]
  readonly dpopJkt?: string
  readonly loginHint?: string
  readonly uiLocales?: string
  readonly display?: string
  /** The `sub` of an id_token_hint: whom the client expects. */
  readonly expectedSub?: string
  /** Seconds since the epoch. */
  readonly requestedAt: number
}

export const promptNames = ['none', 'login', 'consent', 'select_account'] as const
/** A value of `prompt` (OIDC Core 3.1.2.1). */
export type PromptName = (typeof promptNames)[number]

/** JARM's `jwt` alone means `query.jwt` for a code, and is resolved here. */
export const responseModes = ['query', 'fragment', 'form_post', 'query.jwt', 'fragment.jwt', 'form_post.jwt'] as const
/** How an authorization response travels. */
export type ResponseModeName = (typeof responseModes)[number]

/** Where a response goes, which is settled before anything else is judged. */
export interface ResponseTarget {
  readonly redirectUri: string
  readonly redirectUriSent: boolean
  readonly responseMode: ResponseModeName
  readonly state?: string
}

const thumbprintForm = /^[\w-]{43}$/
const mostTextLength = 2_048
const mostClaimsLength = 16_384

/** RFC 6749 4.1.1, OIDC Core 3.1.2.1, RFC 7636 4.3, RFC 8707 2.1, RFC 9396 3, RFC 9449 10: everything but the target. */
export async function readAuthorizationParams(
  config: TokenEndpointConfig,
  client: RegisteredClient,
  params: RequestParams,
  target: ResponseTarget,
  now: number,
): Promise<AuthorizationRequestData> {
  assertResponseType(config, client, params)
  assertNothingStrange(params)
  const scope = readClientScope(config, client, params.get('scope'))
  const codeChallenge = readChallenge(config, params)
  const resources = readResources(params.all('resource'))
  await assertServed(config, client, resources)
  const optional = {
    codeChallenge,
    nonce: readNonce(config, params, scope),
    maxAge: readMaxAge(client, params),
    claims: readClaims(config, params),
    authorizationDetails: readSupportedDetails(config, client, params.get('authorization_details')),
    dpopJkt: readThumbprint(params),
    loginHint: readText(params, 'login_hint'),
    uiLocales: readText(params, 'ui_locales'),
    display: readText(params, 'display'),
  }
  const present = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined))
  return {
    ...(present as Partial<AuthorizationRequestData>),
    ...target,
    clientId: client.clientId,
    scope,
    prompt: readPrompt(params),
    acrValues: readAcrValues(client, params),
    resources,
    requestedAt: now,
  }
}

/** OAuth 2.1 keeps `code`. */
function assertResponseType(config: TokenEndpointConfig, client: RegisteredClient, params: RequestParams): void {
  const type = params.get('response_type')
  if (type === undefined) throw refuseRequest('missing response_type')
  if (type !== 'code') {
    throw new Refusal('unsupported_response_type', 'only the response type code is supported', {
      reason: 'response type',
    })
  }
  const types = clientList(client, 'response_types') ?? ['code']
  if (!types.includes('code') || !clientGrants(config, client).includes('authorization_code')) {
    throw new Refusal('unauthorized_client', 'the client may not use this response type', { reason: 'not registered' })
  }
}

function assertNothingStrange(params: RequestParams): void {
  if (params.get('registration') === undefined) return
  throw new Refusal('registration_not_supported', 'the parameter registration is not supported', {
    reason: 'registration parameter',
  })
}

/** RFC 7636 4.3, OAuth 2.1 4.1.1: S256 and nothing else; an absent method means plain. */
function readChallenge(config: TokenEndpointConfig, params: RequestParams): string | undefined {
  const challenge = params.get('code_challenge')
  const method = params.get('code_challenge_method')
  if (challenge === undefined) {
    if (config.pkceRequired) throw refuseRequest('missing code_challenge')
    if (method !== undefined) throw refuseRequest('code_challenge_method without code_challenge')
    return undefined
  }
  if (method !== 'S256') throw refuseRequest('code_challenge_method must be S256')
  if (!thumbprintForm.test(challenge)) throw refuseRequest('malformed code_challenge')
  return challenge
}

function readNonce(config: TokenEndpointConfig, params: RequestParams, scope: readonly string[]): string | undefined {
  const nonce = readText(params, 'nonce')
  if (nonce === undefined && config.nonceRequired && scope.includes('openid')) throw refuseRequest('missing nonce')
  return nonce
}

function readPrompt(params: RequestParams): readonly PromptName[] {
  const values = [...new Set((params.get('prompt') ?? '').split(' ').filter((one) => one !== ''))]
  if (!values.every((one) => (promptNames as readonly string[]).includes(one))) throw refuseRequest('unknown prompt')
  // OIDC Core 3.1.2.1: none with any other value is an error.
  if (values.includes('none') && values.length > 1) throw refuseRequest('prompt none stands alone')
  return values as PromptName[]
}

function readMaxAge({ metadata }: RegisteredClient, params: RequestParams): number | undefined {
  const text = params.get('max_age')
  if (text === undefined) return metadata.default_max_age
  if (!/^\d{1,10}$/.test(text)) throw refuseRequest('malformed max_age')
  return Number(text)
}

function readAcrValues(client: RegisteredClient, params: RequestParams): readonly string[] {
  const text = readText(params, 'acr_values')
  return text === undefined
    ? (clientList(client, 'default_acr_values') ?? [])
    : text.split(' ').filter((one) => one !== '')
}

/** OIDC Core 5.5: an object of objects; without the feature it is passed over, as an unknown parameter is. */
function readClaims(config: TokenEndpointConfig, params: RequestParams): ClaimsRequest | undefined {
  const text = readText(params, 'claims', mostClaimsLength)
  if (text === undefined || !config.claimsParameter) return undefined
  const json = parseStrictJson(text)
  if (!json.ok || !isClaimsRequest(json.value)) throw refuseRequest('malformed claims')
  return JSON.parse(JSON.stringify(json.value)) as ClaimsRequest
}

function isClaimsRequest(value: unknown): value is ClaimsRequest {
  if (!isObject(value)) return false
  return [value.userinfo, value.id_token].every((part) => {
    if (part === undefined) return true
    return isObject(part) && Object.entries(part).every(([name, one]) => one === null || isClaimRequest(name, one))
  })
}

/** OIDC Core 5.5.1: `essential` is a boolean and `values` a list. Of a `sub` a text alone can be the value. */
function isClaimRequest(name: string, request: unknown): boolean {
  if (!isObject(request)) return false
  const { essential, value, values } = request
  if (essential !== undefined && typeof essential !== 'boolean') return false
  if (values !== undefined && !Array.isArray(values)) return false
  const isText = (one: unknown) => typeof one === 'string'
  return name !== 'sub' || ((value === undefined || isText(value)) && ((values as unknown[]) ?? []).every(isText))
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function readThumbprint(params: RequestParams): string | undefined {
  const jkt = params.get('dpop_jkt')
  if (jkt !== undefined && !thumbprintForm.test(jkt)) throw refuseRequest('malformed dpop_jkt')
  return jkt
}

function readText(params: RequestParams, name: string, mostLength = mostTextLength): string | undefined {
  const value = params.get(name)
  if (value !== undefined && value.length > mostLength) throw refuseRequest(`${name} is too long`)
  return value
}
