import type { ClientMetadata } from '../../generated/models.ts'
import { ProtocolError } from '../errors/protocol.ts'
import { jsonType, printable } from '../lib/printable.ts'
import { isNumericDate } from './jwt.ts'
import type { Notice } from './notice.ts'
import { assertEndpointUrl } from './url-rules.ts'

/** A client as registered, with what manages it. Plain data, to be kept as a secret. */
export interface ClientRegistration {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret?: string
  /** Milliseconds since the epoch; absent where the secret does not expire. */
  readonly clientSecretExpiresAt?: number
  /** Milliseconds since the epoch. */
  readonly clientIdIssuedAt?: number
  /** Where the registration is read, replaced and deleted; absent where the server has no management. */
  readonly registrationClientUri?: string
  /** Good until the server gives another. */
  readonly registrationAccessToken?: string
  /** As registered, which may be other than asked for. */
  readonly metadata: ClientMetadata
}

/** A registration as the server made it. */
export interface JudgedRegistration {
  readonly registration: ClientRegistration
  /** What the server registered other than asked for. */
  readonly notices: readonly Notice[]
}

export interface RegistrationExpectations {
  readonly issuer: string
  /** What was asked for, by wire names. */
  readonly requested?: Readonly<Record<string, unknown>>
  /** What was known before: the same client, whose tokens stay good unless the answer has others. */
  readonly previous?: ClientRegistration
  /** @default false */
  readonly allowLoopbackHttp?: boolean
}

/** RFC 7591 3.2.1, RFC 7592 3: what the server alone says. */
const serverMembers = [
  ...['client_id', 'client_secret', 'client_id_issued_at', 'client_secret_expires_at'],
  ...['registration_access_token', 'registration_client_uri'],
]

/**
 * The body of a replacement: the whole metadata, since what is left out is reset.
 *
 * @throws TypeError for a member that only the server sets
 * @see RFC 7592 2.2
 */
export function buildClientUpdate(
  registration: ClientRegistration,
  metadata: ClientMetadata,
): ClientMetadata & { readonly client_id: string } {
  assertOwnMetadata(metadata)
  const { clientId, clientSecret } = registration
  return { ...metadata, client_id: clientId, ...(clientSecret !== undefined && { client_secret: clientSecret }) }
}

/** @throws TypeError for a member that only the server sets (RFC 7592 2.2) */
export function assertOwnMetadata(metadata: ClientMetadata): void {
  for (const name of serverMembers) {
    if (metadata[name] !== undefined) throw new TypeError(`"metadata" must not have "${name}": the server sets it`)
  }
  if (metadata.jwks !== undefined && metadata.jwks_uri !== undefined) {
    throw new TypeError('"metadata" must not have both "jwks" and "jwks_uri" (RFC 7591 2)')
  }
  for (const key of metadata.jwks?.keys ?? []) {
    // A private key would be in every log of the server.
    if ('d' in key || 'k' in key) throw new TypeError('"metadata": "jwks" must have public keys only (RFC 7591 2)')
  }
}

/**
 * Judges what a server says of a registration, and joins it to what was known: a new secret or token replaces the old
 * one, and where none came the old one stays.
 *
 * @throws ProtocolError `invalid_registration_response`; `invalid_metadata`, `insecure_endpoint` for the management URL
 * @see RFC 7591 3.2.1, RFC 7592 3
 */
export function judgeRegistration(body: unknown, expected: RegistrationExpectations): JudgedRegistration {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw refuse('the registration response', 'a JSON object', jsonType(body))
  }
  const answer = body as Readonly<Record<string, unknown>>
  const { previous, requested = {} } = expected
  const clientId = readText(answer, 'client_id')
  if (clientId === undefined) throw refuse('"client_id"', 'present', 'absent')
  if (previous && clientId !== previous.clientId) {
    throw refuse('"client_id"', `"${previous.clientId}"`, `"${printable(clientId)}"`, 'RFC 7592 3')
  }
  const uri = readText(answer, 'registration_client_uri') ?? previous?.registrationClientUri
  const token = readText(answer, 'registration_access_token') ?? previous?.registrationAccessToken
  const { allowLoopbackHttp = false } = expected
  if (uri !== undefined) assertEndpointUrl(uri, { field: 'registration_client_uri', allowLoopbackHttp })
  const issuedAt = readTime(answer, 'client_id_issued_at') ?? previous?.clientIdIssuedAt
  const registration: ClientRegistration = {
    issuer: expected.issuer,
    clientId,
    ...readSecret(answer, previous),
    ...(issuedAt !== undefined && { clientIdIssuedAt: issuedAt }),
    ...(uri !== undefined && { registrationClientUri: uri }),
    ...(token !== undefined && { registrationAccessToken: token }),
    metadata: Object.fromEntries(
      Object.entries(answer).filter(([name]) => !serverMembers.includes(name)),
    ) as ClientMetadata,
  }
  return { registration, notices: noticeChanges(requested, registration.metadata) }
}

type Secret = Pick<ClientRegistration, 'clientSecret' | 'clientSecretExpiresAt'>

function readSecret(answer: Readonly<Record<string, unknown>>, previous: ClientRegistration | undefined): Secret {
  const secret = readText(answer, 'client_secret')
  if (secret === undefined) {
    const { clientSecret, clientSecretExpiresAt } = previous ?? {}
    return {
      ...(clientSecret !== undefined && { clientSecret }),
      ...(clientSecretExpiresAt !== undefined && { clientSecretExpiresAt }),
    }
  }
  const expiresAt = readTime(answer, 'client_secret_expires_at')
  // RFC 7591 3.2.1: "REQUIRED if client_secret is issued"; 0 means that it does not expire.
  if (expiresAt === undefined) throw refuse('"client_secret_expires_at"', 'present, with a secret', 'absent')
  return { clientSecret: secret, ...(expiresAt > 0 && { clientSecretExpiresAt: expiresAt }) }
}

/** RFC 7591 3.2.1: "The authorization server MAY reject or replace any of the client's requested metadata values". */
function noticeChanges(requested: Readonly<Record<string, unknown>>, registered: ClientMetadata): readonly Notice[] {
  return Object.entries(requested)
    .filter(([name, value]) => value !== undefined && !serverMembers.includes(name) && name !== 'software_statement')
    .filter(([name, value]) => canonical(value) !== canonical(registered[name]))
    .map(([name, value]) => ({
      code: 'registration_changed',
      message: `"${printable(name, 60)}" was registered other than asked for`,
      clause: 'RFC 7591 3.2.1',
      expected: value,
      actual: registered[name],
    }))
}

/** Order means nothing, in objects and in these lists alike. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).sort().join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'absent'
  return `{${Object.entries(value)
    .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`)
    .sort()
    .join()}}`
}

function readText(answer: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = answer[name]
  if (value === undefined || (typeof value === 'string' && /^[\x20-\x7e]+$/.test(value))) return value
  throw refuse(`"${name}"`, 'non-empty printable ASCII', typeof value === 'string' ? 'other text' : jsonType(value))
}

/** Milliseconds since the epoch. */
function readTime(answer: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const value = answer[name]
  if (value === undefined) return undefined
  if (isNumericDate(value)) return value * 1000
  throw refuse(`"${name}"`, 'seconds since the epoch', typeof value === 'number' ? String(value) : jsonType(value))
}

function refuse(what: string, expected: string, actual: string, clause = 'RFC 7591 3.2.1'): ProtocolError {
  return new ProtocolError('invalid_registration_response', `${what} must be ${expected}; it is ${actual}`, {
    clause,
    expected,
    actual,
  })
}
