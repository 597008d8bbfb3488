import type { ClientMetadata } from '../../generated/models.ts'
import type { SupportedGrant } from './grant-types.ts'
import { hostList, Refusal } from './refusal.ts'

/** A client as the host knows it: its id and what was registered of it (RFC 7591 2), the host's own members included. */
export interface RegisteredClient {
  readonly clientId: string
  readonly metadata: ClientMetadata
}

/**
 * A list of a client's metadata, which hosts keep as they like. A text is none: of a text every part would count as a
 * member, and a part of a redirect URI can be another place.
 */
export function clientList(
  { metadata }: RegisteredClient,
  name:
    | 'grant_types'
    | 'response_types'
    | 'redirect_uris'
    | 'post_logout_redirect_uris'
    | 'default_acr_values'
    | 'authorization_details_types',
): readonly string[] | undefined {
  const list = metadata[name]
  return list === undefined || list === null ? undefined : hostList(`loadClient: ${name}`, list)
}

/**
 * Refuses to answer in the clear what a client's registration wants encrypted, since nothing here encrypts.
 *
 * @throws Refusal server_error
 * @see OIDC Core 10.2; RFC 9701 5; JARM 2.2
 */
export function assertNotEncrypted({ metadata }: RegisteredClient, name: EncryptedResponse): void {
  if (metadata[name] === undefined || metadata[name] === null) return
  throw new Refusal('server_error', 'the server failed', { reason: `${name} is not supported` })
}

type EncryptedResponse = `${'id_token' | 'userinfo' | 'introspection' | 'authorization'}_encrypted_response_alg`

/** How a client proved who it is. */
export type ClientAuthMethod =
  | 'none'
  | 'client_secret_basic'
  | 'client_secret_post'
  | 'client_secret_jwt'
  | 'private_key_jwt'
  | 'tls_client_auth'
  | 'self_signed_tls_client_auth'

/** Something that may be used once, and is claimed in the commit: a proof's or an assertion's `jti`. */
export interface ReplayClaim {
  readonly kind: 'dpop_proof' | 'client_assertion' | 'grant_assertion' | 'request_object'
  /** The record's key, made of a hash. */
  readonly key: string
  /** Seconds since the epoch, after the last moment at which the thing would be taken. */
  readonly expiresAt: number
}

/**
 * A client that `authenticateClient` has judged. Frozen: no callback that runs later can put another in its place.
 */
export interface AuthenticatedClient {
  readonly clientId: string
  readonly client: RegisteredClient
  readonly method: ClientAuthMethod
  /** Whether it proved nothing: a public client. */
  readonly isPublic: boolean
  /** What its authentication uses up, claimed by the commit of whatever it asks for. */
  readonly claims: readonly ReplayClaim[]
}

/** RFC 7591 2: what a client may use that registered no grant types. */
export const defaultClientGrants: readonly SupportedGrant[] = ['authorization_code']
