import { connect } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { type LoopbackServer, startLoopbackServer } from '../../src/cli/loopback-server.ts'

let server: LoopbackServer | undefined

afterEach(async () => await server?.close({ title: 'over', text: '' }))

/** The first line of the answer to a request whose target stands as it is given. */
function ask(target: string, method = 'GET'): Promise<string> {
  const { port, host } = new URL(server!.redirectUri)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () => {
      socket.write(`${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    })
    socket.once('data', (bytes) => resolve(bytes.toString().split('\r\n')[0]!))
    socket.once('error', reject)
  })
}

it('gives only what is expected, whatever else is asked for before', async () => {
  server = await startLoopbackServer()
  const callback = server.waitFor(async ({ searchParams }) => {
    if (searchParams.get('state') === null) throw new Error('no state')
    return searchParams.get('state') === 'known'
  })
  const strangers = [
    '//[',
    '//evil.example/callback?state=known',
    '/callback',
    '/callback?state=guessed',
    '/favicon.ico',
  ]
  for (const target of [...strangers, 'http://[/callback', '*']) expect(await ask(target)).toMatch(/ 40[04] /)
  expect(await ask('/callback?state=known', 'POST')).toMatch(/ 404 /)
  const answer = ask('/callback?state=known&code=c')
  expect((await callback).href).toBe(`${server.redirectUri}?state=known&code=c`)
  expect(await ask('/callback?state=known&code=other')).toMatch(/ 404 /)
  await server.close({ title: 'You are logged in', text: 'Close this.' })
  expect(await answer).toMatch(/ 200 /)
  server = undefined
})
