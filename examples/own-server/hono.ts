// In Hono, on whatever Hono runs on.
import { Hono } from 'hono'
import type { createAuthorize } from './authorize.ts'
import type { createEndpoints } from './endpoints.ts'

export function createHonoApp(
  server: ReturnType<typeof createEndpoints>,
  { authorize, proceed }: ReturnType<typeof createAuthorize>,
): Hono {
  const app = new Hono()
  app.get('/.well-known/oauth-authorization-server', () => server.metadata())
  app.get('/.well-known/openid-configuration', () => server.metadata())
  app.get('/jwks', () => server.jwks())
  app.post('/token', (c) => server.token(c.req.raw))
  app.post('/par', (c) => server.par(c.req.raw))
  app.post('/introspect', (c) => server.introspect(c.req.raw))
  app.post('/revoke', (c) => server.revoke(c.req.raw))
  app.on(['GET', 'POST'], '/userinfo', (c) => server.userinfo(c.req.raw))
  app.on(['GET', 'POST'], '/authorize', (c) => authorize(c.req.raw))
  app.on(['GET', 'POST'], '/authorize/:id', (c) => proceed(c.req.raw, c.req.param('id')))
  return app
}
