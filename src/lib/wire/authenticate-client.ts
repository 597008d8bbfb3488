import { AuthentypeError } from '../../errors/base.ts'
import { ConfigurationError } from '../../errors/configuration.ts'
import type { ClientAuthenticator, ClientProof } from '../api.ts'
import { setField } from '../header-fields.ts'
import { mediaTypeOf } from '../media-type.ts'
import type { Runtime } from '../runtime.ts'

const form = 'application/x-www-form-urlencoded'

/**
 * A form POST with the client's proof added. Ours wins over parameters of the same name in the body.
 *
 * @throws TypeError for a request with an Authorization field of its own, or with a body that is no form
 * @throws ConfigurationError `client_auth_failed` for whatever `clientAuth` throws that is no error of ours
 * @see RFC 6749 2.3
 */
export async function authenticateClient(
  request: Request,
  options: {
    readonly clientId: string
    readonly clientAuth: ClientAuthenticator
    readonly issuer: string
    readonly runtime: Runtime
  },
): Promise<Request> {
  const { clientId, clientAuth, issuer, runtime } = options
  // RFC 6749 2.3: a client must not use more than one method of authentication in a request.
  if (request.headers.has('authorization')) {
    throw new TypeError('request: leave out Authorization; the client authenticates itself with its clientAuth')
  }
  const proof = await makeProof(clientAuth, { clientId, issuer, runtime })
  const body = await joinBody(request, clientId, clientAuth.method, proof)
  const headers = new Headers(request.headers)
  headers.set('content-type', form)
  for (const [name, value] of Object.entries(proof.headers ?? {})) setField(headers, name, value)
  return new Request(request, { headers, body: body.toString() })
}

type Context = Parameters<ClientAuthenticator['authenticate']>[0]

/**
 * A key that is held elsewhere cannot always be reached. Nothing was sent then, so that must not pass for a lost answer:
 * a refresh token was not used up, and a poll is not worth going on.
 */
async function makeProof(clientAuth: ClientAuthenticator, context: Context): Promise<ClientProof> {
  try {
    const { headers, parameters } = await clientAuth.authenticate(context)
    return { ...(headers && { headers }), ...(parameters && { parameters }) }
  } catch (cause) {
    if (cause instanceof AuthentypeError) throw cause
    const message = `"clientAuth" (${clientAuth.method}) failed, so nothing was sent; its error is the cause`
    const facts = { field: 'clientAuth', expected: 'header fields and parameters', actual: 'an error', cause }
    throw new ConfigurationError('client_auth_failed', message, { ...facts, clause: 'RFC 6749 2.3' })
  }
}

async function joinBody(
  request: Request,
  clientId: string,
  method: string,
  proof: ClientProof,
): Promise<URLSearchParams> {
  const mediaType = mediaTypeOf(request.headers)
  if (request.body && mediaType !== form) {
    throw new TypeError(`request: a client authenticates itself in ${form}, not in ${mediaType || 'an untyped body'}`)
  }
  const body = new URLSearchParams(await request.text())
  // RFC 6749 2.3.1: with HTTP Basic the client id stands in the header field, and needs no parameter. Where the
  // request has one it stays: it is a parameter of every pushed authorization request (RFC 9126 2.1).
  if (method !== 'client_secret_basic') body.set('client_id', clientId)
  for (const [name, value] of Object.entries(proof.parameters ?? {})) body.set(name, value)
  return body
}
