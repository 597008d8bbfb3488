import type { ProtectedResourceMetadata } from '../../generated/models.ts'
import { ProtocolError } from '../errors/protocol.ts'
import { jsonType, printable } from '../lib/printable.ts'
import { parseChallenges } from '../lib/www-authenticate.ts'
import { metadataUrls } from './metadata.ts'
import { assertEndpointUrl } from './url-rules.ts'

export interface ResourceMetadataRules {
  /** What was asked for; the document's must be the same. */
  readonly resource: string
  /** @default false */
  readonly allowLoopbackHttp?: boolean
}

/** RFC 9728 2: URLs for people and programs. */
const urlFields = ['jwks_uri', 'resource_documentation', 'resource_policy_uri', 'resource_tos_uri'] as const

/**
 * Where a refusing resource says that its metadata is; untrusted, so to be screened.
 *
 * @see RFC 9728 5.1
 */
export function readResourceMetadataUrl(headers: Headers): string | undefined {
  for (const { parameters } of parseChallenges(headers.get('www-authenticate'))) {
    if (parameters.resource_metadata) return parameters.resource_metadata
  }
  return undefined
}

/**
 * Judges the metadata of a protected resource. A `signed_metadata` in it has no say, since nobody has told whose
 * signature it must have (RFC 9728 2.2).
 *
 * @throws ProtocolError `invalid_resource_metadata`; `invalid_metadata`, `insecure_endpoint` for a URL in it
 * @see RFC 9728 3.3
 */
export function judgeResourceMetadata(body: unknown, rules: ResourceMetadataRules): ProtectedResourceMetadata {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw refuse('document', 'a JSON object', jsonType(body), 'RFC 9728 3.2')
  }
  const { resource, authorization_servers: servers } = body as Readonly<Record<string, unknown>>
  // RFC 9728 3.3: if not identical, "the data contained in the response MUST NOT be used".
  if (resource !== rules.resource) {
    const actual = typeof resource === 'string' ? printable(resource) : jsonType(resource)
    throw refuse('"resource"', rules.resource, actual, 'RFC 9728 3.3')
  }
  const { allowLoopbackHttp = false } = rules
  for (const field of urlFields) {
    const value = (body as Readonly<Record<string, unknown>>)[field]
    if (value !== undefined) assertEndpointUrl(value, { field, allowLoopbackHttp })
  }
  judgeServers(servers, allowLoopbackHttp)
  return Object.freeze({ ...body }) as ProtectedResourceMetadata
}

/** RFC 9728 2: issuer identifiers, so URLs without query and fragment. */
function judgeServers(servers: unknown, allowLoopbackHttp: boolean): void {
  if (servers === undefined) return
  const clause = 'RFC 9728 2'
  if (!Array.isArray(servers)) throw refuse('"authorization_servers"', 'a list', jsonType(servers), clause)
  for (const server of servers) {
    if (typeof server !== 'string')
      throw refuse('"authorization_servers"', 'issuer identifiers', jsonType(server), clause)
    // As an issuer that a user gave: what is none is refused here, not at its first use.
    metadataUrls(server, 'oauth', allowLoopbackHttp)
  }
}

function refuse(what: string, expected: string, actual: string, clause: string): ProtocolError {
  const message = `protected resource metadata: ${what} is ${actual}; expected ${expected}`
  return new ProtocolError('invalid_resource_metadata', message, { clause, expected, actual })
}
