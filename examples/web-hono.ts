// The web handler in Hono, on whatever Hono runs on.
import type { WebHandler } from 'authentype/web'
import { honoWeb } from 'authentype/web/hono'
import { Hono } from 'hono'

export function createApp(web: WebHandler): Hono {
  const app = new Hono()
  app.use(honoWeb(web))
  app.get('/', async (c) => {
    const user = await web.fromRequest(c.req.raw)
    return c.json({ subject: user.ok ? user.client.subject : null })
  })
  return app
}
