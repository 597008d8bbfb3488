import { AtprotoError } from '../../errors/atproto.ts'
import { printable } from '../../lib/printable.ts'
import { isDid } from '../did.ts'
import { isNsid } from '../nsid.ts'
import { permissionClause } from './permission-syntax.ts'
import type { PermissionResource, RepoAction } from './permission-types.ts'

/** What one parameter of a resource may be. */
export interface ParameterRule {
  readonly name: string
  /** Whether it may come several times. */
  readonly many: boolean
  readonly expected: string
  readonly fits: (value: string) => boolean
}

interface ResourceRule {
  /** The one that may stand behind the colon, where it has one value. */
  readonly positional: string
  /** In the order of the canonical text. */
  readonly parameters: readonly ParameterRule[]
}

export const repoActions: readonly RepoAction[] = ['create', 'update', 'delete']

const oneOf = (name: string, values: readonly string[], many = false): ParameterRule => ({
  name,
  many,
  expected: values.join(' or '),
  fits: (value) => values.includes(value),
})

const isNsidOrAll = (value: string) => value === '*' || isNsid(value)
/** RFC 6838 4.2, or a range of them as in Accept (RFC 9110 12.5.1). */
const isMediaRange = (value: string) =>
  /^(?:\*\/\*|[a-z\d][\w!#$&^.+-]{0,126}\/(?:\*|[a-z\d][\w!#$&^.+-]{0,126}))$/i.test(value)

/** A DID with the fragment of one of its services: `did:web:api.example#appview`. */
function isServiceReference(value: string): boolean {
  const [did, fragment, ...rest] = value.split('#')
  return isDid(did) && rest.length === 0 && fragment !== undefined && /^[\w.~-]+$/.test(fragment)
}

/** @see AT Protocol Permission, "Resource Types" */
export const resourceRules: Readonly<Record<PermissionResource, ResourceRule>> = {
  account: { positional: 'attr', parameters: [oneOf('attr', ['email', 'repo']), oneOf('action', ['read', 'manage'])] },
  blob: {
    positional: 'accept',
    parameters: [
      { name: 'accept', many: true, expected: 'a media type, or a range such as image/*', fits: isMediaRange },
    ],
  },
  identity: { positional: 'attr', parameters: [oneOf('attr', ['handle', '*'])] },
  include: {
    positional: 'nsid',
    parameters: [
      { name: 'nsid', many: false, expected: 'an NSID', fits: isNsid },
      { name: 'aud', many: false, expected: 'a DID with a fragment', fits: isServiceReference },
    ],
  },
  repo: {
    positional: 'collection',
    parameters: [
      { name: 'collection', many: true, expected: 'an NSID or *', fits: isNsidOrAll },
      oneOf('action', repoActions, true),
    ],
  },
  rpc: {
    positional: 'lxm',
    parameters: [
      {
        name: 'aud',
        many: false,
        expected: 'a DID with a fragment, or *',
        fits: (value) => value === '*' || isServiceReference(value),
      },
      oneOf('inheritAud', ['true']),
      { name: 'lxm', many: true, expected: 'an NSID or *', fits: isNsidOrAll },
    ],
  },
}

export function isPermissionResource(name: string): name is PermissionResource {
  return Object.hasOwn(resourceRules, name)
}

/** The values of each parameter of a resource, by its name. */
export type PermissionValues = Readonly<Record<string, readonly string[]>>

/**
 * Holds values against the rules of their resource, whether they were read or are to be written.
 *
 * @throws AtprotoError `invalid_permission`
 */
export function assertPermissionValues(resource: PermissionResource, values: PermissionValues): void {
  const { parameters, positional } = resourceRules[resource]
  for (const [name, list] of Object.entries(values)) {
    const rule = parameters.find((one) => one.name === name)
    if (!rule) throw refuse(`${resource} has no "${name}"`, parameters.map((one) => one.name).join(', '), name)
    if (list.length === 0) throw refuse(`"${name}" of ${resource} is empty`, rule.expected, 'an empty list')
    if (list.length > 1 && !rule.many) throw refuse(`"${name}" of ${resource} comes several times`, 'one', list.length)
    const wrong = list.find((value) => typeof value !== 'string' || !rule.fits(value))
    if (wrong !== undefined)
      throw refuse(`"${name}" of ${resource} is "${printable(String(wrong))}"`, rule.expected, wrong)
    if (new Set(list).size < list.length) throw refuse(`"${name}" of ${resource} repeats itself`, 'each once', 'twice')
  }
  if (values[positional] === undefined) throw refuse(`${resource} has no "${positional}"`, `"${positional}"`, 'absent')
  if (resource === 'rpc') assertAudience(values)
}

/** Who is called must be said, and somebody who may be anybody may not be asked everything. */
function assertAudience({ aud, inheritAud, lxm }: PermissionValues): void {
  if ((aud === undefined) === (inheritAud === undefined)) {
    throw refuse('rpc must say who is called', 'exactly one of "aud" and "inheritAud"', aud ? 'both' : 'neither')
  }
  if (aud?.includes('*') && lxm?.includes('*')) {
    throw refuse('rpc may not be any method of any service', 'a wildcard in "aud" or in "lxm" alone', 'in both')
  }
}

function refuse(what: string, expected: string, actual: unknown): AtprotoError {
  const shown = typeof actual === 'string' ? printable(actual) : actual
  return new AtprotoError('invalid_permission', `permission: ${what}; expected ${expected}`, {
    clause: permissionClause,
    expected,
    actual: shown,
  })
}
