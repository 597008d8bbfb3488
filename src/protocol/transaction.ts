import { digest } from '#signatures'
import type { AuthorizationDetail } from '../../generated/models.ts'
import { hide } from '../errors/base.ts'
import { ProtocolError } from '../errors/protocol.ts'
import { StoreError } from '../errors/session.ts'
import { encodeBase64url } from '../lib/base64url.ts'
import { andThen } from '../lib/maybe-promise.ts'
import { recordKey } from '../lib/record-store.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { MaybePromise, StoredSigningKey } from '../lib/signatures/types.ts'
import { isAuthorizationDetails } from './authorization-details.ts'
import type { Notice } from './notice.ts'
import { createCodeVerifier, isCodeVerifier } from './pkce.ts'
import { createRandomToken } from './random-token.ts'
import { isResponseMode, isResponseType, type ResponseMode, type ResponseType } from './response-mode.ts'
import { hasScope } from './scope.ts'

/** What must be known of a login between sending the browser away and its coming back; plain data. */
interface TransactionFacts {
  readonly issuer: string
  readonly clientId: string
  readonly authorizationEndpoint: string
  readonly tokenEndpoint: string
  /** The one sent, which the token request repeats (RFC 6749 4.1.3); never taken from the incoming URL. */
  readonly redirectUri: string
  readonly responseMode: ResponseMode
  /** @default 'code' */
  readonly responseType?: ResponseType
  /** As asked for, space-separated; empty: left to the server. */
  readonly scope: string
  readonly resource?: readonly string[]
  /** As asked for (RFC 9396). */
  readonly authorizationDetails?: readonly AuthorizationDetail[]
  /** What was let pass when the request was pushed; the login reports it. */
  readonly notices?: readonly Notice[]
  /** Seconds. */
  readonly maxAge?: number
  /** Authentication context classes asked for, the preferred one first. */
  readonly acrValues?: readonly string[]
  /** The login fails unless its `acr` is one of `acrValues`: asked for as essential, or in a step-up. */
  readonly acrEssential?: boolean
  /** A hash that only the browser that began the login can bring the counterpart of. */
  readonly browserBinding?: string
}

interface TransactionTimes {
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

interface TransactionSecrets {
  readonly state: string
  readonly codeVerifier: string
  /** Present where `scope` has `openid`. */
  readonly nonce?: string
  /** The key pair of this login, which passes on to its session. */
  readonly dpopKey?: StoredSigningKey
  /** Whatever the application wants to find again at the callback. */
  readonly applicationData?: unknown
}

/**
 * One login under way. The members of `TransactionSecrets` are not enumerable, so that no logger prints
 * them; what goes to the store is made by `serializeTransaction`.
 */
export type Transaction = TransactionFacts & TransactionTimes & TransactionSecrets

/** A transaction as a record store keeps it: plain data, secrets included. */
export interface TransactionRecord {
  readonly version: 1
  readonly facts: TransactionFacts & TransactionTimes
  readonly secrets: TransactionSecrets
}

export type TransactionInput = TransactionFacts & Pick<TransactionSecrets, 'dpopKey' | 'applicationData'>

const isText = (value: unknown): boolean => typeof value === 'string'
const isOptional = (fits: (value: unknown) => boolean) => (value: unknown) => value === undefined || fits(value)
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText)

const factRules: Readonly<Record<keyof TransactionFacts | keyof TransactionTimes, (value: unknown) => boolean>> = {
  issuer: isText,
  clientId: isText,
  authorizationEndpoint: isText,
  tokenEndpoint: isText,
  redirectUri: isText,
  responseMode: isResponseMode,
  responseType: isOptional(isResponseType),
  scope: isText,
  resource: isOptional(isTexts),
  authorizationDetails: isOptional(isAuthorizationDetails),
  notices: isOptional(Array.isArray),
  maxAge: isOptional(Number.isSafeInteger),
  acrValues: isOptional(isTexts),
  acrEssential: isOptional((value) => typeof value === 'boolean'),
  browserBinding: isOptional(isText),
  createdAt: Number.isFinite,
  expiresAt: Number.isFinite,
}

const secretRules: Readonly<Record<keyof TransactionSecrets, (value: unknown) => boolean>> = {
  state: (value) => isText(value) && value !== '',
  codeVerifier: isCodeVerifier,
  nonce: isOptional((value) => isText(value) && value !== ''),
  dpopKey: isOptional((value) => asObject(value) !== undefined),
  applicationData: () => true,
}

