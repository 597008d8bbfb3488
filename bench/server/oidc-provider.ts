// The certified peer, set up for the same three jobs over its Map adapter of the tests.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider, { type Client, type ResourceServer } from 'oidc-provider'
import { makeSigningJwk } from '../../test/support/real-provider/clients.ts'
import { memoryAdapter } from '../../test/support/real-provider/memory-adapter.ts'
import { apiScope, clientId, clientSecret, jobOf, loginScope, serveBench } from './contenders.ts'

const job = jobOf()
const http = createServer()
http.listen(0, '127.0.0.1')
await once(http, 'listening')
const { port } = http.address() as AddressInfo
const issuer = `http://127.0.0.1:${port}`
const resource: ResourceServer = {
  scope: apiScope,
  accessTokenFormat: job === 'client_credentials, ES256 JWT' ? 'jwt' : 'opaque',
  jwt: { sign: { alg: 'ES256' } },
}
const provider = new Provider(issuer, {
  adapter: memoryAdapter(new Map()),
  jwks: { keys: [await makeSigningJwk('ES256', 'bench')] },
  clients: [
    {
      client_id: clientId,
      client_secret: clientSecret,
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      redirect_uris: ['https://app.example/callback'],
      id_token_signed_response_alg: 'ES256',
    },
  ],
  // Without offline_access it knows no refresh tokens.
  scopes: ['openid', 'offline_access', ...apiScope.split(' ')],
  rotateRefreshToken: true,
  findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => 'https://api.example',
      useGrantedResource: () => true,
      getResourceServerInfo: () => resource,
    },
  },
})

async function createRefreshToken(client: Client): Promise<string> {
  const grant = new provider.Grant({ accountId: 'alice', clientId })
  grant.addResourceScope('https://api.example', apiScope)
  const grantId = await grant.save()
  const token = new provider.RefreshToken({
    ...{ accountId: 'alice', client, grantId, scope: loginScope, gty: 'authorization_code' },
    ...{ resource: 'https://api.example', expiresWithSession: false },
  })
  return token.save()
}

const client = (await provider.Client.find(clientId))!
const refreshTokens =
  job === 'refresh with rotation' ? await Promise.all(Array.from({ length: 20 }, () => createRefreshToken(client))) : []
http.on('request', (request, response) => void provider.callback()(request, response))
serveBench({ port, refreshTokens })
