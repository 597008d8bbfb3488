import { AtprotoError } from '../../errors/atproto.ts'
import { createScreenedFetch } from '../../http/screened-fetch.ts'
import type { Fetch } from '../../lib/fetch.ts'
import { assertKnownOptions, assertOptions } from '../../lib/options.ts'
import { type Runtime, systemRuntime } from '../../lib/runtime.ts'
import type { SigningKeyInput } from '../../lib/signatures/types.ts'
import { createKeyImport } from '../../protocol/signing-key-import.ts'
import type { DidDocument, IdentityResolver } from '../identity/identity-types.ts'
import { createXrpcMethods, exchange } from '../xrpc/xrpc-client.ts'
import { isServer, normaliseXrpcOptions, xrpcOptionNames } from '../xrpc/xrpc-options.ts'
import type { AnyXrpcMethods, XrpcClient, XrpcClientOptions, XrpcMethods } from '../xrpc/xrpc-types.ts'
import { parseServiceIdentifier, type ServiceIdentifier } from './service-identifier.ts'
import { createServiceToken } from './service-token.ts'

/** Who calls which service, and with whose key. */
export interface ServiceAuthXrpcClientOptions extends XrpcClientOptions {
  /** The account that the requests are made for; with `#atproto_labeler` for a labeler's own. */
  readonly iss: string
  /** The account's signing key, as its DID document has the public half: P-256 (ES256) or secp256k1 (ES256K). */
  readonly key: SigningKeyInput
  /** The service that is called, by its DID: its PDS, or with `#service` that service of its document. */
  readonly aud: string
  /** Finds the service: `client.identity`. */
  readonly identity: Pick<IdentityResolver, 'resolveDid'>
  /** Sends to what the DID document names. @default createScreenedFetch() */
  readonly fetch?: Fetch
  readonly runtime?: Runtime
}

const name = 'createServiceAuthXrpcClient'

/**
 * Calls of one service to another: each with a token of its own, for this method and this service alone.
 *
 * @throws TypeError for an option that is missing, unknown or of the wrong form
 * @see AT Protocol HTTP API (XRPC), "Inter-Service Authentication (JWT)"
 */
export function createServiceAuthXrpcClient<Methods extends XrpcMethods = AnyXrpcMethods>(
  options: ServiceAuthXrpcClientOptions,
): XrpcClient<Methods> {
  assertOptions(name, options)
  assertKnownOptions(name, options, ['iss', 'key', 'aud', 'identity', 'fetch', 'runtime', ...xrpcOptionNames])
  const { iss, aud, identity, runtime = systemRuntime } = options
  if (!parseServiceIdentifier(iss)) throw new TypeError(`${name}: "iss" must be a DID`)
  const audience = parseServiceIdentifier(aud)
  if (!audience) throw new TypeError(`${name}: "aud" must be a DID, with "#service" or without`)
  const settings = normaliseXrpcOptions(name, options)
  const fetch = options.fetch ?? createScreenedFetch({ timeout: settings.timeout, maxBytes: settings.maxBytes })
  const importOnce = createKeyImport(options.key)
  return createXrpcMethods<Methods>(async (call) => {
    const { signal } = call
    const document = await identity.resolveDid(audience.did, { ...(signal && { signal }) })
    return await exchange(call, {
      service: endpointOf(document, audience),
      settings,
      runtime,
      async send({ url, init, signal: deadline }) {
        const token = await createServiceToken(await importOnce(), { iss, aud, lxm: call.nsid }, runtime)
        const request = new Request(url, { ...init, signal: deadline, redirect: 'manual' })
        request.headers.set('authorization', `Bearer ${token}`)
        return await fetch(request)
      },
    })
  })
}

/** @throws AtprotoError `no_pds_endpoint` */
function endpointOf(document: DidDocument, { did, service = 'atproto_pds' }: ServiceIdentifier): string {
  const endpoint = document.serviceEndpoint(service)
  const url = endpoint !== undefined && URL.canParse(endpoint) ? new URL(endpoint) : undefined
  if (url && isServer(url)) return url.origin
  const actual = url ? 'another URL' : 'none'
  throw new AtprotoError('no_pds_endpoint', `the DID document of ${did} has no server to send to at #${service}`, {
    clause: 'AT Protocol DID, "DID Documents"',
    expected: 'an https URL of scheme, host and port',
    actual,
  })
}
