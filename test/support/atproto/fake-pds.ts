import { verifyDpopProof } from '../../../src/protocol/dpop-proof-verification.ts'
import type { FakeRuntime } from '../fake-runtime.ts'
import type { FakeAuthorizationServer } from './fake-authorization-server.ts'

/** Judges token and proof as a resource server does; its nonces are its own. */
export function createFakePds(options: {
  readonly pds: string
  readonly clock: FakeRuntime
  readonly server: FakeAuthorizationServer
}): (request: Request) => Promise<Response> {
  const { pds, clock, server } = options
  const nonce = 'pds-nonce-1'
  const headers = { 'dpop-nonce': nonce }
  const challenge = (error: string) =>
    Response.json({ error }, { status: 401, headers: { ...headers, 'www-authenticate': `DPoP error="${error}"` } })

  return async (request) => {
    const { pathname } = new URL(request.url)
    if (pathname === '/.well-known/oauth-protected-resource') {
      return Response.json({ resource: pds, authorization_servers: [new URL(server.issuer).origin] })
    }
    if (!pathname.startsWith('/xrpc/')) return new Response('not found', { status: 404 })
    const [, accessToken] = /^DPoP (.+)$/.exec(request.headers.get('authorization') ?? '') ?? []
    if (accessToken === undefined) return challenge('invalid_request')
    const { proof } = await verifyDpopProof(request.headers.get('dpop') ?? '', {
      method: request.method,
      url: request.url,
      now: clock.now() / 1000,
      accessToken,
    })
    if (!proof) return challenge('invalid_dpop_proof')
    if (proof.nonce !== nonce) return challenge('use_dpop_nonce')
    const grant = server.grantOf(accessToken)
    if (grant?.jkt !== proof.jkt) return challenge('invalid_token')
    if (pathname.endsWith('.nothing')) return new Response(null, { status: 204, headers })
    const body = { token: accessToken, method: request.method }
    return Response.json(body, { status: request.method === 'POST' ? 201 : 200, headers })
  }
}
