import { AtprotoError } from '../../errors/atproto.ts'
import { printable } from '../../lib/printable.ts'

/** A permission as its text has it: `resource:positional?name=value&name=value`. */
export interface PermissionSyntax {
  readonly resource: string
  readonly positional?: string
  /** In their order. */
  readonly parameters: readonly (readonly [name: string, value: string])[]
}

export const permissionClause = 'AT Protocol Permission, "Scope String Syntax"'

/**
 * Takes a text apart; what it means is not looked at.
 *
 * @throws AtprotoError `invalid_permission`, `missing_positional_or_parameters`
 */
export function parsePermissionSyntax(text: string): PermissionSyntax {
  // RFC 6749 A.4: these alone can stand in a scope.
  if (!/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text)) throw malformed(text, 'the characters of a scope')
  const [, resource, positional, query] = /^([a-z][\w.-]*)(?::([^?]*))?(?:\?(.*))?$/i.exec(text) ?? []
  if (resource === undefined) throw malformed(text, 'resource:positional?name=value')
  if (!positional && !query) {
    const message = `the permission "${printable(text)}" says nothing of what it is for`
    const expected = 'something after the colon, or parameters'
    throw new AtprotoError('missing_positional_or_parameters', `${message}; expected ${expected}`, {
      clause: permissionClause,
      expected,
      actual: 'neither',
    })
  }
  if (positional === '') throw malformed(text, 'no colon with nothing behind it')
  // A question mark with nothing behind it is one of the specification's own examples.
  const parameters = (query ? query.split('&') : []).map((pair) => {
    const at = pair.indexOf('=')
    if (at < 1 || at === pair.length - 1) throw malformed(text, 'parameters as name=value')
    return [decode(pair.slice(0, at), text), decode(pair.slice(at + 1), text)] as const
  })
  return { resource, parameters, ...(positional !== undefined && { positional: decode(positional, text) }) }
}

/** The one canonical text. */
export function formatPermissionSyntax({ resource, positional, parameters }: PermissionSyntax): string {
  const query = parameters.map(([name, value]) => `${encodeValue(name)}=${encodeValue(value)}`).join('&')
  return resource + (positional === undefined ? '' : `:${encodeValue(positional)}`) + (query === '' ? '' : `?${query}`)
}

/** Percent-encoded but for RFC 3986's unreserved characters and `*`, `:` and `/`. */
function encodeValue(value: string): string {
  const encoded = encodeURIComponent(value).replace(/%(?:3A|2F)/g, (octet) => decodeURIComponent(octet))
  return encoded.replace(/[!'()]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}

function decode(value: string, text: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    throw malformed(text, 'percent signs followed by two hexadecimal digits, of UTF-8')
  }
}

function malformed(text: string, expected: string): AtprotoError {
  const actual = printable(text)
  return new AtprotoError('invalid_permission', `"${actual}" is no permission; expected ${expected}`, {
    clause: permissionClause,
    expected,
    actual,
  })
}
