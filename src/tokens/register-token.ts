import { exportSigningKey } from '#signatures'
import { errorCode } from '../lib/emitter.ts'
import type { SigningKey } from '../lib/signatures/types.ts'
import { assertPlace, assertResource } from './assert-place.ts'
import { clientIdOf } from './connections.ts'
import { introspected, introspectNow } from './introspect-stored.ts'
import type { ManagerContext } from './manager-context.ts'
import { type TokenOverrides, withOverrides } from './manager-options.ts'
import {
  type AnyTokenState,
  contended,
  maxAttempts,
  type TokenKind,
  type TokenPlace,
  updateStored,
} from './token-kind.ts'
import { assertTokenMetadata, type TokenMetadata, type TokenMetadataInput, toTokenMetadata } from './token-metadata.ts'
import { type AccessTokenState, knownOf, type RefreshTokenState } from './token-state.ts'
import { assertSubject, type TokenSubject } from './token-subject.ts'

/** What is known of a token that is registered. */
export interface TokenRegistration extends TokenPlace {
  /** Whose it is. @default the `sub` of the metadata or of introspection; without one the client's own */
  readonly subject?: TokenSubject
  /** By the names of RFC 7662, its times by our own clock. What introspection says wins. @default what introspection says */
  readonly metadata?: TokenMetadataInput
  /** The key that the token is bound to (RFC 9449). */
  readonly dpopKey?: SigningKey
}

/** Whose an access token is, as far as the caller knows. */
export interface AccessTokenRegistration extends TokenRegistration {
  /** @default the `token_type` of the metadata; DPoP with a `dpopKey`, else Bearer */
  readonly tokenType?: 'Bearer' | 'DPoP'
  /** The resource that it was asked for (RFC 8707). @default none */
  readonly resource?: string
}

const registrationNames: readonly string[] = ['subject', 'metadata', 'dpopKey', 'tokenType', 'resource']

/** Keeps a token that was had elsewhere: at a login, or from another system. */
export async function registerToken<State extends AnyTokenState>(
  context: ManagerContext,
  kind: TokenKind<State>,
  token: string,
  registration: TokenRegistration,
  overrides: TokenOverrides | undefined,
  /** A new state, and what of an old one stays. */
  build: (base: BaseState, held: State | undefined) => State,
): Promise<TokenMetadata> {
  if (typeof token !== 'string' || !/^[\x20-\x7e]+$/.test(token)) {
    throw new TypeError('register: the token must be a non-empty string of printable ASCII (RFC 6749 A.12, A.17)')
  }
  assertPlace(registration, 'register', registrationNames)
  if (registration.subject !== undefined) assertSubject(registration.subject, 'register')
  assertAccessMembers(registration)
  assertTokenMetadata(registration.metadata, 'register')
  overrides?.signal?.throwIfAborted()
  context.connections.learn(registration.issuer, registration.client)
  const base = await describeToken(context, kind, token, registration, overrides)
  const key = await kind.records.keyOf(registration.issuer, base.value)
  const store = () => storeToken(context, kind, registration, base, build)
  const metadata = await context.registrations.run(key, store)
  // Who would not wait for the server's word is told so, but its token is kept.
  overrides?.signal?.throwIfAborted()
  return metadata
}

async function storeToken<State extends AnyTokenState>(
  context: ManagerContext,
  kind: TokenKind<State>,
  { issuer }: TokenPlace,
  base: BaseState,
  build: (base: BaseState, held: State | undefined) => State,
): Promise<TokenMetadata> {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const held = await kind.records.findByValue(issuer, base.value)
    if (held) {
      const put = await updateStored(context, kind, held, (state) => build(base, state))
      if (put) return put.metadata
      continue
    }
    const key = await kind.records.keyOf(issuer, base.value)
    const state = build(base, undefined)
    const { ok } = await context.records.commit([await kind.records.put(key, state, null)])
    if (ok) return state.metadata
  }
  throw contended()
}

