import type { AuthorizationDetail, ClaimsRequest } from '../../generated/models.ts'
import { encodeBase64url } from '../lib/base64url.ts'
import { andThen, type MaybePromise } from '../lib/maybe-promise.ts'
import type { RecordChange } from '../lib/record-store.ts'
import { mostJwtLength } from '../protocol/jwt.ts'
import { audienceClaim } from './audience.ts'
import { type PolicyContext, type PrincipalClaims, type PrincipalKind, principalKinds } from './config.ts'
import type { GrantContext } from './grant.ts'
import { shortened } from './lifetimes.ts'
import { type AccessRecord, indexes, keys, put } from './records.ts'
import { callHost, hostObject, Refusal, refuseGrant, refuseHost } from './refusal.ts'
import { createPartition, createSecret } from './secrets.ts'
import { signJwt } from './sign-jwt.ts'
import { wireSubject } from './wire-subject.ts'

/** What a token is minted from: everything in it has been judged. */
export interface AccessTokenInput {
  /** What the host's callbacks are told; its scope and audience are the token's. */
  readonly policy: PolicyContext
  /** The family that it is revoked with. */
  readonly family?: string | undefined
  /** Whether the subject is a client, which has one name for all. @default for client_credentials alone */
  readonly ofClient?: boolean
  readonly authTime?: number | undefined
  readonly acr?: string | undefined
  /** RFC 8693 4.1 */
  readonly act?: object | undefined
  readonly claims?: ClaimsRequest | undefined
  readonly authorizationDetails?: readonly AuthorizationDetail[] | undefined
  /** Seconds since the epoch that it must not outlive. */
  readonly notAfter?: number | undefined
  /** RFC 8693 2.1: a JWT was asked for. @default the configured format */
  readonly format?: 'jwt' | 'opaque'
}

export interface MintedAccessToken {
  readonly value: string
  /** Seconds. */
  readonly expiresIn: number
  /** The record of it, where it is remembered. */
  readonly changes: readonly RecordChange[]
}

const jtiBytes = 16
/** Seconds that a record outlives its token, so that a token that is just good is never unknown. */
const margin = 60

/** Only the mint writes these. */
export const reservedAccessClaims: readonly string[] = [
  'iss',
  'sub',
  'aud',
  'exp',
  'nbf',
  'iat',
  'jti',
  'scope',
  'client_id',
  'cnf',
  'act',
  'auth_time',
  'acr',
  'amr',
  'authorization_details',
  'active',
  'token_type',
  'principal_kind',
]

/**
 * Mints an access token: by RFC 9068, or opaque, of which only the hash is stored.
 *
 * Remembered is every opaque token, and every JWT but the client's own (client_credentials), which nothing but
 * its expiry ends unless it is revoked by itself.
 */
export function mintAccessToken(context: GrantContext, input: AccessTokenInput): MaybePromise<MintedAccessToken> {
  return andThen(buildPrincipal(context, input.policy), (principal) => mintFor(context, input, principal))
}

function mintFor(
  context: GrantContext,
  input: AccessTokenInput,
  principal: Principal,
): MaybePromise<MintedAccessToken> {
  const { config, now } = context
  const lifetime = shortened(config.lifetimes.accessToken, principal.accessTokenLifetime)
  const expiresAt = Math.min(now + lifetime, Math.floor(input.notAfter ?? Number.POSITIVE_INFINITY))
  if (expiresAt <= now) throw refuseGrant('nothing left of its life')
  const { subject, grantType } = input.policy
  const ofClient = input.ofClient ?? grantType === 'client_credentials'
  return andThen(ofClient ? subject : wireSubject(context.config, context.client.client, subject), (sub) => {
    const record = describe(context, input, { extra: principal.extra, expiresAt, ofClient, sub })
    const format = input.format ?? config.accessTokens.format
    return format === 'jwt' ? mintJwt(context, input, record) : mintOpaque(context, input, record)
  })
}

function mintJwt(
  context: GrantContext,
  input: AccessTokenInput,
  record: AccessRecord,
): MaybePromise<MintedAccessToken> {
  const { config } = context
  const key = config.keys.signingKey(config.accessTokens.alg)
  if (!key) throw new Refusal('server_error', 'the server failed', { reason: 'no key signs access tokens' })
  const expiresIn = record.expiresAt - context.now
  const isOwn = input.policy.grantType === 'client_credentials'
  const partition = input.family ?? record.jti
  const changes = isOwn ? [] : [putAccess(keys.access(partition, record.jti), record, null)]
  // RFC 9068 2.1, 2.2
  const jwt = signJwt(key, 'at+jwt', accessTokenClaims(config.issuer, record))
  return andThen(jwt, (value) => {
    // One that could not be read again could not be revoked either.
    if (value.length > mostJwtLength) throw refuseHost('the access token is too long')
    return { value, expiresIn, changes }
  })
}

