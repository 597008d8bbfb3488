import type { Runtime } from '../lib/runtime.ts'

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

/** How a client proves itself at the endpoints that ask for it. A value, made by `none()`, `clientSecretBasic(secret)`, ... */
export interface ClientAuth {
  /** As registered in `token_endpoint_auth_method` (RFC 7591 2). */
  readonly method: string
  /** The JWS algorithm of assertions, to be held against `token_endpoint_auth_signing_alg_values_supported`. */
  readonly signingAlg?: string
  readonly authenticate: (context: ClientAuthContext) => ClientAuthParts | Promise<ClientAuthParts>
}