/** RFC 9700 has no figure; ten minutes let a user find a second factor. */
const lifetime = 10 * 60_000

/**
 * Begins a login: makes its state, its code verifier and, for OpenID, its nonce.
 *
 * @see RFC 6749 10.12, RFC 7636 4.1, OpenID Connect Core 15.5.2
 */
export function createTransaction(input: TransactionInput, runtime: Runtime): Transaction {
  const { dpopKey, applicationData, ...facts } = input
  const createdAt = runtime.now()
  return assemble(
    { ...facts, createdAt, expiresAt: createdAt + lifetime },
    {
      state: createRandomToken(runtime),
      codeVerifier: createCodeVerifier(runtime),
      ...(hasScope(facts.scope, 'openid') ? { nonce: createRandomToken(runtime) } : {}),
      ...(dpopKey === undefined ? {} : { dpopKey }),
      ...(applicationData === undefined ? {} : { applicationData }),
    },
  )
}

/** The same login, with what was noticed when its request was sent. */
export function withNotices(transaction: Transaction, notices: readonly Notice[]): Transaction {
  if (notices.length === 0) return transaction
  const { facts, secrets } = serializeTransaction(transaction)
  return assemble({ ...facts, notices }, secrets)
}

/** The key of a transaction's record: a hash, so that whoever can list keys learns no state. */
export function transactionKey(state: string): MaybePromise<string> {
  return andThen(digest('SHA-256', state), (hash) => recordKey('transaction', encodeBase64url(hash)))
}

/** What to put in the store, together with `expiresAt`. */
export function serializeTransaction(transaction: Transaction): TransactionRecord {
  const { state, codeVerifier, nonce, dpopKey, applicationData } = transaction
  return {
    version: 1,
    // A spread takes enumerable members only: the facts and times.
    facts: { ...transaction },
    secrets: {
      state,
      codeVerifier,
      ...(nonce === undefined ? {} : { nonce }),
      ...(dpopKey === undefined ? {} : { dpopKey }),
      ...(applicationData === undefined ? {} : { applicationData }),
    },
  }
}

/**
 * Reads what a store gave back.
 *
 * @throws StoreError `invalid_record` for what `serializeTransaction` cannot have written
 */
export function parseTransaction(value: unknown): Transaction {
  const record = asObject(value)
  const facts = asObject(record?.facts)
  const secrets = asObject(record?.secrets)
  if (record?.version !== 1 || !facts || !secrets) throw invalidRecord('is of another format')
  for (const [name, fits] of Object.entries(factRules)) {
    if (!fits(facts[name])) throw invalidRecord(`has no valid "${name}"`)
  }
  for (const [name, fits] of Object.entries(secretRules)) {
    if (!fits(secrets[name])) throw invalidRecord(`has no valid "${name}"`)
  }
  // An OpenID login whose nonce were lost would be verified without one.
  if (hasScope(facts.scope as string, 'openid') !== (secrets.nonce !== undefined)) {
    throw invalidRecord('has no valid "nonce"')
  }
  // Every member that the types promise was checked by its rule.
  return assemble(facts as unknown as TransactionFacts & TransactionTimes, secrets as unknown as TransactionSecrets)
}

/** @throws ProtocolError `expired_transaction` once its ten minutes have passed */
export function assertTransactionLive(transaction: Transaction, runtime: Runtime): void {
  const now = runtime.now()
  if (now < transaction.expiresAt) return
  const seconds = Math.round((now - transaction.createdAt) / 1000)
  throw new ProtocolError(
    'expired_transaction',
    `the login began ${seconds} s ago and had ${lifetime / 1000} s; let the user begin again`,
    { clause: 'RFC 6749 10.12', expected: `at most ${lifetime / 1000} s`, actual: `${seconds} s` },
  )
}

function assemble(facts: TransactionFacts & TransactionTimes, secrets: TransactionSecrets): Transaction {
  const transaction = { ...facts } as Transaction
  for (const name of ['state', 'codeVerifier', 'nonce', 'dpopKey', 'applicationData'] as const) {
    if (secrets[name] !== undefined) hide(transaction, name, secrets[name])
  }
  return Object.freeze(transaction)
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}

function invalidRecord(fault: string): StoreError {
  return new StoreError('invalid_record', `the stored transaction ${fault}; let the user begin again`, {
    record: 'transaction',
  })
}
