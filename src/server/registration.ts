import type { ClientInformation, ClientMetadata } from '../../generated/models.ts'
import { encodeBase64url } from '../lib/base64url.ts'
import { timingSafeEqual } from '../lib/constant-time.ts'
import { epochSeconds } from '../lib/runtime.ts'
import { formatChallenge } from '../lib/www-authenticate.ts'
import { createRandomToken } from '../protocol/random-token.ts'
import { judgeClientMetadata } from './client-metadata.ts'
import type { EndpointOutcome } from './client-request.ts'
import { type ClientRecord, clientKey, readClientRecord } from './client-store.ts'
import type { TokenEndpointConfig } from './config.ts'
import { noStore } from './errors.ts'
import { createEvent, type ServerEvent } from './events.ts'
import { storeOf } from './guard-store.ts'
import { denial } from './outcome.ts'
import type { Versioned } from './records.ts'
import { callHost, hostObject, Refusal, refuseRequest } from './refusal.ts'
import { noRequest } from './request.ts'
import { sha256 } from './secrets.ts'

/** A request to register a client (RFC 7591 3.1). */
export interface RegistrationRequest {
  /** The parsed JSON body. */
  readonly metadata: unknown
  /** The bearer token of the Authorization field, where one came. */
  readonly accessToken?: string
  readonly clientIp?: string
}

/** A request about one registered client (RFC 7592 2). */
export interface ClientManagementRequest {
  readonly clientId: string
  /** The registration access token: the bearer token of the Authorization field. */
  readonly accessToken?: string
  readonly clientIp?: string
}

/** Where registered clients are managed. */
export interface RegistrationOptions {
  /** Where registrations are read, replaced and deleted; the client id is added as a path segment. */
  readonly registrationUri: string
}

const clientIdBytes = 16
const secretMethods: readonly unknown[] = ['client_secret_basic', 'client_secret_post']

/**
 * Registers a client. Status 201.
 *
 * @see RFC 7591 3
 */
export function handleRegistrationRequest(
  config: TokenEndpointConfig,
  request: RegistrationRequest,
  options: RegistrationOptions,
): Promise<EndpointOutcome<ClientInformation>> {
  return run(config, request, async () => {
    const metadata = await approve(config, request)
    const { runtime } = config
    const clientId = encodeBase64url(runtime.randomBytes(clientIdBytes))
    const secret = needsSecret(metadata) ? createRandomToken(runtime) : undefined
    const token = createRandomToken(runtime)
    const record: ClientRecord = {
      format: 'client-1',
      clientId,
      metadata,
      registrationTokenHash: await sha256(token),
      issuedAt: epochSeconds(runtime),
      ...(secret !== undefined && { secretHash: await sha256(secret) }),
    }
    await commit(config, { kind: 'put', key: clientKey(clientId), value: record, expect: null })
    const event = createEvent('client_registered', { clientId, metadata: { clientIp: request.clientIp } })
    return { response: information(record, token, secret, options), events: [event] }
  })
}

/** @see RFC 7592 2.1 */
export function handleClientReadRequest(
  config: TokenEndpointConfig,
  request: ClientManagementRequest,
  options: RegistrationOptions,
): Promise<EndpointOutcome<ClientInformation>> {
  return run(config, request, async () => {
    const { record, token } = await authorize(config, request)
    return { response: information(record.value, token, undefined, options), events: [] }
  })
}

/**
 * Replaces a client's metadata, whole.
 *
 * @see RFC 7592 2.2
 */
export function handleClientUpdateRequest(
  config: TokenEndpointConfig,
  request: ClientManagementRequest & { readonly metadata: unknown },
  options: RegistrationOptions,
): Promise<EndpointOutcome<ClientInformation>> {
  return run(config, request, async () => {
    const { record, token } = await authorize(config, request)
    await assertUpdate(record.value, request.metadata)
    const metadata = await approve(config, request, record.value.clientId)
    const { secretHash: _, ...kept } = record.value
    const hadSecret = record.value.secretHash !== undefined
    // A client that comes to need a secret gets one; one that has it keeps it; one that no longer needs it loses it.
    const secret = needsSecret(metadata) && !hadSecret ? createRandomToken(config.runtime) : undefined
    const secretHash = secret === undefined ? record.value.secretHash : await sha256(secret)
    const updated: ClientRecord = {
      ...kept,
      metadata,
      ...(needsSecret(metadata) && secretHash !== undefined && { secretHash }),
    }
    await commit(config, { kind: 'put', key: record.key, value: updated, expect: record.version })
    return { response: information(updated, token, secret, options), events: [] }
  })
}

