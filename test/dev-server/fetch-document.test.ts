import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fetchDocument } from '../../src/dev-server/fetch-document.ts'

const bounds = { maxBytes: 100, timeout: 300 }
const server = createServer((request, response) => {
  const type = { 'content-type': 'Application/JSON; charset=utf-8' }
  switch (request.url) {
    case '/good':
      response.writeHead(200, { ...type, 'cache-control': 'public, max-age=90' }).end('{"é":1}')
      break
    case '/moved':
      response.writeHead(302, { location: '/good' }).end()
      break
    case '/long':
      response.writeHead(200, type).end('x'.repeat(101))
      break
    case '/endless':
      response.writeHead(200, type).write('{')
      break
    default:
      response.writeHead(404).end(Buffer.from([0xff]))
  }
})
let origin: string
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

it('tells status, type, age and text', async () => {
  expect(await fetchDocument(`${origin}/good`, bounds)).toEqual({
    status: 200,
    contentType: 'application/json',
    maxAge: 90,
    body: '{"é":1}',
  })
})

it.each(['/moved', '/long', '/endless', '/no-text'])('takes nothing from %s', async (path) => {
  await expect(fetchDocument(origin + path, bounds)).rejects.toThrow()
})
