import { digest } from '#signatures'
import { StoreError } from '../errors/session.ts'
import { encodeBase64url } from '../lib/base64url.ts'
import { reachStore } from '../lib/reach-store.ts'
import { recordKind } from '../lib/record-commit.ts'
import {
  type CommitResult,
  type RecordChange,
  type RecordStore,
  recordKey,
  type StoredRecord,
} from '../lib/record-store.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { TokenEventListener } from './token-events.ts'
import {
  type AccessTokenState,
  ownExpiry,
  parseAccessToken,
  parseRefreshToken,
  type RefreshTokenState,
} from './token-state.ts'
import type { TokenSubject } from './token-subject.ts'

/** A state, where it is kept, and the version that a change of it must name. */
export interface Stored<State> {
  readonly key: string
  readonly version: string
  readonly state: State
}

/** Whose tokens are looked for. */
export interface TokenOwner {
  readonly issuer: string
  readonly clientId: string
  readonly subject: TokenSubject
}

/** One kind of token as records: the only place that knows their keys and indexes. */
export interface TokenRecords<State> {
  read(key: string): Promise<Stored<State> | undefined>
  /** Of this client alone; of all of the issuer's clients where the owner names a `sub` and no client. */
  findByOwner(owner: Omit<TokenOwner, 'clientId'> & Partial<TokenOwner>): Promise<readonly Stored<State>[]>
  /**
   * By the value that it has now, else by the one that it was registered with: nobody outside learns of a refresh
   * token what it was rotated to.
   */
  findByValue(issuer: string, value: string): Promise<Stored<State> | undefined>
  /** Where a token that is registered by hand is kept: the same value is kept once. */
  keyOf(issuer: string, value: string): Promise<string>
  put(key: string, state: State, expect: string | null): Promise<RecordChange>
}

export interface AllTokenRecords {
  readonly access: TokenRecords<AccessTokenState> & {
    /** Those with exactly these scopes and this resource: one lookup by one index. */
    findExact(
      owner: TokenOwner,
      scopes: readonly string[],
      resource: string | undefined,
    ): Promise<readonly Stored<AccessTokenState>[]>
  }
  readonly refresh: TokenRecords<RefreshTokenState>
  /** Carries out all changes or none; they must be of one grant. */
  commit(changes: readonly RecordChange[]): Promise<CommitResult>
}

export interface TokenRecordsOptions {
  readonly store: RecordStore
  readonly runtime: Runtime
  /** Milliseconds after the last change that a token of unknown expiry is kept. */
  readonly lifetime: number
  readonly emit: TokenEventListener
}

/** Milliseconds that the end of a refresh token is remembered. */
const endedLifetime = 86_400_000

export function createTokenRecords(options: TokenRecordsOptions): AllTokenRecords {
  const { store, runtime, lifetime } = options
  const access = createRecords(options, {
    kind: 'access-token',
    parse: parseAccessToken,
    expiryOf: (state) => ownExpiry(state) ?? runtime.now() + lifetime,
    indexesOf: (state) => exactIndexOf(state),
  })
  const refresh = createRecords<RefreshTokenState>(options, {
    kind: 'refresh-token',
    parse: parseRefreshToken,
    expiryOf(state) {
      if (state.status === 'ended') return runtime.now() + endedLifetime
      return ownExpiry(state) ?? runtime.now() + lifetime
    },
    indexesOf: () => ({}),
  })
  return {
    access: {
      ...access,
      findExact: (owner, scopes, resource) => access.find('exact', exactValue(owner, scopes, resource)),
    },
    refresh,
    commit: (changes) => reachStore('write', recordKind(changes[0]?.key ?? ''), () => store.commit(changes)),
  }
}

interface KindRules<State> {
  readonly kind: 'access-token' | 'refresh-token'
  readonly parse: (value: unknown) => State
  /** Milliseconds since the epoch. */
  readonly expiryOf: (state: State) => number
  /** Beside owner and value. */
  readonly indexesOf: (state: State) => Record<string, string>
}

