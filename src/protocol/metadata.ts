import type { AuthorizationServerMetadata } from '../../generated/models.ts'
import { ProtocolError } from '../errors/protocol.ts'
import { jsonType, printable } from '../lib/printable.ts'
import type { Quirk, QuirkReporter } from './quirks.ts'
import { isIssuerTemplate } from './templated-issuer.ts'
import { assertEndpointUrl } from './url-rules.ts'

export interface MetadataRules {
  /** What was asked for; the answer's must be the same, a trailing slash included. */
  readonly issuer: string
  /** Takes the place of single fields of the answer. */
  readonly local?: Partial<AuthorizationServerMetadata> | undefined
  /** `http:` endpoints at loopback addresses, for development. @default false */
  readonly allowLoopbackHttp?: boolean | undefined
  /** Of these, `templated-issuer` has a say. @default none */
  readonly quirks?: readonly Quirk[] | undefined
  readonly onQuirk?: QuirkReporter | undefined
}

const listField = /_(?:values|methods|types|modes)_supported$|^scopes_supported$/
/** Switches whose string "true" would otherwise silently be no `true`. */
const booleanFields = [
  'authorization_response_iss_parameter_supported',
  'require_pushed_authorization_requests',
  'require_signed_request_object',
  'tls_client_certificate_bound_access_tokens',
]

/**
 * Judges a metadata document and joins the locally given fields to it.
 *
 * @throws ProtocolError `issuer_mismatch`, `invalid_metadata` or `insecure_endpoint`
 * @see RFC 8414 3.3, OIDC Discovery 4.3
 */
export function judgeMetadata(document: unknown, rules: MetadataRules): AuthorizationServerMetadata {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw fault('document', 'a JSON object', jsonType(document), 'RFC 8414 3.2')
  }
  const { issuer } = document as { issuer?: unknown }
  if (issuer !== rules.issuer) {
    const isTemplate = rules.quirks?.includes('templated-issuer') && isIssuerTemplate(rules.issuer, issuer)
    if (!isTemplate) throw issuerMismatch(issuer, rules.issuer)
    rules.onQuirk?.('templated-issuer')
  }
  return judgeFields({ ...document, ...definedFields(rules.local), issuer: rules.issuer }, rules)
}

/** Judges metadata that was given locally and stands for itself. */
export function judgeLocalMetadata(rules: MetadataRules): AuthorizationServerMetadata {
  return judgeFields({ ...definedFields(rules.local), issuer: rules.issuer }, rules)
}

/**
 * Where the metadata may be, in the order of asking; the next only after a 404.
 *
 * For OpenID the appended openid-configuration comes first, since every OpenID provider must have it and many
 * have nothing else; for plain OAuth the inserted oauth-authorization-server.
 *
 * @throws ProtocolError `invalid_metadata` or `insecure_endpoint` for what cannot be an issuer
 * @see OIDC Discovery 4.1, RFC 8414 3.1
 */
export function metadataUrls(
  issuer: string,
  protocol: 'openid' | 'oauth' = 'openid',
  allowLoopbackHttp = false,
): readonly string[] {
  const url = assertEndpointUrl(issuer, { field: 'issuer', allowLoopbackHttp })
  // RFC 8414 2: no query, no fragment components.
  if (issuer.includes('?')) throw fault('issuer', 'a URL without a query', printable(issuer), 'RFC 8414 2')
  // Both specifications: a terminating slash is removed first.
  const path = url.pathname.replace(/\/$/, '')
  const appended = `${url.origin}${path}/.well-known/openid-configuration`
  const inserted = `${url.origin}/.well-known/oauth-authorization-server${path}`
  return protocol === 'openid' ? [appended, inserted] : [inserted, appended]
}

function judgeFields(metadata: AuthorizationServerMetadata, rules: MetadataRules): AuthorizationServerMetadata {
  for (const [field, value] of Object.entries(metadata)) judgeField(field, value, rules)
  const methods = metadata.code_challenge_methods_supported as readonly string[] | undefined
  // RFC 9700 2.1.1: PKCE always; `plain` protects nothing where the request can be read.
  if (methods && !methods.includes('S256')) {
    throw fault('code_challenge_methods_supported', 'a list with "S256"', 'a list without it', 'RFC 9700 2.1.1')
  }
  return Object.freeze(metadata)
}

function judgeField(field: string, value: unknown, rules: MetadataRules): void {
  if (value === undefined) return
  if (field === 'jwks_uri' || field.endsWith('_endpoint')) {
    assertEndpointUrl(value, { field, allowLoopbackHttp: rules.allowLoopbackHttp ?? false })
  } else if (listField.test(field)) {
    const fits = Array.isArray(value) && value.every((item) => typeof item === 'string')
    if (!fits) throw fault(field, 'an array of strings', jsonType(value), 'RFC 8414 2')
  } else if (booleanFields.includes(field)) {
    if (typeof value !== 'boolean') throw fault(field, 'a boolean', jsonType(value), 'RFC 8414 2')
  } else if (field === 'mtls_endpoint_aliases') judgeAliases(value, rules)
}

/** RFC 8705 5: the same endpoints again, for clients with certificates. */
function judgeAliases(value: unknown, rules: MetadataRules): void {
  const field = 'mtls_endpoint_aliases'
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw fault(field, 'an object', jsonType(value), 'RFC 8705 5')
  }
  for (const [name, url] of Object.entries(value)) {
    assertEndpointUrl(url, { field: `${field}.${name}`, allowLoopbackHttp: rules.allowLoopbackHttp ?? false })
  }
}

/** A field given as `undefined` says nothing, and so takes nothing away. */
function definedFields(local: Partial<AuthorizationServerMetadata> | undefined): Partial<AuthorizationServerMetadata> {
  return Object.fromEntries(Object.entries(local ?? {}).filter(([, value]) => value !== undefined))
}

function issuerMismatch(issuer: unknown, expected: string): ProtocolError {
  const actual = typeof issuer === 'string' ? printable(issuer) : jsonType(issuer)
  const message = `metadata "issuer" is "${actual}"; expected "${expected}" exactly`
  return new ProtocolError('issuer_mismatch', message, { clause: 'RFC 8414 3.3', expected, actual })
}

function fault(field: string, expected: string, actual: string, clause: string): ProtocolError {
  const message = `metadata "${printable(field, 60)}" is ${actual}; expected ${expected}`
  return new ProtocolError('invalid_metadata', message, { clause, expected, actual })
}
