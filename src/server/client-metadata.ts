import type { ClientMetadata } from '../../generated/models.ts'
import { validateClientMetadata } from '../../generated/validators.ts'
import { isAsymmetricAlgorithm } from '../lib/signatures/algorithms.ts'
import { isScope } from '../protocol/scope.ts'
import { assertEndpointUrl, assertRedirectUri } from '../protocol/url-rules.ts'
import { isMetadataMember, isTranslated } from './client-metadata-members.ts'
import type { TokenEndpointConfig } from './config.ts'
import { confidentialGrants, userlessGrants } from './grant-types.ts'
import { Refusal } from './refusal.ts'

const authMethods: readonly string[] = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt']
const mtlsMethods: readonly string[] = ['tls_client_auth', 'self_signed_tls_client_auth']
const subjectMembers = [
  'tls_client_auth_subject_dn',
  'tls_client_auth_san_dns',
  'tls_client_auth_san_uri',
  'tls_client_auth_san_ip',
  'tls_client_auth_san_email',
]
/** What people are led to. */
const pageMembers = ['client_uri', 'logo_uri', 'tos_uri', 'policy_uri'] as const
/** What keys are taken from, or tokens and users are sent to. */
const endpointMembers = [
  'jwks_uri',
  'initiate_login_uri',
  'frontchannel_logout_uri',
  'backchannel_logout_uri',
  'backchannel_client_notification_endpoint',
] as const
const signedResponses = [
  'id_token_signed_response_alg',
  'userinfo_signed_response_alg',
  'authorization_signed_response_alg',
  'introspection_signed_response_alg',
] as const
/** By what a client may sign. */
const signedRequests: Readonly<Record<string, (alg: unknown) => boolean>> = {
  request_object_signing_alg: isAsymmetricAlgorithm,
  token_endpoint_auth_signing_alg: isAsymmetricAlgorithm,
  backchannel_authentication_request_signing_alg: (alg) => alg === 'PS256' || alg === 'ES256',
}
const mostMembers = 100
const mostBytes = 32_768

/**
 * Judges what a client says of itself and fills in the defaults. Members that are not registered metadata are
 * left out (RFC 7591 2), so that nobody can give themselves a member of the host's own.
 *
 * @throws Refusal invalid_redirect_uri, invalid_client_metadata, unapproved_software_statement
 * @see RFC 7591 2; OIDC Registration 2
 */
export function judgeClientMetadata(config: TokenEndpointConfig, value: unknown): ClientMetadata {
  const given = readClientMetadata(value)
  if (given.software_statement !== undefined) {
    throw new Refusal('unapproved_software_statement', 'software statements are not taken', { reason: 'statement' })
  }
  const metadata = withDefaults(given)
  judgeMembers(metadata)
  judgeGrants(config, metadata)
  judgeAuthentication(config, metadata)
  judgeRedirectUris(metadata)
  judgeUrls(config, metadata)
  judgeSubjects(config, metadata)
  judgeBackchannel(metadata)
  judgeAlgorithms(config, metadata)
  return metadata
}

/**
 * What a client says of itself: of the members those that are registered metadata, each of its type.
 *
 * @throws Refusal invalid_client_metadata
 */
export function readClientMetadata(value: unknown): ClientMetadata {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refuse('not a JSON object')
  const names = Object.keys(value)
  if (names.length > mostMembers || JSON.stringify(value).length > mostBytes) throw refuse('too large')
  const given = Object.fromEntries(
    Object.entries(value).filter(([name, one]) => one !== null && isMetadataMember(name)),
  )
  judgeShapes(given)
  return JSON.parse(JSON.stringify(given)) as ClientMetadata
}

function withDefaults(metadata: ClientMetadata): ClientMetadata {
  return {
    ...metadata,
    token_endpoint_auth_method: metadata.token_endpoint_auth_method ?? 'client_secret_basic',
    grant_types: metadata.grant_types ?? ['authorization_code'],
    response_types: metadata.response_types ?? (hasCode(metadata) ? ['code'] : []),
    application_type: metadata.application_type ?? 'web',
  }
}

