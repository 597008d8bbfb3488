import { createDpopNonces } from '../http/dpop-nonces.ts'
import { createServerClocks } from '../http/server-clocks.ts'
import { createEmitter } from '../lib/emitter.ts'
import type { RecordStore } from '../lib/record-store.ts'
import { keepSessions } from '../sessions/sessions.ts'
import type { AtprotoClient, AtprotoClientOptions, AtprotoEvent } from './atproto-client-types.ts'
import { createDiscovery } from './discovery/discovery.ts'
import { createAtprotoSessions } from './flow/atproto-sessions.ts'
import { type AtprotoClientSettings, settleAtprotoOptions } from './flow/client-settings.ts'
import { createAtprotoAuthorizationUrl } from './flow/create-authorization-url.ts'
import { handleAtprotoCallback } from './flow/handle-callback.ts'
import { createOAuthClients } from './flow/oauth-clients.ts'
import { createSessionClient } from './flow/session-client.ts'
import { createIdentityResolver } from './identity/identity-resolver.ts'
import type { IdentityResolver } from './identity/identity-types.ts'
import { openXrpcClient } from './xrpc/open-client.ts'

/** `createAtprotoClient` without the default store, which the index file gives. */
export function createAtprotoClientOver(
  options: AtprotoClientOptions & { readonly store: RecordStore },
): AtprotoClient {
  const settings = settleAtprotoOptions(options)
  const { clientId, redirectUris, fetch, runtime, timeout, allowLoopbackHttp } = settings
  const { store, lock } = options
  const emit = createEmitter(options.onEvent)
  const identity = resolverOf(options, settings, emit)
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
    createAuthorizationUrl: (identifier, wishes) =>
      createAtprotoAuthorizationUrl(identifier, { settings, clients, sources }, wishes),
    async handleCallback(request, wishes) {
      const parts = { clients, sources, store, clientId, allowLoopbackHttp, emit }
      return await kept.keepOrRevoke(await handleAtprotoCallback(request, parts, wishes))
    },
    createXrpcClient: (sessionKeyOrDid, wishes) => openXrpcClient(client, sessionKeyOrDid, wishes),
  }
  return client
}

function resolverOf(
  { plcDirectoryUrl, handleStrategy, resolveTxt, dnsOverHttpsUrl }: AtprotoClientOptions,
  { fetch, runtime, timeout, allowLoopbackHttp }: AtprotoClientSettings,
  onEvent: (event: AtprotoEvent) => void,
): IdentityResolver {
  return createIdentityResolver({
    fetch,
    runtime,
    timeout,
    allowLoopbackHttp,
    onEvent,
    ...(plcDirectoryUrl !== undefined && { plcDirectoryUrl }),
    ...(handleStrategy !== undefined && { handleStrategy }),
    ...(resolveTxt && { resolveTxt }),
    ...(dnsOverHttpsUrl !== undefined && { dnsOverHttpsUrl }),
  })
}
