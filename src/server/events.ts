import type { Confirmation } from '../../generated/models.ts'

/** How a token is tied to its holder. */
export type SenderConstraintKind = 'none' | 'dpop' | 'mtls'

/** The details of an event; none is a secret. */
export interface EventMetadata {
  readonly clientIp?: string
  readonly tokenType?: string
  readonly senderConstraint?: SenderConstraintKind
  readonly cnf?: Confirmation
  /** The client id that was attempted, where it may not be the one that was authenticated. */
  readonly clientId?: string
  /** Which rule failed, a fixed text. */
  readonly reason?: string
  readonly error?: string
  readonly errorDescription?: string
  readonly httpStatus?: number
}

type MetadataKey = keyof EventMetadata

/** What can happen at a token endpoint and its neighbours. */
export type ServerEventName =
  | 'token_issued'
  | 'token_denied'
  | 'code_issued'
  | 'authorization_denied'
  | 'authorization_failed'
  | 'token_revoked'
  | 'refresh_issued'
  | 'refresh_rotated'
  | 'refresh_reuse_detected'
  | 'code_reuse_detected'
  | 'auth_succeeded'
  | 'auth_denied'
  | 'client_registered'

const issued = ['clientIp', 'tokenType', 'senderConstraint', 'cnf'] as const
const denied = [
  'clientIp',
  'clientId',
  'reason',
  'error',
  'errorDescription',
  'httpStatus',
  'senderConstraint',
] as const
const noticed = ['clientIp', 'clientId', 'reason'] as const

/** Every event and the metadata that it may carry. */
const metadataKeys: Readonly<Record<ServerEventName, readonly MetadataKey[]>> = {
  token_issued: issued,
  refresh_issued: issued,
  refresh_rotated: issued,
  token_denied: denied,
  authorization_denied: denied,
  authorization_failed: denied,
  auth_denied: denied,
  auth_succeeded: noticed,
  code_issued: noticed,
  token_revoked: noticed,
  refresh_reuse_detected: noticed,
  code_reuse_detected: noticed,
  client_registered: noticed,
}

/** What happened, for the host's audit log. Holds no token, code or secret. */
export interface ServerEvent {
  readonly name: ServerEventName
  readonly result: 'success' | 'failure'
  readonly subject?: string
  readonly clientId?: string
  readonly scope?: string
  readonly grantType?: string
  readonly metadata: EventMetadata
  /** What a server's fault came from. Not enumerable: only the host knows what may be logged of it. */
  readonly cause?: unknown
}

/** What an event is made of. */
export interface ServerEventInput {
  readonly subject?: string | undefined
  readonly clientId?: string | undefined
  readonly scope?: string | undefined
  readonly grantType?: string | undefined
  readonly metadata?: { readonly [Key in MetadataKey]?: EventMetadata[Key] | undefined } | undefined
  readonly cause?: unknown
}

const failures: readonly ServerEventName[] = [
  'token_denied',
  'authorization_denied',
  'authorization_failed',
  'auth_denied',
  'refresh_reuse_detected',
  'code_reuse_detected',
]
const fields = ['subject', 'clientId', 'scope', 'grantType'] as const
const knownFields: readonly string[] = [...fields, 'metadata', 'cause']

/** @throws TypeError for a name, a field or a metadata key that is not of the closed set */
export function createEvent(name: ServerEventName, input: ServerEventInput = {}): ServerEvent {
  if (!Object.hasOwn(metadataKeys, name)) throw new TypeError(`event: unknown name "${name}"`)
  const allowed: readonly string[] = metadataKeys[name]
  for (const key of Object.keys(input)) {
    if (!knownFields.includes(key)) throw new TypeError(`event ${name}: unknown field "${key}"`)
  }
  const { metadata: given = {} } = input
  const metadata: Record<string, unknown> = {}
  for (const key of Object.keys(given) as MetadataKey[]) {
    if (!allowed.includes(key)) throw new TypeError(`event ${name}: unknown metadata key "${key}"`)
    if (given[key] !== undefined) metadata[key] = given[key]
  }
  const event: Record<string, unknown> = { name, result: failures.includes(name) ? 'failure' : 'success' }
  for (const field of fields) if (input[field] !== undefined) event[field] = input[field]
  event.metadata = Object.freeze(metadata)
  if (input.cause !== undefined) Object.defineProperty(event, 'cause', { value: input.cause, enumerable: false })
  return Object.freeze(event) as unknown as ServerEvent
}