function hasCode({ grant_types: grants }: ClientMetadata): boolean {
  return grants === undefined || grants.includes('authorization_code')
}

/** Each member of its type, before anything reads one. */
function judgeShapes(given: object): void {
  const fault = validateClientMetadata(given)
  // The path begins with a member that is registered metadata; what is deeper may be the client's own text.
  if (fault) throw refuse(`${fault.path.split('/')[1]} is not of its type`)
  const isText = Object.entries(given).every(([name, value]) => !isTranslated(name) || typeof value === 'string')
  if (!isText) throw refuse('a member with a language is no text')
}

function judgeMembers(metadata: ClientMetadata): void {
  const { scope, application_type: type, jwks, jwks_uri: jwksUri } = metadata
  if (scope !== undefined && !isScope(scope)) throw refuse('malformed scope')
  if (type !== 'web' && type !== 'native') throw refuse('unknown application_type')
  if (metadata.default_max_age !== undefined && metadata.default_max_age < 0) throw refuse('negative default_max_age')
  // RFC 7591 2: not both.
  if (jwks !== undefined && jwksUri !== undefined) throw refuse('jwks and jwks_uri together')
  // The members of private keys and of shared ones (RFC 7518 6.2.2, 6.3.2, 6.4.1).
  if (/"[dk]":/.test(JSON.stringify(jwks ?? null))) throw refuse('jwks has a private key')
}

/** RFC 7591 2.1: grants and response types fit each other, and are such as this server has. */
function judgeGrants(config: TokenEndpointConfig, metadata: ClientMetadata): void {
  const { grants, scopes } = config
  const { grant_types: wanted = [], response_types: types = [], scope } = metadata
  if (!wanted.every((one) => (grants as readonly string[]).includes(one))) throw refuse('unsupported grant type')
  // RFC 7591 5: whoever registers is unknown, and would have tokens of any scope that they name.
  if (!config.authorizeRegistration && wanted.some((one) => userlessGrants.includes(one))) {
    throw refuse('a grant without a user needs the approval of the server')
  }
  if (!types.every((one) => one === 'code')) throw refuse('unsupported response type')
  if (types.includes('code') !== wanted.includes('authorization_code'))
    throw refuse('response and grant types do not fit')
  if (scopes && scope && !scope.split(' ').every((one) => one === '' || scopes.includes(one)))
    throw refuse('unknown scope')
}

function judgeAuthentication(config: TokenEndpointConfig, metadata: ClientMetadata): void {
  const { token_endpoint_auth_method: method = '', jwks, jwks_uri: jwksUri } = metadata
  const methods = config.mtls ? [...authMethods, ...mtlsMethods] : authMethods
  if (!methods.includes(method)) throw refuse('unsupported token_endpoint_auth_method')
  const needsKeys = method === 'private_key_jwt' || method === 'self_signed_tls_client_auth'
  if (needsKeys && jwks === undefined && jwksUri === undefined) throw refuse('the authentication method needs keys')
  if (jwksUri !== undefined && !config.fetchDocument) throw refuse('jwks_uri is not supported; send jwks')
  // RFC 8705 2.1.2: exactly one of the subject members.
  const named = subjectMembers.filter((name) => metadata[name] !== undefined)
  if (method === 'tls_client_auth' && named.length !== 1) throw refuse('exactly one member must name the certificate')
  const isPublic = method === 'none'
  if (isPublic && metadata.grant_types?.some((one) => (confidentialGrants as readonly string[]).includes(one))) {
    throw refuse('a grant for confidential clients without authentication')
  }
}

/** RFC 7591 2, OIDC Registration 2: required for the code; https, or what suits a native app. */
function judgeRedirectUris(metadata: ClientMetadata): void {
  const { redirect_uris: uris = [], application_type: type } = metadata
  if (hasCode(metadata) && uris.length === 0) throw refuseRedirect('missing redirect_uris')
  for (const uri of [...uris, ...(metadata.post_logout_redirect_uris ?? [])]) {
    try {
      assertRedirectUri(uri)
    } catch {
      // The rule's text quotes its own parameter's name; the client is told which member it was.
      throw refuseRedirect('a redirect URI is not https, loopback or private-use, or has a fragment')
    }
    if (type === 'web' && !/^https?:/i.test(uri))
      throw refuseRedirect('a private-use scheme is for native applications')
  }
}

