import type { AnyAuthentypeError } from '../../../src/errors/index.ts'
import type { ClientSetup } from './client-setup.ts'
import type { AnswerName, Faults } from './faults.ts'
import type { KeyName } from './keys.ts'

export type Area =
  | 'discovery'
  | 'par'
  | 'callback'
  | 'token'
  | 'id_token'
  | 'jwks'
  | 'dpop'
  | 'refresh'
  | 'session'
  | 'userinfo'
  | 'introspection'
  | 'revocation'
  | 'client_credentials'
  | 'device'
  | 'backchannel'
  | 'token_exchange'
  | 'signed_answers'
  | 'logout'
  | 'jarm'
  | 'hybrid'
  | 'request_object'
  | 'encryption'

/** What client, user and time do, one after the other. */
export type Step = Action | Circumstance

export type Action =
  /** The client makes the authorization URL: metadata, PAR. */
  | 'begin'
  /** The user comes back and the client handles the callback: token, keys, id_token. */
  | 'finish'
  /** The same callback once more. */
  | 'finish-again'
  /** `begin` and `finish`. */
  | 'login'
  | 'refresh'
  | 'userinfo'
  /** A call of the userinfo endpoint as a plain API, through `session.fetch`. */
  | 'api-call'
  /** Ten of them at once. */
  | 'ten-api-calls'
  | 'client-credentials'
  | 'introspection'
  | 'revocation'
  /** A login on another device, the user's answer waited for. */
  | 'device'
  /** A user asked on their own device. */
  | 'backchannel'
  | 'exchange-token'
  /** The client gets a new logout token. */
  | 'logout-token'
  /** The same logout token once more. */
  | 'logout-token-again'
  /** `verifyIdToken` on the last id_token, as an application would that has nothing else of the library. */
  | 'verify-id-token'

export type Circumstance =
  /** The action must be refused, and the run goes on. */
  | { readonly fails: Action }
  | { readonly advanceSeconds: number }
  | { readonly rotateSigningKeyTo: KeyName }
  /** The server forgets all access tokens that it gave out. */
  | 'end-access-tokens'

export type ErrorCode = AnyAuthentypeError['code']

/** How often the client may ask, and must ask. */
export type RequestBounds = Readonly<Partial<Record<AnswerName, number>>>

/** What the last step comes to; those before it must succeed. */
export type Expectation =
  | { readonly outcome: 'accepted'; readonly atMost?: RequestBounds }
  | {
      readonly outcome: 'refused'
      /** Any of these; more than one where two rules meet. */
      readonly codes: readonly ErrorCode[]
      /** The check of the id_token that fails, by any of these names. */
      readonly checks?: readonly string[]
      /** The OAuth error that is passed on. */
      readonly error?: string
      readonly atMost?: RequestBounds
    }

/** One fault of one provider, and what a client must make of it. */
export interface Scenario {
  /** A sentence about the client. */
  readonly name: string
  /** Where the rule stands. */
  readonly clause: string
  readonly area: Area
  /** `mandatory`: a specification's MUST, or a promise of ours; `recommended`: SHOULD, or good practice. */
  readonly level: 'mandatory' | 'recommended'
  readonly client?: ClientSetup
  readonly fault: Faults
  readonly run: readonly Step[]
  /** The run is done so many times by one client, each with this outcome. @default 1 */
  readonly repeat?: number
  readonly expect: Expectation
}

export const accepted = { outcome: 'accepted' } as const

export function refused(
  codes: ErrorCode | readonly ErrorCode[],
  more: { checks?: readonly string[]; error?: string; atMost?: RequestBounds } = {},
): Expectation {
  return { outcome: 'refused', codes: typeof codes === 'string' ? [codes] : codes, ...more }
}

type Defaults = Pick<Scenario, 'area' | 'run'> & Partial<Pick<Scenario, 'client' | 'level' | 'expect'>>
type Row = Partial<Scenario> & Pick<Scenario, 'name' | 'clause' | 'fault'>

/** A table whose rows leave out what is the same for most of them. */
export function table(defaults: Defaults, rows: readonly Row[]): readonly Scenario[] {
  return rows.map((row) => ({ level: 'mandatory', expect: accepted, ...defaults, ...row }))
}
