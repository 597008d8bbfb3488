// An API of our own, as an application would protect one: DPoP-bound tokens only, a nonce in every proof, a scope for
// each method. It keeps the last credentials that it saw, so that `npm start` can play the thief who has them.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createMemoryStore } from '../../src/index.ts'
import { createProtectedResource, type GrantedToken, protectNode } from '../../src/resource/index.ts'

export interface NotesApi {
  readonly origin: string
  /** The header fields of the last request that was let in. */
  readonly lastCredentials: Readonly<Record<'authorization' | 'dpop', string>>
  /** Takes tokens of this issuer from now on. The issuer must know the API's address first. */
  open(issuer: string): void
  close(): void
}

export async function startNotesApi(): Promise<NotesApi> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const lastCredentials = { authorization: '', dpop: '' }
  const answer = ({ headers }: IncomingMessage, response: ServerResponse, { principal, scopes }: GrantedToken) => {
    Object.assign(lastCredentials, { authorization: headers.authorization, dpop: headers.dpop })
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ principal, scopes }))
  }
  return {
    origin,
    lastCredentials,
    open(issuer) {
      const resource = createProtectedResource({
        issuer,
        audience: origin,
        replay: createMemoryStore(),
        dpop: 'required',
        dpopNonce: { secret: crypto.getRandomValues(new Uint8Array(32)) },
        allowLoopbackHttp: true,
      })
      const read = protectNode(resource, answer, { scope: 'api:read' })
      const write = protectNode(resource, answer, { scope: 'api:write' })
      server.on('request', (request: IncomingMessage, response: ServerResponse) => {
        void (request.method === 'GET' ? read : write)(request, response)
      })
    },
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
