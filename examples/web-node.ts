// The web handler with nothing but node:http.
import { createServer, type Server } from 'node:http'
import type { WebHandler } from 'authentype/web'
import { toNodeListener, toRequest } from 'authentype/web/node'

export function createApp(web: WebHandler): Server {
  return createServer(
    toNodeListener(web, {
      async next(request, response) {
        if (request.url !== '/') response.statusCode = 404
        const user = await web.fromRequest(toRequest(request))
        response.setHeader('content-type', 'application/json')
        response.end(JSON.stringify({ subject: user.ok ? user.client.subject : null }))
      },
    }),
  )
}
