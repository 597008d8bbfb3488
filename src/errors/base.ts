/**
 * What every error of this library is. `code` is a literal in each class, so a `switch` over
 * `AnyAuthentypeError['code']` narrows to the class and its fields.
 *
 * Messages say what failed, what was expected, what came and what to do; they never hold a token, a secret,
 * a code or a whole body.
 */
export abstract class AuthentypeError extends Error {
  abstract readonly code: string
  override readonly name: string = 'AuthentypeError'
  /** `facts` become properties, those of an answer out of sight of loggers. */
  constructor(message: string, { cause, ...facts }: { readonly cause?: unknown } = {}) {
    super(message, { cause })
    for (const [name, value] of Object.entries(facts)) {
      Object.defineProperty(this, name, {
        value,
        enumerable: !unloggable.includes(name),
        writable: true,
        configurable: true,
      })
    }
  }
}

/** They carry tokens, cookies and nonces. */
const unloggable: readonly string[] = ['response', 'headers', 'body']

/** Sets a property that loggers and `JSON.stringify` do not see. */
export function hide<T extends object, K extends keyof T>(target: T, key: K, value: T[K]): void {
  Object.defineProperty(target, key, { value, enumerable: false, writable: false, configurable: true })
}
