// The issuer of these tests over HTTP, for other processes.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemRuntime } from '../../src/lib/runtime.ts'
import { type AnIssuer, anIssuer } from './an-issuer.ts'

export interface ListeningIssuer extends AnIssuer {
  readonly url: string
  close(): Promise<void>
}

export async function startIssuer(): Promise<ListeningIssuer> {
  let issuer: AnIssuer
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { method = 'GET' } = request
    const answer = await issuer.fetch(
      new Request(new URL(request.url!, url), {
        method,
        headers: request.headers as Record<string, string>,
        ...(method === 'POST' && { body: Buffer.concat(chunks) }),
      }),
    )
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    response.end(Buffer.from(await answer.arrayBuffer()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 1_000, resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  issuer = anIssuer(systemRuntime, url)
  return Object.assign(issuer, {
    url,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}