/**
 * Judges where a client wants people, keys and tokens to go to or come from.
 *
 * @throws Refusal invalid_client_metadata
 */
export function judgeUrls(config: TokenEndpointConfig, metadata: ClientMetadata): void {
  for (const [member, value] of Object.entries(metadata) as [string, unknown][]) {
    const name = pageMembers.find((one) => one === member.split('#', 1)[0])
    if (name === undefined) continue
    const isUrl = typeof value === 'string' && URL.canParse(value)
    if (!isUrl || !['https:', 'http:'].includes(new URL(value).protocol)) throw refuse(`${name} is no URL`)
  }
  for (const name of endpointMembers) judgeEndpoint(config, name, metadata[name])
  // Front-Channel Logout 2: scheme, host and port of a redirect URI.
  const { frontchannel_logout_uri: page, redirect_uris: redirects = [] } = metadata
  const isAtPage = (uri: string) => URL.canParse(uri) && new URL(uri).origin === new URL(page!).origin
  if (page !== undefined && !redirects.some(isAtPage)) {
    throw refuse('frontchannel_logout_uri is of another origin than the redirect URIs')
  }
}

/** OIDC Registration 2, CIBA 4, Back-Channel Logout 2.2: https, without fragment; http for development alone. */
function judgeEndpoint({ httpsRequired }: TokenEndpointConfig, name: string, url: string | undefined): void {
  if (url === undefined) return
  try {
    assertEndpointUrl(url, { field: name, allowLoopbackHttp: !httpsRequired })
  } catch {
    // The rule's text quotes the client's.
    throw refuse(`${name} is no https URL without fragment`)
  }
}

/** OIDC Core 8.1, Registration 5: without a sector identifier, whose content nothing here could check, one host. */
function judgeSubjects({ resolveSubject }: TokenEndpointConfig, metadata: ClientMetadata): void {
  const { subject_type: type, sector_identifier_uri: sector, redirect_uris: redirects = [] } = metadata
  if (sector !== undefined) throw refuse('sector_identifier_uri is not supported')
  if (type === undefined || type === 'public') return
  if (type !== 'pairwise' || !resolveSubject) throw refuse('unsupported subject_type')
  if (new Set(redirects.map((uri) => new URL(uri).host)).size > 1) throw refuse('pairwise subjects are for one host')
}

/** CIBA 4: poll, or ping to an endpoint. */
function judgeBackchannel(metadata: ClientMetadata): void {
  const { backchannel_token_delivery_mode: mode, backchannel_client_notification_endpoint: endpoint } = metadata
  if (mode !== undefined && mode !== 'poll' && mode !== 'ping') throw refuse('unsupported delivery mode')
  if (mode === 'ping' && endpoint === undefined) throw refuse('the delivery mode ping needs an endpoint')
}

function judgeAlgorithms({ keys }: TokenEndpointConfig, metadata: ClientMetadata): void {
  const name = signedResponses.find((one) => metadata[one] !== undefined && !keys.signingKey(metadata[one]))
  if (name !== undefined) throw refuse(`${name} is not supported`)
  const encrypted = Object.keys(metadata).find((one) => /_(encrypted_response|encryption)_(alg|enc)$/.test(one))
  if (encrypted !== undefined) throw refuse('encrypted requests and responses are not supported')
  for (const [request, isSupported] of Object.entries(signedRequests)) {
    if (metadata[request] !== undefined && !isSupported(metadata[request])) throw refuse(`${request} is not supported`)
  }
}

function refuse(text: string): Refusal {
  return new Refusal('invalid_client_metadata', text, { reason: text })
}

function refuseRedirect(text: string): Refusal {
  return new Refusal('invalid_redirect_uri', text, { reason: text })
}
