import { IdTokenError, type ProtocolErrorOptions, type TokenCheck } from '../errors/protocol.ts'
import { jsonType, printable } from '../lib/printable.ts'
import type { Quirk, QuirkReporter } from './quirks.ts'

/** What a failed check gives to the error that is made of it. */
export type CheckFailure = ProtocolErrorOptions & { readonly check: string; readonly checks: readonly TokenCheck[] }

/** Makes the error of a failed check; the message does not say yet what kind of token it is about. */
export type RefuseToken = (message: string, failure: CheckFailure) => Error

/**
 * The list of what a token was held against; it ends with the check that failed.
 *
 * `expected` and `actual` hold no secret and no user: of nonces and subjects they say only whether they fit.
 */
export class TokenChecks {
  readonly list: TokenCheck[] = []
  readonly #refuse: RefuseToken
  readonly #onQuirk: QuirkReporter | undefined

  /** @param refuse @default an IdTokenError about an id_token */
  constructor(refuse: RefuseToken = refuseIdToken, onQuirk?: QuirkReporter) {
    this.#refuse = refuse
    this.#onQuirk = onQuirk
  }

  /**
   * Records a rule and whether it holds.
   *
   * @param message made only where it is needed, instead of `claim "name" is ...; expected ...`, where that would say too much or too little
   * @throws what `refuse` makes, an IdTokenError by default, where it does not hold
   */
  expect(
    holds: boolean,
    name: string,
    clause: string,
    expected: unknown,
    actual: unknown,
    message?: () => string,
  ): void {
    if (holds) this.list.push({ name, outcome: 'passed', clause, expected, actual })
    else this.#fail(name, clause, expected, actual, message)
  }

  /** A rule that is broken, as the configuration allows for this server by name. */
  allow(quirk: Quirk, name: string, clause: string, expected: unknown, actual: unknown): void {
    this.list.push({ name, outcome: 'not_applicable', clause, reason: `quirk "${quirk}"`, expected, actual })
    this.#onQuirk?.(quirk)
  }

  /** For a rule that has nothing to be applied to, or that may be broken by its own words. */
  skip(name: string, clause: string, reason: string, expected?: unknown, actual?: unknown): void {
    this.list.push({ name, outcome: 'not_applicable', clause, reason, expected, actual })
  }

  #fail(name: string, clause: string, expected: unknown, value: unknown, message?: () => string): never {
    const actual = reported(value)
    const wanted = expected ?? 'absent'
    this.list.push({ name, outcome: 'failed', clause, expected: wanted, actual })
    const text = message?.() ?? `claim "${name}" is ${shown(value)}; expected ${shown(expected)}`
    throw this.#refuse(text, { check: name, checks: this.list, clause, expected: wanted, actual })
  }
}

function refuseIdToken(message: string, failure: CheckFailure): Error {
  return new IdTokenError(`id_token ${message}`, failure)
}

/** A value fit for a message: strings quoted and cut short, arrays of strings, numbers, else the JSON type. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(printable(value, 100))
  return String(reported(value))
}

function reported(value: unknown): unknown {
  if (typeof value === 'number') return value
  if (typeof value === 'string') return printable(value, 100)
  if (!Array.isArray(value)) return jsonType(value)
  const [more] = value.slice(5)
  return `[${value.slice(0, 5).map(shown).join(', ')}${more === undefined ? '' : ', ...'}]`
}
