import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

const code = `
const { createServer } = require('node:http')
const { parentPort } = require('node:worker_threads')
const body = JSON.stringify({ sub: 'alice', name: 'Alice' })
const server = createServer((request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body)
})
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))
`

/** An API in a thread of its own, so that its work counts for nobody. It asks for no nonce and judges nothing. */
export async function startApi(): Promise<{ readonly url: string; stop(): Promise<unknown> }> {
  const worker = new Worker(code, { eval: true })
  const [port] = (await once(worker, 'message')) as [number]
  return { url: `http://127.0.0.1:${port}/me`, stop: () => worker.terminate() }
}

export async function readWhole(answer: Promise<Response>): Promise<void> {
  const response = await answer
  if (response.status !== 200) throw new Error(`status ${response.status}`)
  await response.text()
}
