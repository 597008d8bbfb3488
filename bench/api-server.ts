import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Certificate } from '../test/support/certificates.ts'

const code = `
const { parentPort, workerData } = require('node:worker_threads')
const { createServer } = require(workerData ? 'node:https' : 'node:http')
const body = JSON.stringify({ sub: 'alice', name: 'Alice' })
const server = createServer(workerData ?? {}, (request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body)
})
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))
`

export interface Api {
  readonly url: string
  stop(): Promise<unknown>
}

/**
 * An API in a thread of its own, so that its work counts for nobody. It asks for no nonce and judges nothing.
 *
 * @param certificate for one over TLS
 */
export async function startApi(certificate?: Certificate): Promise<Api> {
  const worker = new Worker(code, { eval: true, workerData: certificate })
  const [port] = (await once(worker, 'message')) as [number]
  return { url: `${certificate ? 'https' : 'http'}://127.0.0.1:${port}/me`, stop: () => worker.terminate() }
}

export async function readWhole(answer: Promise<Response>): Promise<void> {
  const response = await answer
  if (response.status !== 200) throw new Error(`status ${response.status}`)
  await response.text()
}
