import type { Credentials, Operation, RequestOptions } from '../api.ts'
import type { Fetch } from '../fetch.ts'
import { systemRuntime } from '../runtime.ts'
import { authenticateClient } from './authenticate-client.ts'

/**
 * The fetch that carries an access token: the call's own, else the API's.
 *
 * @throws TypeError where a token is required and there is none
 */
export function authorizeToken(
  { id, accessToken }: Operation,
  request: Request,
  plain: Fetch,
  credentials: Credentials,
  init: RequestOptions,
): Fetch | undefined {
  if (hasCredential(request)) return plain
  const fetch = accessToken && (init.authenticatedFetch ?? credentials.authenticatedFetch)
  if (fetch || accessToken !== 'required') return fetch
  throw new TypeError(`${id} needs an access token: give createApi an "authenticatedFetch", such as a session's fetch`)
}

/**
 * The fetch by which the client proves itself, by `clientFetch` or `clientAuth`; else one with an access token, where
 * the operation takes that too.
 *
 * @throws TypeError where a proof is required and there is none, and for a `clientAuth` without what it needs
 */
export function authorizeClient(
  operation: Operation,
  request: Request,
  plain: Fetch,
  credentials: Credentials,
  init: RequestOptions,
): Fetch | undefined {
  if (!operation.clientAuth) return authorizeToken(operation, request, plain, credentials, init)
  if (hasCredential(request)) return plain
  const { clientId, clientAuth, metadata, runtime = systemRuntime } = credentials
  const proving = operation.clientAuth && (init.authenticatedFetch ?? credentials.clientFetch)
  if (proving) return proving
  if (operation.clientAuth && clientAuth) {
    const issuer = credentials.issuer ?? (metadata as { issuer?: string } | undefined)?.issuer
    if (clientId === undefined) throw new TypeError('createApi: "clientAuth" needs "clientId"')
    if (clientAuth.signingAlg !== undefined && issuer === undefined) {
      throw new TypeError('createApi: "clientAuth" makes assertions, so it needs "issuer", their audience')
    }
    const options = { clientId, clientAuth, issuer: issuer ?? '', runtime }
    return async (request) => plain(await authenticateClient(request, options))
  }
  const carrying = authorizeToken(operation, request, plain, credentials, init)
  if (carrying || operation.clientAuth !== 'required') return carrying
  throw new TypeError(`${operation.id} needs client authentication: give createApi "clientId" and "clientAuth"`)
}

/** A credential that the call itself brings is left alone. */
const hasCredential = ({ headers }: Request): boolean => headers.has('authorization')
