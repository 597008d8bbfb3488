// Nothing waits for a server that never answers: each operation ends with the reason of its signal, or with a
// TimeoutError at its deadline, whichever endpoint it hangs at.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createLogoutRequest,
  createOAuthClient,
  discoverResource,
  exchangeToken,
  type OAuthClient,
  type OAuthClientOptions,
  registerClient,
  requestBackchannelAuthentication,
  requestDeviceAuthorization,
  requestExtensionGrant,
  requestJwtBearerTokens,
  verifyLogoutToken,
  webFinger,
} from '../../src/client/index.ts'
import { verifyIdToken } from '../../src/issuer/verify-id-token.ts'
import type { Fetch } from '../../src/lib/fetch.ts'
import { createMemoryStore } from '../../src/stores/memory/index.ts'
import { optionsFor } from '../support/hostile/client-options.ts'
import { registeredClient } from '../support/hostile/client-setup.ts'
import { type HostileProvider, startHostileProvider } from '../support/hostile-provider.ts'
import { offlineScope } from './rig.ts'

let provider: HostileProvider
let login: Awaited<ReturnType<OAuthClient['handleCallback']>>
let idToken: string
let logoutToken: string

beforeAll(async () => {
  provider = await startHostileProvider({ client: { scope: offlineScope } })
  const client = aClient()
  login = await client.handleCallback(provider.login(await client.createAuthorizationUrl()))
  idToken = provider.lastIdToken!
  logoutToken = provider.makeLogoutToken()
})
afterAll(() => provider.close())

const aClient = (more: Partial<OAuthClientOptions> = {}) =>
  createOAuthClient(optionsFor(provider, { scope: offlineScope, ...more }))

interface Wait {
  readonly signal?: AbortSignal
}
type Operation = (client: OAuthClient, wait: Wait, fetch: Fetch, timeout: number) => Promise<unknown>
interface Case {
  /** The path at which nobody answers; every other one does. */
  readonly hangsAt: string
  readonly run: Operation
}

const discovery = '/.well-known/openid-configuration'
const thirdParty = (fetch: Fetch, timeout: number, wait: Wait) => ({ fetch, timeout, allowLoopbackHttp: true, ...wait })
const finish: Operation = async (client, wait) =>
  await client.handleCallback(provider.login(await client.createAuthorizationUrl()), wait)

