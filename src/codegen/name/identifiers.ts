/** Words that cannot be declared, or that a reader would take for something else. */
const reservedWords = new Set(
  `abstract any arguments as asserts async await bigint boolean break case catch class const continue debugger declare
  default delete do else enum eval export extends false finally for from function get global if implements import in
  infer instanceof interface is keyof let module namespace never new null number object of package private protected
  public readonly require return satisfies set static string super switch symbol this throw true try type typeof
  undefined unique unknown using var void while with yield`.split(/\s+/),
)

/**
 * Globals that generated code or its readers rely on. A model named Error would shadow the global in every
 * file that imports it.
 */
const globals = new Set(
  `AbortController AbortSignal AggregateError Array ArrayBuffer Awaited BigInt Blob Boolean Buffer Capitalize Crypto
  CryptoKey DataView Date Document Element Error EvalError Event EventTarget Exclude Extract File FormData Function
  Headers Infinity Intl Iterable Iterator JSON Location Map Math NaN Node NonNullable Number Object Omit Parameters
  Partial Pick Promise PromiseLike Proxy RangeError Readonly ReadonlyArray ReadonlyMap ReadonlySet Record
  ReferenceError Reflect RegExp Request RequestInit Required Response ResponseInit ReturnType Set Storage String
  Symbol SyntaxError TypeError URL URLSearchParams Uint8Array Uncapitalize WeakMap WeakRef WeakSet Window
  console document fetch globalThis process self structuredClone window`.split(/\s+/),
)

/** Names of the seam that generated files import. */
const seam = new Set([
  'Api',
  'ApiResult',
  'Operation',
  'OperationInput',
  'RequestOptions',
  'StatusIn',
  'ValidationFailure',
  'Validator',
])

export const isReserved = (name: string): boolean => reservedWords.has(name) || globals.has(name) || seam.has(name)

/**
 * What a name may hold: letters, digits and marks of the basic plane. Those younger than Unicode 15, and one that
 * TypeScript's table lacks, are left out: compilers in use do not know them, and no version of Node may change a name.
 */
const nameable =
  '(?=[\\0-\\uFFFF])(?![\\u088F\\u0897\\u0C5C\\u0CDC\\u1ACF-\\u1AEB\\u1C89\\u1C8A\\u9088\\uA7CB-\\uA7DC\\uA7F1])[\\p{ID_Start}\\p{Nd}\\p{Mn}\\p{Mc}$]'
const word = new RegExp(`(?:${nameable})+`, 'gu')
const nameableCharacter = new RegExp(`^(?:${nameable})+$`, 'u')

/**
 * A type's name: the words of the given name, each with a capital. A given name that is an identifier keeps its
 * spelling but for the first letter and underscores, so `OAuthError` stays `OAuthError` and `JWKSet` `JWKSet`.
 */
export function typeName(given: string): string {
  const words = given.normalize('NFC').match(word) ?? []
  const joined = words.map(capitalise).join('')
  return startSafely(joined === '' ? 'Unnamed' : joined)
}

/**
 * A function's name: as `typeName`, beginning in lower case. `getOAuthToken` stays as it is; where the given name
 * begins with capitals, all but the next word's go: `JWKSGet` becomes `jwksGet`, `OAuthToken` `oAuthToken`.
 */
export function functionName(given: string): string {
  const name = typeName(given)
  const first = given.normalize('NFC').match(/[\p{ID_Start}$]/u)?.[0] ?? ''
  if (first !== first.toUpperCase()) return name.replace(first.toUpperCase(), first)
  return name.replace(/^\p{Lu}+(?=\p{Lu}\p{Ll})|^\p{Lu}+/u, (capitals) => capitals.toLowerCase())
}

/** A name for an operation that the document gives none: of method and path alone, so that nothing else changes it. */
export function pathName(method: string, path: string): string {
  const segments = path.split('/').filter((segment) => segment !== '')
  const words = segments.map((segment) => segment.replace(/\{([^{}]*)\}/g, ' by $1 '))
  return functionName(`${method.toLowerCase()} ${words.join(' ') || 'root'}`)
}

function capitalise(word: string): string {
  // A capital may be younger than its letter: that of U+019B is of Unicode 16.
  const capital = word.charAt(0).toUpperCase()
  return nameableCharacter.test(capital) ? capital + word.slice(1) : word
}

/** An identifier cannot begin with a digit or a combining mark. */
function startSafely(name: string): string {
  return /^[\p{ID_Start}$]/u.test(name) ? name : `_${name}`
}
