// The web handler in Express: what is not for it goes on to the routes below.
import type { WebHandler } from 'authentype/web'
import { expressWeb, toRequest } from 'authentype/web/express'
import express, { type Express } from 'express'

export function createApp(web: WebHandler): Express {
  const app = express()
  app.use(expressWeb(web))
  app.get('/', async (request, response) => {
    const user = await web.fromRequest(toRequest(request))
    response.json({ subject: user.ok ? user.client.subject : null })
  })
  return app
}
