import {
  deleteOAuthClient,
  readOAuthClient,
  registerOAuthClient,
  updateOAuthClient,
} from '../../generated/endpoints.ts'
import type { ClientMetadata } from '../../generated/models.ts'
import { ConfigurationError } from '../errors/configuration.ts'
import { createApi } from '../http/create-api.ts'
import { withLimits } from '../http/limits.ts'
import { withoutRedirects } from '../http/redirects.ts'
import { withAccessToken } from '../http/with-access-token.ts'
import { withStrictJson } from '../http/with-strict-json.ts'
import type { Api } from '../lib/api.ts'
import type { Fetch } from '../lib/fetch.ts'
import { assertKnownOptions, assertNumbers, assertSwitches } from '../lib/options.ts'
import { type Runtime, systemRuntime } from '../lib/runtime.ts'
import {
  assertOwnMetadata,
  buildClientUpdate,
  type ClientRegistration,
  type JudgedRegistration,
  judgeRegistration,
} from '../protocol/client-registration.ts'
import { assertEndpointUrl } from '../protocol/url-rules.ts'
import { missingEndpoint } from './missing-endpoint.ts'
import { sharedSources } from './shared-caches.ts'

/** How the registration endpoints are called. */
export interface ManageClientOptions {
  /** @default the global fetch */
  readonly fetch?: Fetch
  /** @default the machine's clock and random source */
  readonly runtime?: Runtime
  /** Milliseconds for each request. @default 10000 */
  readonly timeout?: number
  /** `http:` to loopback addresses, for development. @default false */
  readonly allowLoopbackHttp?: boolean
  readonly signal?: AbortSignal
}

/** How a client is registered (RFC 7591 3.1). */
export interface RegisterClientOptions extends ManageClientOptions {
  /** Where registration is not open to all (RFC 7591 3). */
  readonly initialAccessToken?: string
  /** @default discovered */
  readonly registrationEndpoint?: string
}

const optionNames = ['fetch', 'runtime', 'timeout', 'allowLoopbackHttp', 'signal']
const maxBytes = 1024 * 1024
const bareFetch: Fetch = (request) => fetch(request)

/**
 * Registers a client. Keep what it gives as a secret; `notices` says what the server registered other than asked for.
 *
 * @param metadata by wire names: `redirect_uris`, `token_endpoint_auth_method`, ...
 * @throws OAuthResponseError `invalid_redirect_uri`, `invalid_client_metadata`, ...
 * @throws ProtocolError `invalid_registration_response`, and whatever a request to an endpoint throws
 * @throws ConfigurationError `missing_metadata`
 * @see RFC 7591 3
 * @example
 * const { registration } = await registerClient('https://issuer.example', { redirect_uris: ['https://app.example/callback'] })
 */
export async function registerClient(
  issuer: string,
  metadata: ClientMetadata,
  options: RegisterClientOptions = {},
): Promise<JudgedRegistration> {
  assertKnownOptions('registerClient', options, [...optionNames, 'initialAccessToken', 'registrationEndpoint'])
  assertOwnMetadata(metadata)
  const { initialAccessToken, allowLoopbackHttp = false } = options
  const url = options.registrationEndpoint ?? (await discoverEndpoint(issuer, options))
  assertEndpointUrl(url, { field: 'registration_endpoint', allowLoopbackHttp })
  const answer = await registerOAuthClient(
    apiFor(url, initialAccessToken, options),
    { body: metadata },
    init(url, options),
  )
  return judgeRegistration(answer, { issuer, requested: metadata, allowLoopbackHttp })
}

/**
 * Reads what is registered now. Keep the new registration in place of the old one: secret and token may have changed.
 *
 * @throws OAuthResponseError `invalid_token`, and whatever a request to an endpoint throws
 * @see RFC 7592 2.1
 */
export async function readClient(
  registration: ClientRegistration,
  options: ManageClientOptions = {},
): Promise<JudgedRegistration> {
  assertKnownOptions('readClient', options, optionNames)
  const { url, token } = managementOf(registration, options)
  const answer = await readOAuthClient(apiFor(url, token, options), pathOf(registration), init(url, options))
  return continued(registration, answer, options)
}

