import { AtprotoError } from '../../errors/atproto.ts'
import { printable } from '../../lib/printable.ts'
import {
  assertPermissionValues,
  isPermissionResource,
  type PermissionValues,
  repoActions,
  resourceRules,
} from './permission-rules.ts'
import { parsePermissionSyntax, permissionClause } from './permission-syntax.ts'
import type {
  AccountAction,
  AccountAttribute,
  IdentityAttribute,
  Permission,
  PermissionResource,
  RepoAction,
} from './permission-types.ts'

/**
 * Reads a permission of a scope. `text` of what comes is the text that was given, to the letter, whichever of several
 * spellings it has.
 *
 * @throws AtprotoError `invalid_permission`, `missing_positional_or_parameters`
 * @see AT Protocol Permission, "Scope String Syntax"
 * @example
 * parsePermission('repo:app.bsky.feed.post?action=create') // { resource: 'repo', collections: [..], actions: ['create'], .. }
 */
export function parsePermission(text: string): Permission {
  if (typeof text !== 'string') throw new TypeError('parsePermission: "text" must be a string')
  const { resource, positional, parameters } = parsePermissionSyntax(text)
  if (!isPermissionResource(resource)) {
    const expected = Object.keys(resourceRules).join(', ')
    const message = `"${printable(resource)}" is no resource of a permission; expected ${expected}`
    throw new AtprotoError('invalid_permission', message, {
      clause: permissionClause,
      expected,
      actual: printable(resource),
    })
  }
  const values: Record<string, string[]> = Object.create(null) as Record<string, string[]>
  if (positional !== undefined) values[resourceRules[resource].positional] = [positional]
  for (const [name, value] of parameters) {
    // Not joined to it: which of the two a server counts is not ours to guess.
    if (positional !== undefined && name === resourceRules[resource].positional) throw twice(name, text)
    values[name] = [...(values[name] ?? []), value]
  }
  assertPermissionValues(resource, values)
  return toPermission(resource, values, text)
}

/** Values that were judged, in the terms of their resource. */
export function toPermission(resource: PermissionResource, values: PermissionValues, text: string): Permission {
  const first = (name: string) => values[name]?.[0]
  switch (resource) {
    case 'account':
      return freeze({
        resource,
        attr: first('attr') as AccountAttribute,
        action: (first('action') ?? 'read') as AccountAction,
        text,
      })
    case 'blob':
      return freeze({ resource, accept: values.accept!, text })
    case 'identity':
      return freeze({ resource, attr: first('attr') as IdentityAttribute, text })
    case 'include': {
      const aud = first('aud')
      return freeze({ resource, nsid: first('nsid')!, ...(aud !== undefined && { aud }), text })
    }
    case 'repo':
      return freeze({
        resource,
        collections: values.collection!,
        actions: (values.action ?? repoActions) as readonly RepoAction[],
        text,
      })
    case 'rpc': {
      const aud = first('aud')
      return freeze({
        resource,
        lxm: values.lxm!,
        ...(aud === undefined ? { inheritAud: true as const } : { aud }),
        text,
      })
    }
  }
}

function freeze<P extends Permission>(permission: P): P {
  for (const value of Object.values(permission)) if (Array.isArray(value)) Object.freeze(value)
  return Object.freeze(permission)
}

function twice(name: string, text: string): AtprotoError {
  const expected = 'one of the two places'
  const message = `"${printable(text)}" has "${name}" both behind the colon and as a parameter; expected ${expected}`
  return new AtprotoError('invalid_permission', message, { clause: permissionClause, expected, actual: 'both' })
}
