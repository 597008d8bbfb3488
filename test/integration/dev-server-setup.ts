// What the judges of the development server have in common: clients by method of authentication, and a judged server.
import { X509Certificate } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { DevClient, DevServerOptions } from '../../src/dev-server/index.ts'
import { type JudgedServer, startJudgedServer } from '../dev-server/conformance.ts'
import { type Certificate, type Certificates, fetchWithCertificate, makeCertificates } from '../support/certificates.ts'
import { makeSigningJwk } from '../support/real-provider/clients.ts'

export const redirectUri = 'http://127.0.0.1:3999/callback'
export const scope = 'openid profile email offline_access'
export const cibaGrant = 'urn:openid:params:grant-type:ciba'
export const jwtBearerGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
export const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'
export const preAuthorizedGrant = 'urn:ietf:params:oauth:grant-type:pre-authorized_code'
export const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
/** What an authority calls the client of `makeCertificates`. */
const tlsName = 'app.example'
export const secret = 'a secret of the length that any MAC needs 0123456789'

const grants = ['authorization_code', 'refresh_token', 'client_credentials', exchangeGrant, cibaGrant, jwtBearerGrant]

/** A registration for every flow of a confidential client. */
export function registration(clientId: string, more: Partial<DevClient> = {}): DevClient {
  return {
    client_id: clientId,
    grant_types: grants,
    redirect_uris: [redirectUri],
    scope: `${scope} api:read api:write`,
    ...more,
  } as DevClient
}

/** A key for signing, as the client has it and as the server does. */
async function makeClientKey(kid: string) {
  const privateJwk = await makeSigningJwk('ES256', kid)
  const { d: _, ...publicJwk } = privateJwk
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  const key = await crypto.subtle.importKey('jwk', privateJwk, algorithm, false, ['sign'])
  return { privateJwk, publicJwk, key, kid }
}

/** Registrations of the two methods of RFC 8705, tokens bound. */
export function tlsRegistrations({ selfSigned }: Certificates): readonly DevClient[] {
  const bound = { tls_client_certificate_bound_access_tokens: true }
  const x5c = [new X509Certificate(selfSigned.cert).raw.toString('base64')]
  const { publicKey } = new X509Certificate(selfSigned.cert)
  const jwk = { ...publicKey.export({ format: 'jwk' }), x5c }
  return [
    registration('pki', {
      ...bound,
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_san_dns: tlsName,
    }),
    registration('self', {
      ...bound,
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      jwks: { keys: [jwk as never] },
    }),
  ]
}

export type ClientKey = Awaited<ReturnType<typeof makeClientKey>>

/** A third party, whose assertions the server takes for `api:read` (RFC 7523). */
const partner = 'https://partner.example'

/** A server and all that the flows beside the usual one need. */
export interface FlowServer {
  readonly server: JudgedServer
  readonly certificates: Certificates
  readonly clientKey: ClientKey
  readonly partnerKey: ClientKey
}

/** Over TLS, with the clients of `tlsRegistrations`; `close` of the server rejects where it broke a rule. */
export async function startFlowServer(options: DevServerOptions = {}): Promise<FlowServer> {
  const certificates = makeCertificates(tlsName)
  const [clientKey, partnerKey] = await Promise.all([makeClientKey('client-1'), makeClientKey('partner-1')])
  const server = await startJudgedServer({
    tls: certificates.server,
    clientCa: certificates.ca,
    assertionIssuers: [{ issuer: partner, jwks: { keys: [partnerKey.publicJwk] }, scope: ['api:read'] }],
    ...options,
  })
  for (const client of tlsRegistrations(certificates)) server.addClient(client)
  return { server, certificates, clientKey, partnerKey }
}

/** What the partner says of bob, for a minute. */
export async function assertAsPartner({ key, kid }: ClientKey, audience: string, claims: object = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const body = { iss: partner, sub: 'bob', aud: audience, exp: now + 60, iat: now, jti: crypto.randomUUID() }
  const data = `${encode({ alg: 'ES256', kid })}.${encode({ ...body, ...claims })}`
  const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key, Buffer.from(data))
  return `${data}.${Buffer.from(signature).toString('base64url')}`
}

/** `fetch` with the platform's arguments, over TLS with this certificate. */
export function platformFetch(ca: string, certificate?: Certificate): typeof fetch {
  const send = fetchWithCertificate(ca, certificate)
  return async (input, init) => send(new Request(input, init))
}

/** An endpoint of a client's own, for pings and documents. */
export async function startEndpoint(
  answer: (request: { path: string; body: string; authorization: string }) => object,
) {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { url = '', headers } = request
      const body = Buffer.concat(chunks).toString()
      const text = JSON.stringify(answer({ path: url, body, authorization: headers.authorization ?? '' }))
      response.writeHead(200, { 'content-type': 'application/json' }).end(text)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { origin: `http://127.0.0.1:${port}`, close: () => server.close() }
}
