import type { ProtectedResourceMetadata } from '../../generated/models.ts'
import type { AccessError } from '../errors/access.ts'
import type { Fetch } from '../lib/fetch.ts'
import { epochSeconds, type Runtime, systemRuntime } from '../lib/runtime.ts'
import type { ChallengeContext } from '../protocol/access-challenge.ts'
import { type AccessRequirements, checkAccessRequirements, missingScopes } from '../protocol/access-requirements.ts'
import { certificateThumbprint } from '../protocol/certificate-thumbprint.ts'
import { createDpopNonceClock } from '../protocol/dpop-nonce-clock.ts'
import { checkTokenInBody, readPresentedToken, type TokenScheme } from '../protocol/presented-token.ts'
import {
  buildProtectedResourceMetadata,
  protectedResourceMetadataUrl,
} from '../protocol/protected-resource-metadata.ts'
import { checkSenderConstraint, type SenderRules } from '../protocol/sender-constraint.ts'
import { TokenChecks } from '../protocol/token-checks.ts'
import { type AccessResult, describeToken, type GrantedToken } from './access-result.ts'
import { hasTokenInForm } from './form-body.ts'
import { createMetadataHandler } from './metadata-handler.ts'
import {
  assertProtectOptions,
  assertResourceOptions,
  defaultDpopAlgorithms,
  listOf,
  type ProtectedResourceOptions,
  type ProtectOptions,
  trustedIssuers,
} from './options.ts'
import { checkProof, type DpopContext, spendProof } from './possession.ts'
import { buildRefusal, refuseAccess, toAccessError } from './refusal.ts'
import { createTokenJudge, type TokenJudge } from './token-judge.ts'

/** A request, or as much of it as a server without `Request` has. */
export type ResourceRequest = Request | RequestHead

/** What a check of access reads of a request, for servers that have no `Request`. */
export interface RequestHead {
  readonly method: string
  /** Absolute. */
  readonly url: string
  readonly headers: Headers
  /** Its form body (`application/x-www-form-urlencoded`), where the server has parsed it already. */
  readonly form?: unknown
}

/** An API that takes access tokens. */
export interface ProtectedResource {
  /**
   * Holds a request against every rule. Whatever is wrong with it comes as data, with the answer to give; so does a
   * failure of an issuer or the store, as a 503.
   *
   * @throws TypeError for unknown or impossible options, and nothing else
   */
  protect(request: ResourceRequest, options?: ProtectOptions): Promise<AccessResult>
  /** As `handleMetadata` serves it; absent without `resource`. */
  readonly metadata: ProtectedResourceMetadata | undefined
  /** Serves `/.well-known/oauth-protected-resource` and the resource's path after it; 404 for anything else. */
  handleMetadata(request: Request): Response
}

/** Everything that does not change from request to request. */
interface Guard {
  readonly judgeToken: TokenJudge
  readonly dpop: DpopContext | undefined
  readonly rules: SenderRules
  readonly challenges: ChallengeContext
  readonly needs: AccessRequirements
  readonly origin: string | undefined
  readonly runtime: Runtime
}

/** What is known of a request so far, for its refusal. */
interface Progress {
  readonly checks: TokenChecks
  scheme?: TokenScheme
  lacksScope?: boolean
}

/** One function, so that the shared caches can know it again, whatever becomes of the global later. */
const bareFetch: Fetch = (request) => fetch(request)

/**
 * Protects an API: access tokens by RFC 9068 or introspection, sender constraints, audience, scope, step-up.
 *
 * @throws TypeError for options that are missing, unknown or contradictory; above all for DPoP without `replay`
 * @throws ProtocolError for a `resource` that is no https URL
 * @see RFC 6750, RFC 9068, RFC 9449, RFC 9470, RFC 9728
 * @example
 * const api = createProtectedResource({ issuer: 'https://op.example', audience: 'https://api.example', replay: store })
 * const result = await api.protect(request, { scope: 'notes:read' })
 * if (!result.ok) return result.response
 */
export function createProtectedResource(options: ProtectedResourceOptions): ProtectedResource {
  assertResourceOptions(options)
  const guard = createGuard(options)
  const metadata = metadataOf(options, guard)
  return {
    metadata,
    handleMetadata: createMetadataHandler(metadata, guard.challenges.resourceMetadata),
    protect(request, call = {}) {
      assertProtectOptions(call)
      return protectWith(guard, request, call)
    },
  }
}

const remembered = new WeakMap<ProtectedResourceOptions, ProtectedResource>()

/**
 * `createProtectedResource` and `protect` in one. Metadata and keys are cached for the process; introspection is
 * remembered only as long as the same `options` object is given, so keep that in a constant.
 *
 * @throws TypeError for options that are missing, unknown or contradictory
 * @example
 * const result = await protectResource(request, { issuer: 'https://op.example', audience: 'https://api.example' })
 */
export async function protectResource(
  request: ResourceRequest,
  options: ProtectedResourceOptions & Pick<ProtectOptions, 'certificate'>,
): Promise<AccessResult> {
  const { certificate, ...own } = options
  let resource = remembered.get(options)
  if (!resource) {
    resource = createProtectedResource(own)
    remembered.set(options, resource)
  }
  return await resource.protect(request, certificate === undefined ? {} : { certificate })
}

