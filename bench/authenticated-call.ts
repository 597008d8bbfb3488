/**
 * A DPoP call of a session beside a plain fetch of the same URL, one after the other and with 50 in flight. The server
 * is in a thread of its own, so that its work counts for nobody; it asks for no nonce and judges nothing.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { importJWK, type JWK } from 'jose'
import * as oauth from 'oauth4webapi'
import { privateJwk } from '../test/support/id-token.ts'
import type { Library } from './library.ts'
import { type Contender, measure, type Result } from './measure.ts'

const accessToken = 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU'
const inFlight = 50

export async function benchAuthenticatedCall(library: Library): Promise<Result[]> {
  const { url, stop } = await startServer()
  try {
    const contenders = [plainFetch(url), await authentype(library, url), await oauth4webapi(url)]
    const sequential = await measure('DPoP call, one by one', contenders)
    const parallel = await measure(`DPoP calls, ${inFlight} in flight`, contenders.map(manyAtOnce))
    return [...sequential, ...parallel]
  } finally {
    await stop()
  }
}

const serverCode = `
const { createServer } = require('node:http')
const { parentPort } = require('node:worker_threads')
const body = JSON.stringify({ sub: 'alice', name: 'Alice' })
const server = createServer((request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body)
})
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))
`

async function startServer(): Promise<{ url: string; stop: () => Promise<unknown> }> {
  const worker = new Worker(serverCode, { eval: true })
  const [port] = (await once(worker, 'message')) as [number]
  return { url: `http://127.0.0.1:${port}/me`, stop: () => worker.terminate() }
}

/** The limit. */
function plainFetch(url: string): Contender {
  return { name: 'plain fetch', run: () => readWhole(fetch(url)) }
}

async function authentype({ createOAuthClient, createSessions, importSigningKey }: Library, url: string) {
  const issuer = 'https://op.example'
  const client = createOAuthClient({
    issuer,
    clientId: 'app',
    redirectUri: 'https://app.example/callback',
    allowLoopbackHttp: true,
  })
  const dpopKey = await importSigningKey(privateJwk('P-256') as Parameters<typeof importSigningKey>[0])
  const now = Date.now()
  const tokens = {
    issuer,
    accessToken,
    tokenType: 'DPoP',
    scope: 'me',
    receivedAt: now,
    expiresAt: now + 3_600_000,
  } as const
  const session = await createSessions({ client, baseUrl: url }).create({
    ...{ issuer, clientId: 'app', tokens, dpopKey },
    ...{ checks: [], notices: [] },
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

async function readWhole(answer: Promise<Response>): Promise<void> {
  const response = await answer
  if (response.status !== 200) throw new Error(`status ${response.status}`)
  await response.text()
}

function manyAtOnce({ name, run }: Contender): Contender {
  return { name, run: () => Promise.all(Array.from({ length: inFlight }, run)) }
}
