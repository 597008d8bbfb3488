// The web handler in Fastify: a hook that comes before bodies are parsed, so forms need no plugin.
import type { WebHandler } from 'authentype/web'
import { fastifyWeb, toRequest } from 'authentype/web/fastify'
import { type FastifyInstance, fastify } from 'fastify'

export function createApp(web: WebHandler): FastifyInstance {
  const app = fastify()
  app.addHook('onRequest', fastifyWeb(web))
  app.get('/', async (request) => {
    const user = await web.fromRequest(toRequest(request))
    return { subject: user.ok ? user.client.subject : null }
  })
  return app
}
