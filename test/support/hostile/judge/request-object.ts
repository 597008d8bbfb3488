import { verify } from 'node:crypto'
import { registeredClient } from '../client-setup.ts'
import type { JsonObject } from '../patch.ts'
import { blame, expectUnused, type ProviderState } from '../state.ts'

/** What may stand beside a request object: OpenID Connect Core 6.1 in a URL, client authentication in a push. */
const beside = {
  'in a URL': ['client_id', 'request', 'response_type', 'scope'],
  pushed: ['client_id', 'request', 'client_secret', 'client_assertion', 'client_assertion_type'],
}

/** The parameters of a request; those of a request object, where the client signs, and no others (RFC 9101 6.3). */
export function openRequest(
  state: ProviderState,
  parameters: URLSearchParams,
  how: keyof typeof beside,
): URLSearchParams {
  const request = parameters.get('request')
  if (!state.client.requestObject) return parameters
  if (request === null) {
    blame(state, 'RFC 9101 10.5', 'authorization request not signed')
    return parameters
  }
  const strange = [...parameters.keys()].filter((name) => !beside[how].includes(name))
  if (strange.length > 0) blame(state, 'RFC 9126 3', `${strange.join(', ')} beside a request object ${how}`)
  const claims = readClaims(state, request)
  judgeClaims(state, claims)
  // RFC 9126 7.3: a pushed request can be used once by its reference; one in a URL can be sent again.
  if (how === 'in a URL') expectUnused(state, 'request object jti', String(claims.jti ?? ''), 'RFC 9101 10.2')
  const { iss, aud, exp, nbf, iat, jti, ...rest } = claims
  const texts = Object.entries(rest).map(([name, value]) => [
    name,
    typeof value === 'object' ? JSON.stringify(value) : String(value),
  ])
  return new URLSearchParams(texts as [string, string][])
}

function readClaims(state: ProviderState, request: string): JsonObject {
  const [header = '', payload = '', signature = ''] = request.split('.')
  const key = { key: registeredClient.publicKey, dsaEncoding: 'ieee-p1363' } as const
  if (!verify('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'))) {
    blame(state, 'RFC 9101 6.2', 'the request object is not signed by the client')
  }
  const { typ } = JSON.parse(Buffer.from(header, 'base64url').toString()) as JsonObject
  if (typ !== 'oauth-authz-req+jwt') blame(state, 'RFC 9101 10.8', `typ of the request object is ${String(typ)}`)
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as JsonObject
}

function judgeClaims(state: ProviderState, claims: JsonObject): void {
  const now = Math.floor(state.now() / 1000)
  if (claims.iss !== registeredClient.clientId)
    blame(state, 'RFC 9101 4', 'iss of the request object is not the client')
  if (claims.aud !== state.issuer) blame(state, 'RFC 9101 4', 'aud of the request object is not the issuer')
  if (!(Number(claims.exp) > now && Number(claims.exp) <= now + 3600)) {
    blame(state, 'FAPI 1.0 Advanced 5.2.2', 'the request object has expired or lives longer than an hour')
  }
  if (!(Number(claims.nbf) <= now)) blame(state, 'FAPI 1.0 Advanced 5.2.2', 'the request object has no nbf')
  for (const name of ['sub', 'request', 'request_uri']) {
    if (name in claims) blame(state, 'RFC 9101 4', `${name} in the request object`)
  }
}
