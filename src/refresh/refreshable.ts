/** A state as the store holds it, with the version that a write must name. */
export interface Versioned<State> {
  readonly state: State
  readonly version: string
}

/**
 * A refresh that was begun. It stands in the record from before the request leaves until its outcome is known, so
 * that whoever comes after a lost answer or a dead process knows that the refresh token may be used up.
 */
export interface RefreshAttempt {
  readonly id: string
  /** SHA-256 of the refresh token that was sent, base64url. */
  readonly tokenHash: string
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  /** Its answer was lost: the process that sent it waits for nothing any more. */
  readonly isLost?: true
  /** It was begun without the lock: who holds the lock must not take it for one of a process that has lost it. */
  readonly isUnlocked?: true
}

/**
 * What the engine needs to know of the thing whose tokens it renews: where it is kept, when it needs it, how it is
 * asked for. Sessions give one; the token manager gives another.
 */
export interface Refreshable<State> {
  /** One flight at a time for each key. */
  readonly key: string
  /** Flights of the same refresh token go one after the other, in this process and, with a lock, in all. */
  readonly serial: string
  /** From the store, never from a cache. Nothing: it was logged out or deleted. */
  read(): Promise<Versioned<State> | undefined>
  /** False when somebody else has renewed it already; then nothing is sent. */
  needsRefresh(state: State): boolean
  /** Whether there is a token to go on with, so that a doubtful refresh can be put off. */
  canWait(state: State): boolean
  /** What is sent: only its hash goes to the journal. */
  refreshToken(state: State): string
  attempt(state: State): RefreshAttempt | undefined
  withAttempt(state: State, attempt: RefreshAttempt | undefined): State
  /**
   * Milliseconds for which the issuer gives the same successor again, so that a refresh token whose answer was lost may
   * be sent once more; 0: against any other issuer a second use would end the whole family (RFC 9700 4.14.2).
   */
  readonly grace: number
  /** Sends the refresh token and gives the state that follows. */
  request(state: State): Promise<State>
  /** Puts `next` in the place of `version`; false when another version stands there. */
  write(next: State, version: string): Promise<boolean>
  /**
   * Whether `current` still holds the tokens that `from` held, so that the outcome of refreshing `from` may be put
   * over it. False when another refresh was faster: a loser never overwrites a newer set.
   */
  isSameGeneration(current: State, from: State): boolean
  /** The outcome of a refresh, on a record that changed meanwhile in other ways. */
  rebase(next: State, current: State): State
  /** Tokens that came for what was deleted meanwhile. They must not live on at the server. */
  abandon(next: State): Promise<void>
  /**
   * The state after a refusal that ends it (`invalid_grant`); `undefined`: the error ends nothing.
   *
   * @param outcomeUnknown an earlier answer for the same refresh token was lost, so the refusal may be of our own making
   */
  afterFailure(error: unknown, state: State, outcomeUnknown: boolean): State | undefined
  /** Told once a flight, however many waited for it. */
  settled(outcome: RefreshOutcome<State>): void
  /** Told once a flight that ended with an error. */
  failed(error: unknown): void
}

/** A renewal, and how it came about. */
export type RefreshOutcome<State> =
  | { readonly kind: 'refreshed'; readonly state: State; readonly stored: boolean }
  /** Another caller or process had renewed it. */
  | { readonly kind: 'current'; readonly state: State }
  /** Another process is at it, or the last answer was lost; what there is is good for a while. */
  | { readonly kind: 'postponed'; readonly state: State }
  /** The server refused for good; `state` says so and is stored. */
  | { readonly kind: 'ended'; readonly state: State; readonly error: unknown }
  /** It is not in the store any more. */
  | { readonly kind: 'gone' }
