import { AtprotoError } from '../../errors/atproto.ts'
import { jsonType, printable } from '../../lib/printable.ts'
import { isLoopbackHost } from '../../protocol/url-rules.ts'
import { isDid } from '../did.ts'
import { isHandle } from './handle.ts'

const clause = 'AT Protocol DID, "AT Protocol DID Identifier Syntax"'

export interface DidRules {
  /** did:web with a port, for `localhost`: development. @default false */
  readonly allowLoopbackHttp?: boolean
}

/** A DID of one of the two methods that the AT Protocol knows, with what its document is looked up by. */
export type Did =
  | { readonly method: 'plc'; readonly did: string }
  /** The host, and in development the port. */
  | { readonly method: 'web'; readonly did: string; readonly host: string }

/**
 * Reads a DID.
 *
 * @throws AtprotoError `invalid_did` for what is no DID, `invalid_did_type` for one that no account can have
 * @see AT Protocol DID, "Blessed DID Methods"
 */
export function parseDid(text: unknown, rules: DidRules = {}): Did {
  if (!isDid(text)) {
    const actual = typeof text === 'string' ? printable(text) : jsonType(text)
    throw new AtprotoError('invalid_did', `"${actual}" is no DID`, { clause, expected: 'a DID', actual })
  }
  const [, method, ...rest] = text.split(':')
  const identifier = rest.join(':')
  if (method === 'plc') {
    // did:plc "Identifier Syntax": 24 characters of base32, lower case.
    if (/^[a-z2-7]{24}$/.test(identifier)) return { method, did: text }
    throw wrong(text, 'did:plc: and 24 characters of a to z and 2 to 7', 'invalid_did')
  }
  if (method !== 'web') throw wrong(text, 'did:plc or did:web', 'invalid_did_type')
  // No paths: only a whole host can be an account.
  if (identifier.includes(':')) throw wrong(text, 'did:web of a host, without a path', 'invalid_did_type')
  const host = hostOf(identifier, rules.allowLoopbackHttp ?? false)
  if (host === undefined) throw wrong(text, 'did:web of a domain name, without a port', 'invalid_did_type')
  return { method, did: text, host }
}

function hostOf(identifier: string, allowLoopbackHttp: boolean): string | undefined {
  // "The same restrictions on top-level domains that apply to handles", and to their form.
  if (isHandle(identifier.toLowerCase())) return identifier.toLowerCase()
  const decoded = identifier.replace(/%3a/i, ':')
  if (!allowLoopbackHttp || !/^[\w.-]+(?::\d{1,5})?$/.test(decoded) || !URL.canParse(`http://${decoded}`))
    return undefined
  return isLoopbackHost(new URL(`http://${decoded}`).hostname) ? decoded : undefined
}

function wrong(text: string, expected: string, code: 'invalid_did' | 'invalid_did_type'): AtprotoError {
  const actual = printable(text)
  return new AtprotoError(code, `"${actual}" can be no account's DID; expected ${expected}`, {
    clause,
    expected,
    actual,
  })
}
