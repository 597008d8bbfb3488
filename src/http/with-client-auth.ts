import type { Fetch } from '../lib/fetch.ts'
import { type Runtime, systemRuntime } from '../lib/runtime.ts'
import type { ClientAuth, ClientAuthParts } from '../protocol/client-auth.ts'
import { setField } from './header-fields.ts'
import { mediaTypeOf } from './media-type.ts'

export interface ClientAuthOptions {
  readonly clientId: string
  readonly clientAuth: ClientAuth
  /** The issuer: the audience of assertions. */
  readonly issuer: string
  /** @default systemRuntime */
  readonly runtime?: Runtime
}

const form = 'application/x-www-form-urlencoded'

/**
 * Lets the client prove itself in every form POST. Assertions are made afresh for each attempt, so what sends
 * again stands outside of it. Ours win over parameters of the same name in the body.
 *
 * @throws TypeError for a request with an Authorization field of its own, or with a body that is no form
 * @see RFC 6749 2.3
 */
export function withClientAuth(fetch: Fetch, options: ClientAuthOptions): Fetch {
  const { clientId, clientAuth, issuer, runtime = systemRuntime } = options
  return async (request) => {
    // RFC 6749 2.3: a client must not use more than one method of authentication in a request.
    if (request.headers.has('authorization')) {
      throw new TypeError('request: leave out Authorization; the client authenticates itself with its clientAuth')
    }
    const parts = await clientAuth.authenticate({ clientId, issuer, runtime })
    const body = await joinBody(request, clientId, clientAuth.method, parts)
    const headers = new Headers(request.headers)
    headers.set('content-type', form)
    for (const [name, value] of Object.entries(parts.headers ?? {})) setField(headers, name, value)
    return await fetch(new Request(request, { headers, body: body.toString() }))
  }
}

async function joinBody(
  request: Request,
  clientId: string,
  method: string,
  parts: ClientAuthParts,
): Promise<URLSearchParams> {
  const mediaType = mediaTypeOf(request.headers)
  if (request.body && mediaType !== form) {
    throw new TypeError(`request: a client authenticates itself in ${form}, not in ${mediaType || 'an untyped body'}`)
  }
  const body = new URLSearchParams(await request.text())
  // RFC 6749 2.3.1: with HTTP Basic the client id stands in the header field, and needs no parameter. Where the
  // request has one it stays: it is a parameter of every pushed authorization request (RFC 9126 2.1).
  if (method !== 'client_secret_basic') body.set('client_id', clientId)
  for (const [name, value] of Object.entries(parts.parameters ?? {})) body.set(name, value)
  return body
}
