// Each adapter in its real framework, over real HTTP: the examples themselves are what is mounted.
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { afterEach, describe, expect, it } from 'vitest'
import { createApp as createExpress } from '../../examples/web-express.ts'
import { createApp as createFastify } from '../../examples/web-fastify.ts'
import { createApp as createHono } from '../../examples/web-hono.ts'
import { createRoutes, whoIs } from '../../examples/web-next.ts'
import { createApp as createNode } from '../../examples/web-node.ts'
import { expressWeb } from '../../src/web/express.ts'
import type { WebHandler } from '../../src/web/index.ts'
import { toNodeListener } from '../../src/web/node.ts'
import { aWebApp, closeRigs, TestBrowser } from './rig.ts'

const running: (() => Promise<unknown>)[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((stop) => stop()))
  await closeRigs()
})

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  running.push(async () => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** What Next does with a file of route handlers and a page. */
function asNext(web: WebHandler): Server {
  const routes = createRoutes(web)
  return createServer(
    toNodeListener(async (request) => {
      const { pathname } = new URL(request.url)
      if (pathname === '/') return Response.json(await whoIs(web, Promise.resolve(request.headers)))
      const route = routes[request.method as 'GET' | 'POST']
      return await route(request)
    }),
  )
}

/** Behind the parsers and the router that many applications have. */
function asParsedExpress(web: WebHandler): Server {
  const app = express()
  app.use(express.json(), express.urlencoded({ extended: true }))
  const router = express.Router()
  router.use(expressWeb(web))
  app.use('/auth', router)
  app.use(createExpress(web))
  return createServer(app)
}

const servers: Record<string, (web: WebHandler) => Promise<string>> = {
  hono: async (web) => await listen(createServer(toNodeListener(createHono(web).fetch))),
  express: async (web) => await listen(createServer(createExpress(web))),
  'express with body parsers and a router': async (web) => await listen(asParsedExpress(web)),
  fastify: async (web) => {
    const app = createFastify(web)
    running.push(() => app.close())
    return await app.listen({ port: 0, host: '127.0.0.1' })
  },
  next: async (web) => await listen(asNext(web)),
  node: async (web) => await listen(createNode(web)),
}

describe.each(Object.entries(servers))('the adapter of %s', (_, start) => {
  async function aBrowser(responseMode: 'query' | 'form_post' = 'query') {
    const { web, providers } = await aWebApp({
      client: () => ({ redirectUri: 'https://app.example/auth/callback', responseMode }),
    })
    return new TestBrowser(await start(web), providers)
  }
  const subjectOf = async (browser: TestBrowser) => await (await browser.request('/')).json()

  it('logs in and out, its cookies each in a field of its own', async () => {
    const browser = await aBrowser()
    expect(await subjectOf(browser)).toEqual({ subject: null })
    const response = await browser.login('/auth/login?return_to=/inbox')
    expect([response.status, response.headers.get('location')]).toEqual([303, '/inbox'])
    expect(response.headers.getSetCookie()).toHaveLength(1)
    expect(await subjectOf(browser)).toEqual({ subject: 'alice' })
    const bye = await browser.post('/auth/logout', { return_to: '/bye' })
    expect([bye.status, bye.headers.get('location')]).toEqual([303, '/bye'])
    expect(await subjectOf(browser)).toEqual({ subject: null })
  })

  it('takes an answer by form', async () => {
    const browser = await aBrowser('form_post')
    const url = new URL(await browser.toCallback('/auth/login'), 'https://app.example')
    const response = await browser.request(url.pathname, { method: 'POST', body: url.searchParams })
    expect(response.status).toBe(303)
    expect(await subjectOf(browser)).toEqual({ subject: 'alice' })
  })

  it('shows pages, and leaves other addresses to the application', async () => {
    const browser = await aBrowser()
    const page = await browser.request('/auth/callback?code=x&state=y')
    expect(page.status).toBe(400)
    expect(await page.text()).toContain('This login is no longer valid')
    expect((await browser.request('/nowhere')).status).toBe(404)
    expect((await browser.request('//evil.example/auth/login')).status).toBe(404)
  })
})