/**
 * Deletes a client; its tokens are inactive from then on. Status 204.
 *
 * @see RFC 7592 2.3
 */
export function handleClientDeleteRequest(
  config: TokenEndpointConfig,
  request: ClientManagementRequest,
): Promise<EndpointOutcome<null>> {
  return run(config, request, async () => {
    const { record } = await authorize(config, request)
    await commit(config, { kind: 'delete', key: record.key, expect: record.version })
    return { response: null, events: [] }
  })
}

type Step<Response> = () => Promise<{ readonly response: Response; readonly events: readonly ServerEvent[] }>

async function run<Response>(
  config: TokenEndpointConfig,
  request: { readonly clientIp?: string },
  step: Step<Response>,
): Promise<EndpointOutcome<Response>> {
  const given = request ?? noRequest
  try {
    if (!config.registration) throw refuseRequest('registration is off')
    const { response, events } = await step()
    return { ok: true, response, headers: noStore, events }
  } catch (thrown) {
    const { error, events } = denial('auth_denied', thrown, { request: given })
    return { ok: false, error, events }
  }
}

async function approve(
  config: TokenEndpointConfig,
  { metadata: given, accessToken, clientIp }: RegistrationRequest,
  clientId?: string,
): Promise<ClientMetadata> {
  const metadata = judgeClientMetadata(config, given)
  const { authorizeRegistration: ask } = config
  if (!ask) return metadata
  const context = {
    metadata,
    ...(clientId !== undefined && { clientId }),
    ...(accessToken !== undefined && { accessToken }),
    ...(clientIp !== undefined && { clientIp }),
  }
  const approved = await callHost('authorizeRegistration', () => ask(context))
  if (!approved) throw refuseToken(config, 'registration refused by policy')
  return hostObject('authorizeRegistration', approved)
}

/** RFC 7592 2: by the registration access token; unknown client and wrong token read alike. */
async function authorize(config: TokenEndpointConfig, { clientId, accessToken = '' }: ClientManagementRequest) {
  const record = await readClientRecord(storeOf(config), clientId)
  const hash = await sha256(accessToken)
  const matches = timingSafeEqual(record?.value.registrationTokenHash ?? '', hash)
  if (!record || !matches) throw refuseToken(config, 'unknown client or another registration token')
  return { record: record satisfies Versioned<ClientRecord>, token: accessToken }
}

/** RFC 7592 2.2: the client names itself, may repeat its secret, and leaves out what only the server sets. */
async function assertUpdate(record: ClientRecord, value: unknown): Promise<void> {
  const body = (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>
  if (body.client_id !== record.clientId) throw refuseRequest('client_id is not the registered one')
  const serverOnly = [
    'registration_access_token',
    'registration_client_uri',
    'client_secret_expires_at',
    'client_id_issued_at',
  ]
  if (serverOnly.some((name) => body[name] !== undefined)) throw refuseRequest('a member that only the server sets')
  const { client_secret: secret } = body
  if (secret === undefined) return
  const matches = typeof secret === 'string' && timingSafeEqual(record.secretHash ?? '', await sha256(secret))
  if (!matches) throw refuseRequest('client_secret is not the current one')
}

function information(
  { clientId, metadata, issuedAt }: ClientRecord,
  token: string,
  secret: string | undefined,
  { registrationUri }: RegistrationOptions,
): ClientInformation {
  return {
    ...metadata,
    client_id: clientId,
    client_id_issued_at: issuedAt,
    registration_access_token: token,
    registration_client_uri: `${registrationUri.replace(/\/$/, '')}/${encodeURIComponent(clientId)}`,
    // RFC 7591 3.2.1: 0 for a secret that does not expire.
    ...(secret !== undefined && { client_secret: secret, client_secret_expires_at: 0 }),
  }
}

function needsSecret({ token_endpoint_auth_method: method }: ClientMetadata): boolean {
  return secretMethods.includes(method)
}

async function commit(
  config: TokenEndpointConfig,
  change: Parameters<ReturnType<typeof storeOf>['commit']>[0][number],
): Promise<void> {
  const result = await storeOf(config).commit([change])
  if (result.ok) return
  throw new Refusal('temporarily_unavailable', 'the registration changed meanwhile; try again', { reason: 'conflict' })
}

function refuseToken({ realm }: TokenEndpointConfig, reason: string): Refusal {
  const headers = { 'www-authenticate': formatChallenge('Bearer', { realm, error: 'invalid_token' }) }
  return new Refusal('invalid_token', 'the access token is missing or not good for this', { reason, headers })
}