type AnyState = Pick<AccessTokenState, 'issuer' | 'clientId' | 'subject'> & { readonly value?: string }

function createRecords<State extends AnyState>(
  { store, emit }: TokenRecordsOptions,
  { kind, parse, expiryOf, indexesOf }: KindRules<State>,
): TokenRecords<State> & { find(index: string, value: string): Promise<readonly Stored<State>[]> } {
  const indexName = (name: string) => `${kind}-${name}`
  const stored = ({ key, version, value }: StoredRecord) => ({ key, version, state: parse(value) })

  /** One damaged record must not hide the others. */
  function parseOrReport(record: StoredRecord): readonly Stored<State>[] {
    try {
      return [stored(record)]
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      emit({ kind: 'invalid_record', record: kind })
      return []
    }
  }

  async function find(index: string, value: string): Promise<readonly Stored<State>[]> {
    const found = await reachStore('search', kind, () => store.find(indexName(index), value))
    return found.flatMap(parseOrReport)
  }

  async function read(key: string): Promise<Stored<State> | undefined> {
    const record = await reachStore('read', kind, () => store.get(key))
    return record && stored(record)
  }

  return {
    find,
    read,
    async findByOwner(owner) {
      const found = await find('owner', ownerValue(owner))
      return owner.clientId === undefined ? found : found.filter(({ state }) => state.clientId === owner.clientId)
    },
    async findByValue(issuer, value) {
      const hash = await hashOf(issuer, value)
      const [found] = await find('value', hash)
      return found ?? (await read(recordKey(kind, hash)))
    },
    keyOf: async (issuer, value) => recordKey(kind, await hashOf(issuer, value)),
    async put(key, state, expect) {
      const { issuer, clientId, subject, value } = state
      const indexes = {
        ...(subject && { [indexName('owner')]: ownerValue({ issuer, clientId, subject }) }),
        ...(value !== undefined && { [indexName('value')]: await hashOf(issuer, value) }),
        ...Object.fromEntries(Object.entries(indexesOf(state)).map(([name, term]) => [indexName(name), term])),
      }
      return { kind: 'put', key, value: state, expect, expiresAt: expiryOf(state), indexes }
    },
  }
}

/** A token of unknown scope suits no request for one. */
function exactIndexOf({ issuer, clientId, subject, metadata, resource }: AccessTokenState): Record<string, string> {
  if (!subject || !metadata.scope) return {}
  return { exact: exactValue({ issuer, clientId, subject }, metadata.scope.toSorted(), resource) }
}

function exactValue({ issuer, clientId, subject }: TokenOwner, scopes: readonly string[], resource = ''): string {
  return JSON.stringify([issuer, clientId, subject.kind === 'sub' ? subject.sub : null, scopes.join(' '), resource])
}

/** A `sub` is unique only at its issuer (OpenID Connect Core 2); what a client has by itself is told apart from any `sub`. */
function ownerValue({ issuer, clientId, subject }: Parameters<TokenRecords<unknown>['findByOwner']>[0]): string {
  return JSON.stringify(subject.kind === 'sub' ? [issuer, 'sub', subject.sub] : [issuer, 'client', clientId])
}

/** A token's value stands in no key and no index. */
async function hashOf(issuer: string, value: string): Promise<string> {
  return encodeBase64url(await digest('SHA-256', `${issuer} ${value}`))
}

/**
 * Where the token is kept that comes of one request: the place is known before the token, so that two processes that
 * ask for the same meet there.
 *
 * @param partition that of the refresh token, so that both change in one commit
 */
export async function issuedKey(
  partition: string,
  scopes: readonly string[] | undefined,
  resource: string | undefined,
): Promise<string> {
  const asked = JSON.stringify([scopes?.join(' ') ?? null, resource ?? null])
  return recordKey('access-token', partition, encodeBase64url(await digest('SHA-256', asked)).slice(0, 22))
}

/** The partition that a record's key names. */
export function partitionOf(key: string): string {
  return decodeURIComponent(/\{(.*?)\}/.exec(key)?.[1] ?? '')
}
