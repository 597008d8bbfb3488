import type { TokenAnswer } from './families.ts'

export type StoreKind = 'redis' | 'postgres'

/** What a worker process is told at its start, as JSON in its first argument. */
export interface WorkerConfig {
  /** It names itself so to the issuer. */
  readonly name: string
  readonly store: StoreKind
  readonly storeUrl: string
  readonly issuer: string
  readonly sealingKey: string
  readonly hasLock: boolean
  /** Milliseconds. */
  readonly lease: number
  /** Milliseconds that the client is told of; the issuer's own is the same. */
  readonly rotationGrace: number
  /** Milliseconds by which this process's clock is wrong. */
  readonly clockOffset: number
}

/** Session ids by family. */
export type SessionIds = Readonly<Record<string, string>>

export type ToWorker =
  | { readonly kind: 'create'; readonly family: string; readonly answer: TokenAnswer }
  | { readonly kind: 'load'; readonly sessions: SessionIds; readonly burst: number; readonly every: number }
  /** No new calls; those under way are waited for. */
  | { readonly kind: 'stop' }
  | { readonly kind: 'inspect'; readonly sessions: SessionIds }

export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'created'; readonly family: string; readonly id: string }
  | { readonly kind: 'calls'; readonly calls: CallCounts }
  | { readonly kind: 'stopped'; readonly unfinished: number }
  /** By family: `active`, or the code of the error and its reason. */
  | { readonly kind: 'inspected'; readonly states: Readonly<Record<string, string>> }
  | { readonly kind: 'crashed'; readonly message: string }

/** What became of calls that ended since the last report. */
export interface CallCounts {
  readonly successes: number
  /** Answers for another session than the one that was called with. */
  readonly strangers: number
  /** By code; those that are no error of this library begin with `untyped`. */
  readonly errors: Readonly<Record<string, number>>
  /** When a family's session was first said to have expired, milliseconds since the epoch. */
  readonly expiredAt: Readonly<Record<string, number>>
  /** Milliseconds. */
  readonly latencies: readonly number[]
}