function mintOpaque(
  context: GrantContext,
  input: AccessTokenInput,
  record: AccessRecord,
): MaybePromise<MintedAccessToken> {
  const { runtime } = context.config
  const expiresIn = record.expiresAt - context.now
  return andThen(createSecret('at', input.family ?? createPartition(runtime), runtime), ({ text, partition, hash }) => {
    const change = putAccess(keys.access(partition, hash), record, null)
    return { value: text, expiresIn, changes: [change] }
  })
}

/** The put of an access token's record. A JWT is found by its `jti`; an opaque one by its hash, which is in the key. */
export function putAccess(key: string, record: AccessRecord, expect: string | null): RecordChange {
  const index = key.endsWith(`:${record.jti}`) ? { [indexes.jti]: record.jti } : undefined
  return put(key, record, expect, record.expiresAt + margin, index)
}

/** The claims of an access token, the same in a JWT and in an introspection. */
export function accessTokenClaims(issuer: string, record: AccessRecord): Record<string, unknown> {
  return {
    // The host's claims first: they cannot stand over any of the mint's.
    ...record.extra,
    iss: issuer,
    sub: record.sub,
    aud: audienceClaim(record.audience),
    exp: record.expiresAt,
    iat: record.issuedAt,
    jti: record.jti,
    client_id: record.clientId,
    ...(record.scope.length > 0 && { scope: record.scope.join(' ') }),
    ...(record.cnf && { cnf: record.cnf }),
    ...(record.authTime !== undefined && { auth_time: record.authTime }),
    ...(record.acr !== undefined && { acr: record.acr }),
    ...(record.authorizationDetails && { authorization_details: record.authorizationDetails }),
  }
}

function describe(
  context: GrantContext,
  input: AccessTokenInput,
  about: {
    readonly extra: Readonly<Record<string, unknown>>
    readonly expiresAt: number
    readonly ofClient: boolean
    readonly sub: string
  },
): AccessRecord {
  const { config, client, constraint, now } = context
  const { policy } = input
  const { cnf, tokenType } = constraint
  const { extra, expiresAt, ofClient, sub } = about
  const more = input.act ? { ...extra, act: input.act } : extra
  return {
    format: 'access-1',
    jti: encodeBase64url(config.runtime.randomBytes(jtiBytes)),
    clientId: client.clientId,
    subject: policy.subject,
    sub,
    scope: policy.scope,
    audience: policy.audience,
    issuedAt: now,
    expiresAt,
    tokenType,
    status: 'active',
    ...(cnf && { cnf }),
    ...(ofClient && { ofClient: true as const }),
    ...(input.family !== undefined && { family: input.family }),
    ...(input.authTime !== undefined && { authTime: input.authTime }),
    ...(input.acr !== undefined && { acr: input.acr }),
    ...(input.claims && { claims: input.claims }),
    ...(input.authorizationDetails?.length && { authorizationDetails: input.authorizationDetails }),
    ...(Object.keys(more).length > 0 && { extra: more }),
  }
}

interface Principal {
  readonly extra: Readonly<Record<string, unknown>>
  readonly accessTokenLifetime?: number | undefined
}

const noPrincipal: Principal = Object.freeze({ extra: Object.freeze({}) })

function buildPrincipal({ config }: GrantContext, policy: PolicyContext): MaybePromise<Principal> {
  const { buildPrincipal: build } = config
  if (!build) return noPrincipal
  return andThen(
    callHost('buildPrincipal', () => build(policy)),
    readPrincipal,
  )
}

function readPrincipal(given: PrincipalClaims): Principal {
  const { kind, claims = {}, accessTokenLifetime } = hostObject('buildPrincipal', given)
  if (!isPrincipalKind(kind)) throw refuseHost('buildPrincipal gave an unknown kind')
  hostObject('buildPrincipal: claims', claims)
  // A token whose end is no number would have none.
  if (accessTokenLifetime !== undefined && !Number.isFinite(accessTokenLifetime)) {
    throw refuseHost('buildPrincipal gave a lifetime that is no number')
  }
  if (Object.keys(claims).some((name) => reservedAccessClaims.includes(name))) {
    throw refuseHost('buildPrincipal gave a reserved claim')
  }
  return { extra: { ...claims, principal_kind: kind }, accessTokenLifetime }
}

function isPrincipalKind(kind: unknown): kind is PrincipalKind {
  return (principalKinds as readonly unknown[]).includes(kind)
}
