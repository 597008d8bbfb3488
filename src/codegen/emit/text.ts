/** Characters that end a line, or change how one is read, without being seen: nowhere in the output. */
const unsafe =
  /[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069\uFEFF]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g

/** A string literal in single quotes. Nothing in `value` can end it or be seen as something else. */
export function stringLiteral(value: string): string {
  const escaped = value.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')
  return `'${escapeUnsafe(escaped)}'`
}

/** A literal for a pattern that is known to compile; `source` has its slashes and line ends escaped. */
export function regularExpression(pattern: string): string {
  return `/${escapeUnsafe(new RegExp(pattern, 'u').source)}/u`
}

function escapeUnsafe(text: string): string {
  return text.replace(unsafe, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** A property's name in a type: bare where it is an identifier. */
export function propertyKey(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : stringLiteral(name)
}

/** A property's name in an object: there `__proto__:` would set the prototype. */
export function valueKey(name: string): string {
  if (name === '__proto__') return "['__proto__']"
  return /^(0|[1-9]\d{0,8})$/.test(name) ? name : propertyKey(name)
}

/** A literal for a JSON value; undefined where it is not one. */
export function jsonLiteral(value: unknown): string | undefined {
  if (typeof value === 'string') return stringLiteral(value)
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number')
    return Number.isFinite(value) ? (Object.is(value, -0) ? '0' : String(value)) : undefined
  return undefined
}

export function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ')
}
