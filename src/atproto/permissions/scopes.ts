import { AtprotoError } from '../../errors/atproto.ts'
import { printable } from '../../lib/printable.ts'
import { splitScope } from '../../protocol/scope.ts'
import { parsePermission } from './parse-permission.ts'
import { isPermissionResource } from './permission-rules.ts'
import type { Permission } from './permission-types.ts'

/** One scope of a client or a grant, told apart. */
export type AtprotoScope =
  | { readonly kind: 'atproto' }
  /** From before permissions: `transition:generic`, `transition:email`, `transition:chat.bsky`. */
  | { readonly kind: 'transition'; readonly name: string }
  | { readonly kind: 'permission'; readonly permission: Permission }

/**
 * Reads the scope of a client, a login or a grant.
 *
 * @throws AtprotoError `invalid_permission`, `missing_positional_or_parameters`; also where `atproto` is missing
 * @see AT Protocol OAuth, "Authorization Scopes"
 */
export function parseScopes(scope: string | readonly string[]): readonly AtprotoScope[] {
  const texts = typeof scope === 'string' ? splitScope(scope) : [...new Set(scope)]
  if (!texts.includes('atproto')) throw missingAtproto()
  return texts.map(readScope)
}

/** A list of scopes or permissions with `atproto` before them, judged. @throws TypeError for what is no list */
export function withAtproto(scopes: readonly (string | Permission)[]): readonly string[] {
  // OAuth writes a scope as one text, which is what comes to mind.
  if (!Array.isArray(scopes)) throw new TypeError('"scopes" must be a list of scopes and permissions')
  const texts = scopes.map((scope) => (typeof scope === 'string' ? scope : scope.text))
  const all = [...new Set(['atproto', ...texts])]
  parseScopes(all)
  return all
}

function readScope(text: string): AtprotoScope {
  if (text === 'atproto') return { kind: 'atproto' }
  const [, name] = /^transition:([a-z][a-z\d.-]*)$/i.exec(text) ?? []
  if (name !== undefined) return { kind: 'transition', name }
  if (isPermissionResource(/^[^:?]*/.exec(text)![0])) return { kind: 'permission', permission: parsePermission(text) }
  const expected = 'atproto, transition:.. or a permission'
  throw new AtprotoError(
    'invalid_permission',
    `"${printable(text)}" is no scope of the AT Protocol; expected ${expected}`,
    {
      clause: 'AT Protocol OAuth, "Authorization Scopes"',
      expected,
      actual: printable(text),
    },
  )
}

function missingAtproto(): AtprotoError {
  return new AtprotoError('invalid_permission', 'the scope "atproto" is missing', {
    clause: 'AT Protocol OAuth, "Authorization Scopes"',
    expected: 'atproto',
    actual: 'absent',
  })
}
