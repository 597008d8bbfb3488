import { AtprotoError } from '../../errors/atproto.ts'
import { settleThirdParty, type ThirdPartyOptions } from '../../issuer/third-party.ts'
import { createEmitter } from '../../lib/emitter.ts'
import { assertKnownOptions } from '../../lib/options.ts'
import { isLoopbackHost } from '../../protocol/url-rules.ts'
import { parseDid } from './did.ts'
import { createHttpsResolveTxt, systemResolveTxt } from './dns-txt.ts'
import { parseHandle } from './handle.ts'
import { createIdentityCache } from './identity-cache.ts'
import type {
  DidDocument,
  HandleStrategy,
  IdentityOptions,
  IdentityResolver,
  ResolvedIdentity,
  ResolveOptions,
} from './identity-types.ts'
import { resolveDidDocument } from './resolve-did.ts'
import { resolveHandleDid } from './resolve-handle.ts'

/** What `createIdentityResolver` takes. */
export type IdentityResolverOptions = IdentityOptions & Omit<ThirdPartyOptions, 'signal' | 'onEvent'>

export const identityOptionNames: readonly (keyof IdentityOptions)[] = [
  ...(['plcDirectoryUrl', 'handleStrategy', 'resolveTxt', 'dnsOverHttpsUrl', 'onEvent'] as const),
]

const defaults = {
  plcDirectoryUrl: 'https://plc.directory',
  handleStrategy: 'dns-first',
  dnsOverHttpsUrl: 'https://cloudflare-dns.com/dns-query',
} as const

const strategies: readonly HandleStrategy[] = ['dns-first', 'http-first', 'race', 'both']

/**
 * Finds accounts by handle and DID. Requests go through `createScreenedFetch` unless `fetch` is given, since handles
 * and DIDs are what users type; what was found is kept in memory for an hour.
 *
 * @throws TypeError for an option that is malformed or unknown
 * @example
 * const identity = createIdentityResolver()
 * const { did, pds } = await identity.resolve('alice.bsky.social')
 */
export function createIdentityResolver(options: IdentityResolverOptions = {}): IdentityResolver {
  const name = 'createIdentityResolver'
  assertKnownOptions(name, options, [...identityOptionNames, 'fetch', 'runtime', 'timeout', 'allowLoopbackHttp'])
  const { onEvent, handleStrategy: strategy = defaults.handleStrategy, ...transport } = options
  const { fetch, runtime, timeout, allowLoopbackHttp } = settleThirdParty(transport)
  if (!strategies.includes(strategy)) throw new TypeError(`${name}: "handleStrategy" must be ${strategies.join(', ')}`)
  const plcDirectoryUrl = baseUrlOf('plcDirectoryUrl', options.plcDirectoryUrl, allowLoopbackHttp)
  const dnsUrl = baseUrlOf('dnsOverHttpsUrl', options.dnsOverHttpsUrl, allowLoopbackHttp)
  const resolveTxt = options.resolveTxt ?? systemResolveTxt(timeout) ?? createHttpsResolveTxt(fetch, dnsUrl, timeout)
  const emit = createEmitter(onEvent)
  const handles = createIdentityCache<string>({ subject: 'handle', runtime, emit })
  const documents = createIdentityCache<DidDocument>({ subject: 'did', runtime, emit })
  const common = { fetch, timeout, allowLoopbackHttp }

  // The caller's signal ends the caller's wait alone: others may wait for the same answer.
  async function resolveHandle(text: string, wishes: ResolveOptions = {}): Promise<string> {
    const handle = parseHandle(text)
    return await handles.get(handle, wishes, () => resolveHandleDid(handle, { ...common, resolveTxt, strategy }))
  }

  async function resolveDid(text: string, wishes: ResolveOptions = {}): Promise<DidDocument> {
    const { did } = parseDid(text, { allowLoopbackHttp })
    return await documents.get(did, wishes, () => resolveDidDocument(did, { ...common, plcDirectoryUrl }))
  }

  async function byHandle(text: string, wishes: ResolveOptions): Promise<ResolvedIdentity> {
    const handle = parseHandle(text)
    const did = await resolveHandle(handle, wishes)
    const document = await resolveDid(did, wishes)
    if (document.handle === handle) return { did, handle, pds: document.pds, document }
    const actual = document.handle ?? 'none'
    throw new AtprotoError('handle_mismatch', `${handle} points to ${did}, which names ${actual} as its handle`, {
      clause: 'AT Protocol Handle, "Handle Resolution"',
      expected: handle,
      actual,
    })
  }

  /** The handle is for show here, so one that cannot be confirmed is left out. */
  async function byDid(text: string, wishes: ResolveOptions): Promise<ResolvedIdentity> {
    const document = await resolveDid(text, wishes)
    const { did, handle, pds } = document
    const confirmed = handle !== undefined && (await resolveHandle(handle, wishes).catch(() => undefined)) === did
    return { did, ...(confirmed && { handle }), pds, document }
  }

  return {
    resolveHandle,
    resolveDid,
    resolve: async (text, wishes = {}) =>
      typeof text === 'string' && text.trim().startsWith('did:')
        ? await byDid(text.trim(), wishes)
        : await byHandle(text, wishes),
  }
}

function baseUrlOf(
  name: 'plcDirectoryUrl' | 'dnsOverHttpsUrl',
  given: string | undefined,
  allowLoopbackHttp: boolean,
): string {
  const text = given ?? defaults[name]
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isOwn = allowLoopbackHttp && url?.protocol === 'http:' && isLoopbackHost(url.hostname)
  if (url?.protocol === 'https:' || isOwn) return text
  throw new TypeError(`createIdentityResolver: "${name}" must be an https URL`)
}
