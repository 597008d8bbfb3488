// All of it together: DATABASE_URL names a PostgreSQL database. Run it with `npx tsx main.ts`.
import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import { migratePostgres } from 'authentype/stores/postgres'
import { toNodeListener } from 'authentype/web/node'
import { Pool } from 'pg'
import { createAuthorize } from './authorize.ts'
import { createCore } from './core.ts'
import { type Audit, createEndpoints } from './endpoints.ts'
import { createHonoApp } from './hono.ts'
import { readOrCreateSecrets } from './keys.ts'
import { createPages } from './pages.ts'

const { DATABASE_URL, PORT = '4001', APP = 'http://127.0.0.1:3000' } = process.env
const issuer = `http://127.0.0.1:${PORT}`
const pool = new Pool({ connectionString: DATABASE_URL })
await migratePostgres(pool) // at deployment, once you have more than one host

/** What is stored of a password or of a client's secret. */
function hash(text: string, salt: Uint8Array = randomBytes(16)): Buffer {
  return Buffer.concat([salt, scryptSync(text, salt, 32)])
}
// What has your own tables, in a real one.
const users = new Map([['alice', { subject: 'alice', claims: { name: 'Alice Adams' }, password: hash('alice') }]])
const metadata = {
  client_name: 'The web app',
  token_endpoint_auth_method: 'client_secret_basic',
  grant_types: ['authorization_code', 'refresh_token'],
  redirect_uris: [`${APP}/auth/callback`],
  scope: 'openid profile offline_access',
  id_token_signed_response_alg: 'ES256',
} as const
const clients = new Map([['app', { clientId: 'app', metadata, secret: hash('a secret of the web app') }]])

/** Takes the same time for a name that nobody has. */
const nobody = hash('nobody')
const matches = (text: string, stored: Buffer | undefined) =>
  timingSafeEqual(hash(text, (stored ?? nobody).subarray(0, 16)), stored ?? nobody) && stored !== undefined

const config = await createCore({
  ...(await readOrCreateSecrets('secrets.json')),
  issuer,
  pool,
  findUser: async (subject) => [...users.values()].find((user) => user.subject === subject),
  findClient: async (clientId) => clients.get(clientId),
  checkSecret: async (clientId, secret) => matches(secret, clients.get(clientId)?.secret),
})
const audit: Audit = (event) => console.log(JSON.stringify(event))
const { pages, logIn } = createPages(config, async (username, password) => {
  const user = users.get(username)
  return matches(password, user?.password) ? user?.subject : undefined
})
const app = createHonoApp(createEndpoints(config, audit), createAuthorize(config, pages, audit))
app.on(['GET', 'POST'], '/login', (c) => logIn(c.req.raw))

setInterval(() => void config.store?.sweep().catch(console.error), 60_000).unref()
createServer(toNodeListener(app.fetch)).listen(Number(PORT), '127.0.0.1', () => {
  console.log(`An authorization server at ${issuer}`)
})
