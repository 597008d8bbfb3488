import { encodeFormComponent } from '../lib/form-component.ts'
import type { Runtime } from '../lib/runtime.ts'

/** Names one of a client's keys: enough to find it again among newer ones, and to know that it is the same. */
export interface ClientKey {
  readonly kid: string
  readonly alg: string
  /** RFC 7638, base64url. */
  readonly thumbprint: string
}

/** What a method of client authentication gets to know of the request that it joins. */
export interface ClientAuthContext {
  readonly clientId: string
  /** The issuer: the audience of assertions (RFC 7523bis). */
  readonly issuer: string
  readonly runtime: Runtime
}

/** What authentication adds: header fields, form parameters. Made anew for each attempt, retries included. */
export interface ClientAuthParts {
  readonly headers?: Readonly<Record<string, string>>
  readonly parameters?: Readonly<Record<string, string>>
}

/** What a negotiation goes by (RFC 8414 2). */
export interface ClientAuthLists {
  /** Of revocation and introspection their own list, where the server has one. */
  readonly token_endpoint_auth_methods_supported?: readonly string[] | undefined
}

/** How a client proves itself at the endpoints that ask for it. A value, made by `none()`, `clientSecretBasic(secret)`, ... */
export interface ClientAuth {
  /** As registered in `token_endpoint_auth_method` (RFC 7591 2). */
  readonly method: string
  /** The JWS algorithm of assertions, to be held against `token_endpoint_auth_signing_alg_values_supported`. */
  readonly signingAlg?: string
  /** The certificate of the TLS connection is the proof: endpoint aliases apply (RFC 8705 5). @default false */
  readonly mutualTls?: boolean
  /** For a method that depends on what the server takes; the rest of the value stands for the usual choice. */
  readonly negotiate?: (metadata: ClientAuthLists) => ClientAuth
  /** What it throws is the `cause` of a ConfigurationError `client_auth_failed`; nothing is sent then. */
  readonly authenticate: (context: ClientAuthContext) => ClientAuthParts | Promise<ClientAuthParts>
}

/**
 * A public client: it names itself and proves nothing.
 *
 * @see RFC 6749 2.1, 3.2.1; RFC 7591 2
 */
export function none(): ClientAuth {
  return Object.freeze({
    method: 'none',
    authenticate: ({ clientId }: ClientAuthContext) => ({ parameters: { client_id: clientId } }),
  })
}

/**
 * Client id and secret in the Authorization header, each form-encoded before they are joined by a colon:
 * without that a secret with a colon, a percent sign or a letter beyond ASCII would arrive as another one.
 *
 * @throws TypeError for an empty secret
 * @see RFC 6749 2.3.1, appendix B
 */
export function clientSecretBasic(secret: string): ClientAuth {
  assertSecret(secret, 'clientSecretBasic')
  return Object.freeze({
    method: 'client_secret_basic',
    authenticate: ({ clientId }: ClientAuthContext) => {
      const credentials = `${encodeFormComponent(clientId)}:${encodeFormComponent(secret)}`
      // Form encoding leaves only ASCII, which is what btoa takes.
      return { headers: { authorization: `Basic ${btoa(credentials)}` } }
    },
  })
}

/**
 * Client id and secret as form parameters, for servers that do not take `client_secret_basic`.
 *
 * @throws TypeError for an empty secret
 * @see RFC 6749 2.3.1
 */
export function clientSecretPost(secret: string): ClientAuth {
  assertSecret(secret, 'clientSecretPost')
  return Object.freeze({
    method: 'client_secret_post',
    authenticate: ({ clientId }: ClientAuthContext) => ({
      parameters: { client_id: clientId, client_secret: secret },
    }),
  })
}

/**
 * For a client that has a secret and was registered without a method: `client_secret_basic`, or
 * `client_secret_post` where the server lists that and not basic for the endpoint. `client_secret_jwt` never, unless
 * asked for.
 *
 * @throws TypeError for an empty secret
 * @see RFC 7591 2, RFC 8414 2
 */
export function clientSecret(secret: string): ClientAuth {
  const [basic, post] = [clientSecretBasic(secret), clientSecretPost(secret)]
  return Object.freeze({
    ...basic,
    negotiate: ({ token_endpoint_auth_methods_supported: listed }: ClientAuthLists) => {
      const postOnly = listed?.includes('client_secret_post') && !listed.includes('client_secret_basic')
      return postOnly ? post : basic
    },
  })
}

// An empty secret authenticates nobody; it comes from a variable of the environment that is not set.
export function assertSecret(secret: string, name: string): void {
  if (typeof secret !== 'string' || secret === '') throw new TypeError(`${name}: "secret" must be a non-empty string`)
  // It has no UTF-8, and would silently be sent as another character.
  if (/\p{Cs}/u.test(secret)) throw new TypeError(`${name}: "secret" must have no lone surrogate`)
}
