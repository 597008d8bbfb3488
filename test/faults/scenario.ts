import type { Crew } from './crew.ts'
import type { FaultIssuer } from './issuer.ts'

/** One run: what the server is like, what goes wrong, and how it must end. */
export interface Scenario {
  readonly name: string
  readonly server: 'grace' | 'strict'
  /** @default true */
  readonly hasLock?: boolean
  /** Milliseconds until a lock that is not renewed is free. @default 2000 */
  readonly lease?: number
  /** Milliseconds by which the clocks of the four processes are wrong. @default none */
  readonly clockOffsets?: readonly number[]
  /** Milliseconds of calls. @default 4000 */
  readonly duration?: number
  /** It ends the store's server, which one that was given by URL does not allow. */
  readonly restartsStore?: boolean
  readonly wreak?: (hands: Hands) => Promise<void>
  /** How sessions end that are not `active` in the end, by family. */
  readonly ends?: Readonly<Record<string, string>>
  /** Codes of errors that calls may get. @default none */
  readonly mayFail?: RegExp
}

/** What a scenario's faults are made with. */
export interface Hands {
  readonly issuer: FaultIssuer
  readonly crew: Crew
  /** Ends the store's server as a crash does, and starts it over the same data. */
  restartStore(): Promise<void>
  /** Notes faults: each may cost these families one attempt. */
  hit(families: readonly string[]): void
  /** Notes families whose refreshes a fault may have hit by chance. */
  doubt(families: readonly string[]): void
  pause(milliseconds: number): Promise<void>
}

export const families = ['ada', 'ben', 'cleo', 'dan'] as const
