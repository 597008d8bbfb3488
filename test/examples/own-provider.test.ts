// The example of a provider of one's own: its client is what the generator writes, and it logs in at a certified
// provider that is mounted at the document's paths.
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { logIn } from '../../examples/own-provider.ts'
import { generate } from '../../src/codegen/index.ts'
import { type RealProvider, startRealProvider } from '../support/real-provider.ts'

const folder = resolve(import.meta.dirname, '../../examples/own-provider')
let provider: RealProvider

beforeAll(async () => {
  provider = await startRealProvider({
    configuration: {
      routes: {
        authorization: '/v2/oauth/authorize',
        token: '/v2/oauth/exchange',
        pushed_authorization_request: '/v2/oauth/par',
        introspection: '/v2/oauth/introspect',
        revocation: '/v2/oauth/revoke',
        userinfo: '/v2/oauth/userinfo',
        jwks: '/v2/oauth/signing-keys',
      },
    },
  })
})

afterAll(() => provider?.close())

it('is generated as committed', async () => {
  const config = JSON.parse(readFileSync(join(folder, 'authentype.config.json'), 'utf8')) as object
  const options = { ...config, document: join(folder, 'provider.yaml'), out: join(folder, 'generated') }
  const report = await generate({ ...options, importExtension: '.ts', check: true })
  expect(report.files.filter(({ changed }) => changed)).toEqual([])
  expect(readdirSync(options.out)).toContain('oauth.ts')
  expect(readFileSync(options.document, 'utf8')).toBe(
    readFileSync(resolve(import.meta.dirname, '../codegen/fixtures/foreign-provider.yaml'), 'utf8'),
  )
})

it('logs in through the generated client, pushed request, DPoP and all', async () => {
  const { clientId, redirectUri, privateJwk } = provider.clients.privateKeyJwt
  const app = { issuer: provider.issuer, clientId, redirectUri, privateJwk: privateJwk! }
  const outcome = await logIn(app, (url) => provider.loginHeadlessly(url, { login: 'alice' }))
  expect(outcome.url.pathname).toBe('/v2/oauth/authorize')
  expect([...outcome.url.searchParams.keys()].toSorted()).toEqual(['client_id', 'request_uri'])
  expect(outcome.profile).toMatchObject({ sub: 'alice' })
  expect(outcome.active).toEqual([true, false])
  const paths = new Set(provider.requests.map(({ path }) => path))
  for (const path of ['par', 'authorize', 'exchange', 'userinfo', 'introspect', 'revoke', 'signing-keys'])
    expect(paths).toContain(`/v2/oauth/${path}`)
  expect(paths).not.toContain('/.well-known/openid-configuration')
})
