import { IdTokenError, type TokenCheck } from '../errors/protocol.ts'
import { jsonType, printable } from '../lib/printable.ts'

/** The list of what an id_token was held against; it ends with the check that failed. */
export class TokenChecks {
  readonly #list: TokenCheck[] = []

  get list(): readonly TokenCheck[] {
    return this.#list
  }

  /** `expected` and `actual` hold no secret: neither a token nor a nonce. */
  pass(name: string, clause: string, expected: unknown, actual: unknown): void {
    this.#list.push({ name, outcome: 'passed', clause, expected, actual })
  }

  /** For a rule that has nothing to be applied to. */
  skip(name: string, clause: string, reason: string): void {
    this.#list.push({ name, outcome: 'not_applicable', clause, reason })
  }

  /** For a rule that may be broken, by its own words: what came is reported, and nothing is refused. */
  report(name: string, clause: string, reason: string, expected: unknown, actual: unknown): void {
    this.#list.push({ name, outcome: 'not_applicable', clause, reason, expected, actual })
  }

  /** @throws IdTokenError always */
  fail(name: string, clause: string, message: string, expected: unknown, actual: unknown): never {
    this.#list.push({ name, outcome: 'failed', clause, expected, actual })
    throw new IdTokenError(message, { check: name, checks: this.#list, clause, expected, actual })
  }
}

/** A claim's value fit for a message: a string quoted and cut short, an array of strings, else its JSON type. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `"${printable(value, 100)}"`
  if (typeof value === 'number') return String(value)
  if (Array.isArray(value) && value.length <= 5 && value.every((item) => typeof item === 'string')) {
    return `[${value.map((item) => `"${printable(item, 60)}"`).join(', ')}]`
  }
  return jsonType(value)
}
