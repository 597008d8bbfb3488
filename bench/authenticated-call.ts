/**
 * What `session.fetch` with a fresh token costs beside the same transport with the header set by hand, and with DPoP
 * beside header and proof by hand, and beside a plain fetch, which proves nothing; one after the other and with 50 in
 * flight. The API is in a thread of its own. Against the plain fetch over TLS too, as tokens go (RFC 6750 5.3): what
 * a loopback address costs in the clear is less than any API that a token may be sent to.
 */
import { importJWK, type JWK } from 'jose'
import * as oauth from 'oauth4webapi'
import { makeCertificates } from '../test/support/certificates.ts'
import { privateJwk } from '../test/support/id-token.ts'
import { readWhole, startApi } from './api-server.ts'
import type { Library } from './library.ts'
import { type Contender, measure, type Result } from './measure.ts'

const accessToken = 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU'
const inFlight = 50
const slice = 80

/** The one transport of all contenders that take one. */
const transport = (request: Request) => fetch(request)

export async function benchAuthenticatedCall(library: Library): Promise<Result[]> {
  const { url, stop } = await startApi()
  try {
    const bearer = [bearerByHand(url), await sessionFetch(library, url, 'Bearer')]
    const dpop = [await dpopByHand(library, url), ...(await proving(library, url))]
    return [
      ...(await measureBoth('Bearer call', bearer)),
      ...(await measureBoth('DPoP call', dpop)),
      ...(await measureBoth('DPoP call beside none', [...plainFetches(url), ...dpop.slice(1)])),
      ...(await benchOverTls(library)),
    ]
  } finally {
    await stop()
  }
}

async function benchOverTls(library: Library): Promise<Result[]> {
  const { url, stop } = await startApi(makeCertificates('bench').server)
  const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED
  // Node 20's own fetch takes no further authority once the process runs.
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
  try {
    const beside = [...plainFetches(url), ...(await proving(library, url))]
    return await measureBoth('DPoP call beside none, TLS', beside)
  } finally {
    if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
    else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before
    await stop()
  }
}

async function measureBoth(job: string, contenders: readonly Contender[]): Promise<Result[]> {
  return [
    ...(await measure(`${job}, one by one`, contenders, slice)),
    ...(await measure(`${job}, ${inFlight} in flight`, contenders.map(manyAtOnce), slice)),
  ]
}

async function proving(library: Library, url: string): Promise<Contender[]> {
  return [await sessionFetch(library, url, 'DPoP'), await oauth4webapi(url)]
}

/** What a call without any token costs, bare and by the transport that the others take: a `Request` is made twice then. */
function plainFetches(url: string): Contender[] {
  return [
    { name: 'plain fetch', run: () => readWhole(fetch(url)) },
    { name: 'transport, no token', run: () => readWhole(transport(new Request(url))) },
  ]
}

/** The limit. */
function bearerByHand(url: string): Contender {
  const headers = { authorization: `Bearer ${accessToken}` }
  return { name: 'transport, header by hand', run: () => readWhole(transport(new Request(url, { headers }))) }
}

/** The limit: the proof cannot be had for less. */
async function dpopByHand({ importSigningKey, createDpopProof, systemRuntime }: Library, url: string) {
  const key = await importSigningKey(privateJwk('P-256') as Parameters<typeof importSigningKey>[0])
  const input = { method: 'GET', url, accessToken }
  const authorization = `DPoP ${accessToken}`
  const send = async () => {
    const dpop = await createDpopProof(key, input, systemRuntime)
    return await transport(new Request(url, { headers: { authorization, dpop } }))
  }
  return { name: 'transport, proof by hand', run: () => readWhole(send()) }
}

async function sessionFetch(library: Library, url: string, tokenType: 'Bearer' | 'DPoP'): Promise<Contender> {
  const { createOAuthClient, createSessions, importSigningKey } = library
  const issuer = 'https://op.example'
  const client = createOAuthClient({
    issuer,
    clientId: 'app',
    redirectUri: 'https://app.example/callback',
    allowLoopbackHttp: true,
    fetch: transport,
  })
  const dpopKey = await importSigningKey(privateJwk('P-256') as Parameters<typeof importSigningKey>[0])
  const now = Date.now()
  const tokens = { issuer, accessToken, tokenType, scope: 'me', receivedAt: now, expiresAt: now + 3_600_000 }
  const session = await createSessions({ client, baseUrl: url }).create({
    ...{ issuer, clientId: 'app', tokens, checks: [], notices: [] },
    ...(tokenType === 'DPoP' && { dpopKey }),
  })
  return { name: 'authentype, session.fetch', run: () => readWhole(session.fetch(url)) }
}

async function oauth4webapi(url: string): Promise<Contender> {
  const jwk = privateJwk('P-256') as JWK
  const privateKey = (await importJWK(jwk, 'ES256')) as CryptoKey
  const { d: _, ...half } = jwk
  const publicKey = (await importJWK(half, 'ES256', { extractable: true })) as CryptoKey
  const handle = oauth.DPoP({}, { privateKey, publicKey })
  const target = new URL(url)
  const options = { DPoP: handle, [oauth.allowInsecureRequests]: true }
  return {
    name: 'oauth4webapi',
    run: () => readWhole(oauth.protectedResourceRequest(accessToken, 'GET', target, undefined, undefined, options)),
  }
}

function manyAtOnce({ name, run }: Contender): Contender {
  return { name, run: () => Promise.all(Array.from({ length: inFlight }, run)) }
}
