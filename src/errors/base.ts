/**
 * What every error of this library is. `code` is a literal in each class, so a `switch` over
 * `AnyAuthentypeError['code']` narrows to the class and its fields.
 *
 * Messages say what failed, what was expected, what came and what to do; they never hold a token, a secret,
 * a code or a whole body.
 */
export abstract class AuthentypeError<
  Facts extends { readonly cause?: unknown } = { readonly cause?: unknown },
> extends Error {
  abstract readonly code: string
  abstract override readonly name: string
  /** `facts` become properties: `cause` as in every error, and those of an answer, out of sight of loggers. */
  constructor(message: string, facts: Facts) {
    super(message)
    Object.assign(this, facts)
    // An answer carries tokens, cookies and nonces.
    for (const name of ['cause', 'response', 'headers', 'body'])
      if (name in facts) Object.defineProperty(this, name, { enumerable: false })
  }
}

/** Sets a property that loggers and `JSON.stringify` do not see. */
export function hide<T extends object, K extends keyof T>(target: T, key: K, value: T[K]): void {
  Object.defineProperty(target, key, { value, enumerable: false, writable: false, configurable: true })
}