const cases: Readonly<Record<string, Case>> = {
  metadata: { hangsAt: discovery, run: (client, wait) => client.metadata(wait) },
  'createAuthorizationUrl, at the metadata': {
    hangsAt: discovery,
    run: (client, wait) => client.createAuthorizationUrl(wait),
  },
  'createAuthorizationUrl, at the push': {
    hangsAt: '/par',
    run: (client, wait) => client.createAuthorizationUrl(wait),
  },
  'handleCallback, at the token endpoint': { hangsAt: '/token', run: finish },
  'handleCallback, at the keys': { hangsAt: '/jwks', run: finish },
  refresh: { hangsAt: '/token', run: (client, wait) => client.refresh(login, wait) },
  clientCredentials: { hangsAt: '/token', run: (client, wait) => client.clientCredentials(wait) },
  userInfo: { hangsAt: '/userinfo', run: (client, wait) => client.userInfo(login, wait) },
  'userInfo by a POST': {
    hangsAt: '/userinfo',
    run: (client, wait) => client.userInfo(login, { tokenIn: 'body', ...wait }),
  },
  introspect: { hangsAt: '/introspect', run: (client, wait) => client.introspect('token', wait) },
  revoke: { hangsAt: '/revoke', run: (client, wait) => client.revoke('token', wait) },
  createEndSessionUrl: { hangsAt: discovery, run: (client, wait) => client.createEndSessionUrl(wait) },
  createLogoutRequest: {
    hangsAt: discovery,
    run: (client, wait) => createLogoutRequest(client, { postLogoutRedirectUri: 'https://app.example/', ...wait }),
  },
  requestDeviceAuthorization: {
    hangsAt: '/device_authorization',
    run: (client, wait) => requestDeviceAuthorization(client, wait),
  },
  'the poll of a device': {
    hangsAt: '/token',
    run: async (client, wait) => await (await requestDeviceAuthorization(client)).poll(wait),
  },
  requestBackchannelAuthentication: {
    hangsAt: '/backchannel',
    run: (client, wait) => requestBackchannelAuthentication(client, { loginHint: 'alice', ...wait }),
  },
  exchangeToken: {
    hangsAt: '/token',
    run: (client, wait) => exchangeToken(client, { subjectToken: 'token', subjectTokenType: 'access_token', ...wait }),
  },
  requestJwtBearerTokens: { hangsAt: '/token', run: (client, wait) => requestJwtBearerTokens(client, 'a.b.c', wait) },
  requestExtensionGrant: {
    hangsAt: '/token',
    run: (client, wait) => requestExtensionGrant(client, 'urn:example:grant', { a: 'b' }, wait),
  },
  verifyLogoutToken: { hangsAt: '/jwks', run: (client, wait) => verifyLogoutToken(client, logoutToken, wait) },
  verifyIdToken: {
    hangsAt: '/jwks',
    run: (_, wait, fetch, timeout) =>
      verifyIdToken(idToken, {
        issuer: provider.issuer,
        clientId: registeredClient.clientId,
        ...thirdParty(fetch, timeout, wait),
      }),
  },
  registerClient: {
    hangsAt: discovery,
    run: (_, wait, fetch, timeout) => registerClient(provider.issuer, {}, thirdParty(fetch, timeout, wait)),
  },
  webFinger: {
    hangsAt: '/.well-known/webfinger',
    run: (_, wait, fetch, timeout) => webFinger(`${provider.issuer}/alice`, thirdParty(fetch, timeout, wait)),
  },
  discoverResource: {
    hangsAt: '/.well-known/oauth-protected-resource',
    run: (_, wait, fetch, timeout) => discoverResource(provider.issuer, thirdParty(fetch, timeout, wait)),
  },
}

/** A fetch that never settles for one path, whatever its signal says, as not every fetch heeds that. */
function hangingAt(path: string): { fetch: Fetch; reached: Promise<void> } {
  let reach = () => {}
  const reached = new Promise<void>((resolve) => {
    reach = resolve
  })
  const fetch: Fetch = (request) => {
    if (new URL(request.url).pathname !== path) return globalThis.fetch(request)
    reach()
    return new Promise(() => {})
  }
  return { fetch, reached }
}

const quick = {
  now: () => Date.now(),
  randomBytes: (n: number) => crypto.getRandomValues(new Uint8Array(n)),
  delay: async () => {},
}

describe.concurrent.each(Object.entries(cases))('%s', (_, { hangsAt, run }) => {
  it('ends with the reason of its signal, at once', async () => {
    const { fetch, reached } = hangingAt(hangsAt)
    const controller = new AbortController()
    const client = aClient({ fetch, transactions: createMemoryStore(), runtime: quick })
    const outcome = run(client, { signal: controller.signal }, fetch, 60_000).catch((error: unknown) => error)
    await reached
    const reason = new Error('the user went away')
    controller.abort(reason)
    expect(await outcome).toBe(reason)
  })
})

describe.concurrent.each(Object.entries(cases).filter(([name]) => !name.startsWith('the poll')))(
  '%s',
  (_, { hangsAt, run }) => {
    it('ends at its deadline', async () => {
      const { fetch } = hangingAt(hangsAt)
      const client = aClient({ fetch, timeout: 150, runtime: quick })
      const error = await run(client, {}, fetch, 150).catch((caught: unknown) => caught)
      expect(error).toMatchObject({ code: 'timeout', timeout: 150 })
    })
  },
)

describe('a signal that has aborted before', () => {
  it('lets nothing be sent', async () => {
    const asked: string[] = []
    const client = aClient({
      fetch: async (request) => {
        asked.push(request.url)
        return await fetch(request)
      },
    })
    const reason = new Error('too late')
    const signal = AbortSignal.abort(reason)
    await expect(client.clientCredentials({ signal })).rejects.toBe(reason)
    await expect(client.revoke('token', { signal })).rejects.toBe(reason)
    expect(asked.filter((url) => !url.includes('.well-known'))).toEqual([])
  })
})
