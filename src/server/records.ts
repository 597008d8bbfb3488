import type { AuthorizationDetail, ClaimsRequest, Confirmation } from '../../generated/models.ts'
import { StoreError } from '../errors/session.ts'
import { type RecordChange, type RecordStore, recordKey, type StoredRecord } from '../lib/record-store.ts'
import type { Authorization } from './authorization.ts'

/** A record of the core, with the version that a commit will expect. */
export interface Versioned<T> {
  readonly key: string
  readonly value: T
  readonly version: string
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number
}

/** An authorization code: everything that was frozen, and whether it was used. */
export interface CodeRecord {
  readonly format: 'code-1'
  readonly authorization: Authorization
  readonly redirectUri: string
  /** Whether the authorization request named the redirect URI itself. */
  readonly redirectUriSent: boolean
  readonly codeChallenge?: string
  /** RFC 9449 10 */
  readonly dpopJkt?: string
  /** Seconds since the epoch. */
  readonly expiresAt: number
  /** Seconds since the epoch; present: it was used. */
  readonly usedAt?: number
}

/**
 * Everything that came of one authorization. Every rotation puts it anew, so rotation and revocation are
 * serialised: nothing is inserted into a family that was revoked meanwhile. Revocation is for good.
 */
export interface FamilyRecord {
  readonly format: 'family-1'
  readonly status: 'active' | 'revoked'
  readonly authorization: Authorization
  /** What a public client's refresh tokens are bound to (RFC 9449 5, RFC 8705 4); absent: bound to the client. */
  readonly binding?: Confirmation
  /** Seconds since the epoch: the absolute end of its refresh tokens. */
  readonly endsAt: number
  /** Where the client wants to hear of a logout, and until when (seconds since the epoch). */
  readonly logout?: LogoutAddresses
}

export interface LogoutAddresses {
  readonly sid?: string
  readonly until: number
  readonly frontchannelUri?: string
  readonly frontchannelSessionRequired?: boolean
  readonly backchannelUri?: string
  readonly backchannelSessionRequired?: boolean
}

export interface RefreshRecord {
  readonly format: 'refresh-1'
  readonly clientId: string
  /** Seconds since the epoch. */
  readonly expiresAt: number
  /** Present: it was used. Kept as long as its family, for a reuse to be seen. */
  readonly use?: RefreshUse
}

/** How a refresh token was used: what a retry is held against. */
export interface RefreshUse {
  /** Seconds since the epoch. */
  readonly at: number
  readonly cnf?: Confirmation
  /** The scope that was granted, in its order. */
  readonly scope: readonly string[]
  /** The successor's record. */
  readonly successorHash: string
  /** The successor itself, for the grace. */
  readonly sealedSuccessor?: string
}

/** An access token as the server remembers it: opaque ones, and every one that somebody else's authorization made. */
export interface AccessRecord {
  readonly format: 'access-1'
  readonly jti: string
  readonly clientId: string
  /** The subject as the host knows it. */
  readonly subject: string
  /** The subject as the client knows it. */
  readonly sub: string
  readonly scope: readonly string[]
  readonly audience: readonly string[]
  /** Seconds since the epoch. */
  readonly issuedAt: number
  /** Seconds since the epoch. */
  readonly expiresAt: number
  readonly tokenType: 'Bearer' | 'DPoP'
  readonly cnf?: Confirmation
  /** The family that it is revoked with. */
  readonly family?: string
  /** Whether the client speaks for itself: there is no user behind it. */
  readonly ofClient?: true
  readonly status: 'active' | 'revoked'
  readonly authTime?: number
  readonly acr?: string
  /** The `claims` parameter, for userinfo. */
  readonly claims?: ClaimsRequest
  readonly authorizationDetails?: readonly AuthorizationDetail[]
  /** Claims beyond the registered ones: the host's, `act`, `may_act`. */
  readonly extra?: Readonly<Record<string, unknown>>
}

export const keys = {
  code: (family: string, hash: string): string => recordKey('code', family, hash),
  family: (family: string): string => recordKey('family', family),
  refresh: (family: string, hash: string): string => recordKey('refresh', family, hash),
  /** Opaque tokens by their hash, JWTs by their `jti`. */
  access: (partition: string, id: string): string => recordKey('access', partition, id),
}

/** The family of a family's record. */
export function partitionOf(familyKey: string): string {
  return decodeURIComponent(familyKey.slice('family:{'.length, -1))
}

/** Index names. */
export const indexes = {
  /** Access tokens by `jti`. */
  jti: 'jti',
  /** Families by the login session. */
  sid: 'sid',
  /** Families and consents by the subject. */
  subject: 'subject',
} as const

/** Records of one kind that carry this value in this index; a store may be shared, and index names with it. */
export async function findRecords<T extends { readonly format: string }>(
  store: RecordStore,
  kind: string,
  [index, value]: readonly [index: string, value: string],
  format: T['format'],
): Promise<readonly Versioned<T>[]> {
  const records = await store.find(index, value)
  const ofKind = records.filter((record) => record.key.startsWith(`${kind}:`))
  return ofKind.map((record) => readRecord<T>(record, format)).filter((record) => record !== undefined)
}

/** The record as what it was written as. */
export function readRecord<T extends { readonly format: string }>(
  record: StoredRecord | undefined,
  format: T['format'],
): Versioned<T> | undefined {
  if (!record) return undefined
  const value = record.value as T | null
  if (typeof value !== 'object' || value === null || value.format !== format) {
    const kind = record.key.split(':', 1)[0]!
    throw new StoreError('invalid_record', `a ${kind} record is not what this version writes`, { record: kind })
  }
  const { key, version, expiresAt } = record
  return expiresAt === undefined ? { key, value, version } : { key, value, version, expiresAt }
}

const noIndexes: Readonly<Record<string, string>> = Object.freeze({})

/** A put of a record, its expiry in seconds since the epoch. */
export function put(
  key: string,
  value: { readonly format: string },
  expect: string | null,
  expiresAt: number,
  index: Readonly<Record<string, string>> = noIndexes,
): RecordChange {
  // With or without indexes of one shape, so that a store reads the members of all in the same way.
  return { kind: 'put', key, value, expect, expiresAt: Math.ceil(expiresAt) * 1000, indexes: index }
}
