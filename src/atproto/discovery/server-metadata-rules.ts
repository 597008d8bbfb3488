import type { AuthorizationServerMetadata } from '../../../generated/models.ts'
import { AtprotoError } from '../../errors/atproto.ts'
import { ProtocolError } from '../../errors/protocol.ts'
import { jsonType, printable } from '../../lib/printable.ts'
import { judgeMetadata } from '../../protocol/metadata.ts'
import { assertEndpointUrl } from '../../protocol/url-rules.ts'

const clause = 'AT Protocol OAuth, "Server Metadata"'

export interface ServerRules {
  readonly issuer: string
  readonly allowLoopbackHttp: boolean
}

/** Lists, and what must be in them. */
const lists: readonly (readonly [field: string, wanted: readonly string[]])[] = [
  ['response_types_supported', ['code']],
  ['grant_types_supported', ['authorization_code', 'refresh_token']],
  ['code_challenge_methods_supported', ['S256']],
  ['token_endpoint_auth_methods_supported', ['none', 'private_key_jwt']],
  ['token_endpoint_auth_signing_alg_values_supported', ['ES256']],
  ['scopes_supported', ['atproto']],
  ['dpop_signing_alg_values_supported', ['ES256']],
]

/** Switches that must be on. */
const switches = [
  'authorization_response_iss_parameter_supported',
  'require_pushed_authorization_requests',
  'client_id_metadata_document_supported',
] as const

/** `revocation_endpoint` is not among them: a server may do without. */
const endpoints = ['authorization_endpoint', 'token_endpoint', 'pushed_authorization_request_endpoint'] as const

/**
 * Holds an authorization server's metadata against the general rules and those of the profile.
 *
 * @throws AtprotoError `invalid_metadata`
 * @see RFC 8414 3.3, AT Protocol OAuth, "Server Metadata"
 */
export function judgeServerMetadata(
  body: unknown,
  { issuer, allowLoopbackHttp }: ServerRules,
): AuthorizationServerMetadata {
  const metadata = judged(body, { issuer, allowLoopbackHttp })
  const fields = metadata as unknown as Readonly<Record<string, unknown>>
  for (const field of endpoints) if (fields[field] === undefined) throw wrong(field, 'a URL', 'absent')
  for (const [field, wanted] of lists) assertHas(field, fields[field], wanted)
  for (const field of switches) if (fields[field] !== true) throw wrong(field, 'true', shown(fields[field]))
  const { require_request_uri_registration: registration } = fields
  if (registration !== undefined && registration !== true) {
    throw wrong('require_request_uri_registration', 'true or absent', shown(registration))
  }
  // An assertion that anybody can make is none.
  const algorithms = fields.token_endpoint_auth_signing_alg_values_supported as readonly string[]
  if (algorithms.includes('none')) {
    throw wrong('token_endpoint_auth_signing_alg_values_supported', 'algorithms without none', 'none among them')
  }
  return metadata
}

/**
 * An issuer that can be one here: scheme, host and port and nothing else, as it is written.
 *
 * @throws AtprotoError `invalid_issuer`
 */
export function assertIssuer(issuer: unknown, allowLoopbackHttp: boolean): string {
  const expected = 'an https URL without path, query and slash at its end'
  try {
    const { origin } = assertEndpointUrl(issuer, { field: 'issuer', allowLoopbackHttp })
    if (origin === issuer) return origin
  } catch (cause) {
    throw notAnIssuer(issuer, expected, cause)
  }
  throw notAnIssuer(issuer, expected)
}

/**
 * The one authorization server that a PDS names.
 *
 * @param servers `authorization_servers` of its metadata
 * @throws AtprotoError `invalid_issuer`
 */
export function judgeServerOfPds(
  servers: readonly string[] | undefined,
  pds: string,
  allowLoopbackHttp: boolean,
): string {
  const [server, ...more] = servers ?? []
  if (server !== undefined && more.length === 0) return assertIssuer(server, allowLoopbackHttp)
  const actual = server === undefined ? 'none' : `${more.length + 1}`
  throw new AtprotoError('invalid_issuer', `${pds} names ${actual} authorization servers; expected exactly one`, {
    clause: 'AT Protocol OAuth, "Server Metadata"',
    expected: 'exactly one',
    actual,
  })
}

function judged(body: unknown, rules: ServerRules): AuthorizationServerMetadata {
  try {
    return judgeMetadata(body, rules)
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    throw new AtprotoError(
      'invalid_metadata',
      `the metadata of ${rules.issuer} is not to be believed: ${cause.message}`,
      {
        clause: cause.clause,
        expected: cause.expected,
        actual: cause.actual,
        cause,
      },
    )
  }
}

function assertHas(field: string, list: unknown, wanted: readonly string[]): void {
  const missing = wanted.filter((value) => !Array.isArray(list) || !list.includes(value))
  if (missing.length > 0)
    throw wrong(field, `a list with ${wanted.join(' and ')}`, Array.isArray(list) ? 'without' : shown(list))
}

function wrong(field: string, expected: string, actual: string): AtprotoError {
  const message = `authorization server metadata: "${field}" is ${actual}; expected ${expected}`
  return new AtprotoError('invalid_metadata', message, { clause, expected, actual })
}

function notAnIssuer(issuer: unknown, expected: string, cause?: unknown): AtprotoError {
  const actual = shown(issuer)
  const message = `"${actual}" can be no authorization server; expected ${expected}`
  return new AtprotoError('invalid_issuer', message, { clause, expected, actual, cause })
}

function shown(value: unknown): string {
  if (typeof value === 'string') return printable(value)
  return typeof value === 'boolean' ? String(value) : jsonType(value)
}
