// In Express. No body parser before these routes: each reads its own body.
import { toNodeListener } from 'authentype/web/node'
import express, { type Express } from 'express'
import type { createAuthorize } from './authorize.ts'
import type { createEndpoints } from './endpoints.ts'

export function createExpressApp(
  server: ReturnType<typeof createEndpoints>,
  { authorize, proceed }: ReturnType<typeof createAuthorize>,
): Express {
  const app = express()
  app.get('/.well-known/oauth-authorization-server', toNodeListener(server.metadata))
  app.get('/.well-known/openid-configuration', toNodeListener(server.metadata))
  app.get('/jwks', toNodeListener(server.jwks))
  app.post('/token', toNodeListener(server.token))
  app.post('/par', toNodeListener(server.par))
  app.post('/introspect', toNodeListener(server.introspect))
  app.post('/revoke', toNodeListener(server.revoke))
  app.all('/userinfo', toNodeListener(server.userinfo))
  app.all('/authorize', toNodeListener(authorize))
  const idOf = (request: Request) => new URL(request.url).pathname.split('/').at(-1) ?? ''
  app.all(
    '/authorize/:id',
    toNodeListener((request) => proceed(request, idOf(request))),
  )
  return app
}