/** @throws TypeError for a type of token that this library cannot use (RFC 6749 7.1) */
function assertAccessMembers({ tokenType, resource }: AccessTokenRegistration): void {
  assertResource(resource, 'register')
  if (tokenType === undefined || ['bearer', 'dpop'].includes(String(tokenType).toLowerCase())) return
  throw new TypeError('register: "tokenType" must be "Bearer" or "DPoP" (RFC 6749 7.1)')
}

type BaseState = Pick<AccessTokenState, 'format' | 'issuer' | 'clientId' | 'metadata' | 'registeredAt'> &
  Partial<Pick<AccessTokenState, 'subject' | 'introspectedAt' | 'clockSkew' | 'dpopKey'>> & { readonly value: string }

async function describeToken<State>(
  context: ManagerContext,
  kind: TokenKind<State>,
  token: string,
  registration: TokenRegistration,
  overrides: TokenOverrides | undefined,
): Promise<BaseState> {
  const { runtime, settings, emit } = context
  const { autoIntrospect, signal } = withOverrides(settings, overrides, 'register')
  const { issuer, client, subject, dpopKey } = registration
  const metadata = toTokenMetadata(registration.metadata ?? {})
  const given = subject ?? subjectOf(metadata)
  const base = {
    format: 1,
    issuer,
    clientId: clientIdOf(client, 'register'),
    value: token,
    metadata,
    registeredAt: runtime.now(),
    ...(given && { subject: given }),
    ...(metadata.exp !== undefined && { clockSkew: 0 }),
    ...(dpopKey && { dpopKey: await exportSigningKey(dpopKey) }),
  } as const
  if (!autoIntrospect && given) return base
  try {
    const told = await introspectNow(context, kind, token, registration, overrides, base.dpopKey, signal)
    const known = introspected(base as unknown as AccessTokenState, told, runtime.now())
    // RFC 7662 2.2: a token without a `sub` is one of the client itself; a refresh token is never that (RFC 6749 4.4.3).
    const isClients = told.answer.active && !known.subject && kind.hint === 'access_token'
    return isClients ? { ...known, subject: { kind: 'client_credentials' } } : known
  } catch (error) {
    // Whatever the server does, the token that the caller has in hand is kept.
    emit({ kind: 'introspection_failed', issuer, clientId: base.clientId, token: kind.hint, error: errorCode(error) })
    return base
  }
}

function subjectOf({ sub }: TokenMetadata): TokenSubject | undefined {
  return sub === undefined || sub === '' ? undefined : { kind: 'sub', sub }
}

/** @throws TypeError for a DPoP token without its key, which nobody could use */
export function buildAccessToken(
  { tokenType, resource }: AccessTokenRegistration,
  base: BaseState,
  held: AccessTokenState | undefined,
): AccessTokenState {
  const { dpopKey = held?.dpopKey, metadata } = base
  const named = tokenType ?? metadata.token_type
  const isDpop = named === undefined ? dpopKey !== undefined : named.toLowerCase() === 'dpop'
  if (isDpop && !dpopKey)
    throw new TypeError('register: a DPoP token needs the "dpopKey" that it is bound to (RFC 9449)')
  const { dpopKey: _, ...rest } = { ...held, ...base }
  return {
    ...rest,
    tokenType: isDpop ? 'DPoP' : 'Bearer',
    metadata: { ...held?.metadata, ...metadata },
    ...(isDpop && dpopKey && { dpopKey }),
    ...(resource !== undefined && { resource }),
  }
}

export function buildRefreshToken(base: BaseState, held: RefreshTokenState | undefined): RefreshTokenState {
  if (!held) return { ...base, status: 'active', generation: 0 }
  // It was rotated since: what is registered is used up, and would end the whole grant if it were sent (RFC 9700 4.14.2).
  if (held.status === 'active' && held.value !== base.value) return held
  const { reason, isRotated, ...lasting } = held as RefreshTokenState & { reason?: string; isRotated?: true }
  const metadata = { ...knownOf(held), ...base.metadata }
  return { ...lasting, ...base, metadata, status: 'active', generation: held.generation + (reason ? 1 : 0) }
}