/**
 * Replaces the registration: a member that is left out is reset. Keep the new registration in place of the old one.
 *
 * @param metadata the whole, by wire names
 * @throws OAuthResponseError `invalid_client_metadata`, and whatever a request to an endpoint throws
 * @see RFC 7592 2.2
 */
export async function updateClient(
  registration: ClientRegistration,
  metadata: ClientMetadata,
  options: ManageClientOptions = {},
): Promise<JudgedRegistration> {
  assertKnownOptions('updateClient', options, optionNames)
  const body = buildClientUpdate(registration, metadata)
  const { url, token } = managementOf(registration, options)
  const input = { ...pathOf(registration), body }
  const answer = await updateOAuthClient(apiFor(url, token, options), input, init(url, options))
  return continued(registration, answer, options, metadata)
}

/**
 * Ends the registration, and with it the client's credentials and, by the server's policy, its grants and tokens.
 *
 * @throws OAuthResponseError `invalid_token`, and whatever a request to an endpoint throws
 * @see RFC 7592 2.3
 */
export async function deleteClient(registration: ClientRegistration, options: ManageClientOptions = {}): Promise<void> {
  assertKnownOptions('deleteClient', options, optionNames)
  const { url, token } = managementOf(registration, options)
  await deleteOAuthClient(apiFor(url, token, options), pathOf(registration), init(url, options))
}

function assertSettings(options: ManageClientOptions): void {
  assertSwitches('registration', options, ['allowLoopbackHttp'])
  assertNumbers('registration', options, ['timeout'])
}

async function discoverEndpoint(issuer: string, options: ManageClientOptions): Promise<string> {
  assertSettings(options)
  const { fetch = bareFetch, runtime = systemRuntime, timeout, allowLoopbackHttp, signal } = options
  const { metadata } = sharedSources({ issuer, timeout, allowLoopbackHttp }, fetch, runtime)
  const { registration_endpoint: url } = await metadata.get({ signal })
  if (url === undefined) throw missingEndpoint(issuer, 'registration_endpoint')
  return url
}

/** @throws ConfigurationError where the server gave nothing to manage the registration with */
function managementOf(
  { registrationClientUri: url, registrationAccessToken: token }: ClientRegistration,
  { allowLoopbackHttp = false }: ManageClientOptions,
): { readonly url: string; readonly token: string } {
  const field = 'registration_client_uri'
  if (url === undefined || token === undefined) {
    const message = 'the server gave no address or no token to manage the registration with'
    const facts = { field, clause: 'RFC 7592 3', expected: 'a URL and a token', actual: 'absent' }
    throw new ConfigurationError('missing_metadata', message, facts)
  }
  assertEndpointUrl(url, { field, allowLoopbackHttp })
  return { url, token }
}

/** The token goes to this one URL, and no redirect takes it further. */
function apiFor(url: string, token: string | undefined, options: ManageClientOptions): Api {
  const { fetch = bareFetch, runtime = systemRuntime, timeout = 10_000, allowLoopbackHttp = false } = options
  assertSettings(options)
  const limited = withStrictJson(withoutRedirects(withLimits(fetch, { timeout, maxBytes })))
  if (token === undefined) return createApi({ fetch: limited, runtime })
  const source = { getAccessToken: async () => ({ kind: 'bearer', value: token, scope: '' }) as const }
  const authenticatedFetch = withAccessToken(limited, source, { origins: [url], allowLoopbackHttp, runtime })
  return createApi({ fetch: limited, authenticatedFetch, runtime })
}

function init(url: string, { signal }: ManageClientOptions): { readonly url: string; readonly signal?: AbortSignal } {
  return { url, ...(signal && { signal }) }
}

function pathOf({ clientId }: ClientRegistration): { readonly path: { readonly client_id: string } } {
  return { path: { client_id: clientId } }
}

function continued(
  previous: ClientRegistration,
  answer: unknown,
  { allowLoopbackHttp = false }: ManageClientOptions,
  requested?: ClientMetadata,
): JudgedRegistration {
  const { issuer } = previous
  return judgeRegistration(answer, { issuer, previous, allowLoopbackHttp, ...(requested && { requested }) })
}
