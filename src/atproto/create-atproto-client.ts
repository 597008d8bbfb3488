import { createDpopNonces } from '../http/dpop-nonces.ts'
import { createServerClocks } from '../http/server-clocks.ts'
import { createEmitter } from '../lib/emitter.ts'
import { assertKnownOptions } from '../lib/options.ts'
import type { RecordStore } from '../lib/record-store.ts'
import { keepSessions } from '../sessions/sessions.ts'
import type { AtprotoClient, AtprotoClientOptions, AtprotoLoginOptions } from './atproto-client-types.ts'
import { createDiscovery } from './discovery/discovery.ts'
import { createAtprotoSessions } from './flow/atproto-sessions.ts'
import { type AtprotoClientSettings, settleAtprotoOptions } from './flow/client-settings.ts'
import { handleAtprotoCallback, type LoginFacts } from './flow/handle-callback.ts'
import { findLoginTarget } from './flow/login-target.ts'
import { createOAuthClients } from './flow/oauth-clients.ts'
import { createSessionClient } from './flow/session-client.ts'
import { createIdentityResolver } from './identity/identity-resolver.ts'
import { withAtproto } from './permissions/scopes.ts'
import { openXrpcClient } from './xrpc/open-client.ts'

/** `createAtprotoClient` without the default store, which the index file gives. */
export function createAtprotoClientOver(
  options: AtprotoClientOptions & { readonly store: RecordStore },
): AtprotoClient {
  const settings = settleAtprotoOptions(options)
  const { clientId, redirectUris, fetch, runtime, timeout, allowLoopbackHttp } = settings
  const { store, lock } = options
  const emit = createEmitter(options.onEvent)
  const { plcDirectoryUrl, handleStrategy, resolveTxt, dnsOverHttpsUrl } = options
  const identity = createIdentityResolver({
    fetch,
    runtime,
    timeout,
    allowLoopbackHttp,
    onEvent: emit,
    ...(plcDirectoryUrl !== undefined && { plcDirectoryUrl }),
    ...(handleStrategy !== undefined && { handleStrategy }),
    ...(resolveTxt && { resolveTxt }),
    ...(dnsOverHttpsUrl !== undefined && { dnsOverHttpsUrl }),
  })
  // Its metadata is asked for before a PDS gets its first proof, and tells what time it is there.
  const clocks = createServerClocks({ runtime })
  const discovery = createDiscovery({ fetch: clocks.learnFrom(fetch), runtime, timeout, allowLoopbackHttp })
  const sources = { identity, discovery }
  const clients = createOAuthClients(settings, discovery, { transactions: store, onEvent: emit })
  const kept = keepSessions({
    client: {
      clientId,
      clientOf: (state) => createSessionClient(state, clients, sources),
      fetch: clocks.learnFrom(settings.pdsFetch),
      runtime,
      allowLoopbackHttp,
      nonces: createDpopNonces(),
      clocks,
    },
    ...options.sessions,
    store,
    onEvent: emit,
    ...(lock && { lock }),
  })

  const client: AtprotoClient = {
    clientId,
    redirectUri: redirectUris[0],
    clientMetadata: settings.clientMetadata,
    jwks: settings.keys?.jwks ?? { keys: [] },
    identity,
    store,
    fetch,
    pdsFetch: settings.pdsFetch,
    runtime,
    userAgent: settings.userAgent,
    allowLoopbackHttp,
    sessions: createAtprotoSessions(kept),
    async createAuthorizationUrl(identifier, wishes = {}) {
      const { scope, redirectUri } = settleLogin(settings, wishes)
      const { signal, data, browserBinding, prompt, uiLocales } = wishes
      const { issuer, did, loginHint } = await findLoginTarget(identifier, sources, signal)
      const { client, clientKey } = await clients.forLogin(issuer, redirectUri, signal)
      const facts: LoginFacts = {
        ...(did !== undefined && { did }),
        ...(clientKey && { clientKey }),
        ...(data !== undefined && { data }),
      }
      return await client.createAuthorizationUrl({
        scope,
        data: facts,
        ...(loginHint !== undefined && { loginHint }),
        ...(browserBinding !== undefined && { browserBinding }),
        ...(prompt !== undefined && { prompt }),
        ...(uiLocales !== undefined && { uiLocales }),
        ...(signal && { signal }),
      })
    },
    async handleCallback(request, wishes) {
      const parts = { clients, sources, store, clientId, allowLoopbackHttp, emit }
      return await kept.keepOrRevoke(await handleAtprotoCallback(request, parts, wishes))
    },
    createXrpcClient: (sessionKeyOrDid, wishes) => openXrpcClient(client, sessionKeyOrDid, wishes),
  }
  return client
}

const loginOptionNames = ['scopes', 'redirectUri', 'data', 'browserBinding', 'prompt', 'uiLocales', 'signal']

/** Scope and redirect URI, which must be among the client's: its metadata document names all that it may ask for. */
function settleLogin({ scopes, redirectUris }: AtprotoClientSettings, wishes: AtprotoLoginOptions) {
  assertKnownOptions('createAuthorizationUrl', wishes, loginOptionNames)
  const { redirectUri = redirectUris[0] } = wishes
  if (!redirectUris.includes(redirectUri)) {
    throw new TypeError(`createAuthorizationUrl: "redirectUri" must be one of ${redirectUris.join(', ')}`)
  }
  const wanted = wishes.scopes ? withAtproto(wishes.scopes) : scopes
  const foreign = wanted.find((scope) => !scopes.includes(scope))
  if (foreign !== undefined) {
    throw new TypeError(`createAuthorizationUrl: "scopes" must be among the client's; "${foreign}" is not`)
  }
  return { scope: wanted.join(' '), redirectUri }
}