function createGuard(options: ProtectedResourceOptions): Guard {
  const { replay, dpop, resource, runtime = systemRuntime, allowLoopbackHttp = false } = options
  const { fetch = bareFetch, timeout = 10_000, dpopAlgorithms = defaultDpopAlgorithms, dpopNonce } = options
  const takesDpop = replay !== undefined && dpop !== 'off'
  const schemes: readonly TokenScheme[] = dpop === 'required' ? ['dpop'] : takesDpop ? ['bearer', 'dpop'] : ['bearer']
  const nonces = dpopNonce && createDpopNonceClock(dpopNonce.secret, dpopNonce.step ?? 300, runtime)
  const sources = { fetch, runtime, timeout, allowLoopbackHttp }
  return {
    judgeToken: createTokenJudge(trustedIssuers(options), listOf(options.audience), sources),
    dpop: takesDpop ? { replay, algorithms: dpopAlgorithms, nonces, runtime } : undefined,
    rules: { dpopRequired: dpop === 'required', mtlsRequired: options.mtls === 'required' },
    challenges: {
      schemes,
      dpopAlgorithms,
      realm: options.realm,
      resourceMetadata: resource === undefined ? undefined : protectedResourceMetadataUrl(resource, allowLoopbackHttp),
    },
    needs: { scope: options.scope, acrValues: options.acrValues, maxAge: options.maxAge },
    origin: ownOrigin(options),
    runtime,
  }
}

function ownOrigin({ origin, resource }: ProtectedResourceOptions): string | undefined {
  const own = origin ?? resource
  return own === undefined ? undefined : new URL(own).origin
}

function metadataOf(options: ProtectedResourceOptions, guard: Guard): ProtectedResourceMetadata | undefined {
  const { resource, metadata, mtls } = options
  if (resource === undefined) return undefined
  return buildProtectedResourceMetadata({
    resource,
    issuers: trustedIssuers(options).map(({ issuer }) => issuer),
    dpopAlgorithms: guard.dpop?.algorithms ?? [],
    dpopRequired: guard.rules.dpopRequired,
    mtls: mtls === 'required',
    more: metadata,
  })
}

async function protectWith(guard: Guard, request: ResourceRequest, call: ProtectOptions): Promise<AccessResult> {
  const requirements: AccessRequirements = {
    scope: call.scope ?? guard.needs.scope,
    acrValues: call.acrValues ?? guard.needs.acrValues,
    maxAge: call.maxAge ?? guard.needs.maxAge,
  }
  // A mistake of the caller's, and so none of the request's: it is thrown before anything is judged.
  const certificate = isNone(call.certificate) ? undefined : await requireThumbprint(call.certificate)
  const checks = new TokenChecks(refuseAccess)
  const progress: Progress = { checks }
  try {
    const { token, nonce } = await judge(guard, request, requirements, certificate, progress)
    return { ok: true, token, checks: checks.list, headers: await newerNonce(guard, nonce) }
  } catch (error) {
    return await refuse(guard, toAccessError(error, checks.list), requirements, progress)
  }
}

/** The list of what is judged, in order: what costs little and what needs no network first. */
async function judge(
  guard: Guard,
  request: ResourceRequest,
  requirements: AccessRequirements,
  certificate: string | undefined,
  progress: Progress,
): Promise<{ readonly token: GrantedToken; readonly nonce: string | undefined }> {
  const { dpop } = guard
  const { checks } = progress
  const presented = readPresentedToken(request, guard.challenges.schemes, checks)
  progress.scheme = presented.scheme
  const { method, headers } = request
  const proven = { method, headers, url: publicUrl(request.url, guard.origin), token: presented.token }
  const proof = presented.scheme === 'dpop' ? await checkProof(proven, dpop!, checks) : undefined
  const { claims, issuer } = await guard.judgeToken(presented.token, checks)
  const sender = { scheme: presented.scheme, jkt: proof?.jkt, certificate }
  const binding = checkSenderConstraint(claims.cnf, sender, guard.rules, checks)
  checkTokenInBody(await hasTokenInBody(request), checks)
  if (proof) await spendProof(proof, dpop!, checks)
  progress.lacksScope = missingScopes(claims, requirements.scope).length > 0
  checkAccessRequirements(claims, requirements, epochSeconds(guard.runtime), checks)
  return { token: describeToken(claims, issuer, binding), nonce: proof?.nonce }
}

async function refuse(
  guard: Guard,
  error: AccessError,
  requirements: AccessRequirements,
  { checks, scheme, lacksScope }: Progress,
): Promise<AccessResult> {
  const refused = { code: error.code, scheme, requirements, lacksScope }
  // RFC 9449 8.2: a new nonce may come with any answer, so the next proof can have it.
  const nonce = scheme === 'dpop' ? await guard.dpop?.nonces?.current() : undefined
  return { ok: false, response: buildRefusal(refused, guard.challenges, nonce), error, checks: checks.list }
}

async function newerNonce({ dpop }: Guard, used: string | undefined): Promise<Readonly<Record<string, string>>> {
  const newest = used === undefined ? undefined : await dpop?.nonces?.current()
  return newest === undefined || newest === used ? {} : { 'dpop-nonce': newest }
}

/** A proxy whose client has no certificate hands on an empty field. */
function isNone(certificate: Uint8Array | string | undefined): certificate is undefined {
  return certificate === undefined || certificate === ''
}

async function requireThumbprint(certificate: Uint8Array | string): Promise<string> {
  const thumbprint = await certificateThumbprint(certificate)
  if (thumbprint === undefined) throw new TypeError('certificate: expected a certificate as DER bytes or PEM text')
  return thumbprint
}

/** What the client has signed is the URL that it knows, and a proxy may have changed scheme and host since. */
function publicUrl(url: string, origin: string | undefined): string {
  if (origin === undefined) return url
  const { pathname, search } = new URL(url)
  return origin + pathname + search
}

async function hasTokenInBody(request: ResourceRequest): Promise<boolean> {
  if (request instanceof Request) return await hasTokenInForm(request)
  const { form } = request
  return typeof form === 'object' && form !== null && Object.hasOwn(form, 'access_token')
}
