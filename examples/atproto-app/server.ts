// Runs the app on this machine: in a clone `npm run example -- examples/atproto-app/server.ts`, then open
// http://127.0.0.1:3000. It is a client of development, which needs to be registered nowhere. An app on the internet has
// `baseUrl: 'https://...'`, a `key`, and a store that outlives the process.
import { createServer } from 'node:http'
import { createAtprotoClient } from 'authentype/atproto'
import { generateSealingKey } from 'authentype/web'
import { toNodeListener } from 'authentype/web/node'
import { createApp, scopes } from './app.ts'

const { PORT = '3000', COOKIE_KEY = generateSealingKey() } = process.env

const client = createAtprotoClient({
  baseUrl: `http://127.0.0.1:${PORT}`,
  localhost: true,
  scopes,
})
const app = createApp(client, COOKIE_KEY)
createServer(toNodeListener(async (request) => await app.fetch(request))).listen(Number(PORT), '127.0.0.1', () => {
  console.log(`Open http://127.0.0.1:${PORT}`)
})
