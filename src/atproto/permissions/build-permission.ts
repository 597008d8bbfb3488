import { assertKnownOptions, assertOptions } from '../../lib/options.ts'
import { toPermission } from './parse-permission.ts'
import { assertPermissionValues, resourceRules } from './permission-rules.ts'
import { formatPermissionSyntax } from './permission-syntax.ts'
import type {
  AccountAction,
  AccountAttribute,
  AccountPermission,
  BlobPermission,
  IdentityAttribute,
  IdentityPermission,
  IncludePermission,
  Permission,
  PermissionResource,
  RepoAction,
  RepoPermission,
  RpcPermission,
} from './permission-types.ts'

/** @throws AtprotoError `invalid_permission` */
export function accountPermission(options: {
  readonly attr: AccountAttribute
  /** @default 'read' */
  readonly action?: AccountAction
}): AccountPermission {
  return build('account', options, ['attr', 'action'], ({ attr, action }) => ({ attr, action })) as AccountPermission
}

/** @throws AtprotoError `invalid_permission` */
export function blobPermission(options: { readonly accept: string | readonly string[] }): BlobPermission {
  return build('blob', options, ['accept'], ({ accept }) => ({ accept })) as BlobPermission
}

/** @throws AtprotoError `invalid_permission` */
export function identityPermission(options: { readonly attr: IdentityAttribute }): IdentityPermission {
  return build('identity', options, ['attr'], ({ attr }) => ({ attr })) as IdentityPermission
}

/** @throws AtprotoError `invalid_permission` */
export function includePermission(options: { readonly nsid: string; readonly aud?: string }): IncludePermission {
  return build('include', options, ['nsid', 'aud'], ({ nsid, aud }) => ({ nsid, aud })) as IncludePermission
}

/** @throws AtprotoError `invalid_permission` */
export function repoPermission(options: {
  readonly collections: string | readonly string[]
  /** @default all three */
  readonly actions?: RepoAction | readonly RepoAction[]
}): RepoPermission {
  const names = ['collections', 'actions']
  return build('repo', options, names, ({ collections, actions }) => ({
    collection: collections,
    action: actions,
  })) as RepoPermission
}

/**
 * Exactly one of `aud` and `inheritAud`; not every method of every service.
 *
 * @throws AtprotoError `invalid_permission`
 */
export function rpcPermission(options: {
  readonly lxm: string | readonly string[]
  readonly aud?: string
  readonly inheritAud?: boolean
}): RpcPermission {
  const names = ['lxm', 'aud', 'inheritAud']
  return build('rpc', options, names, ({ lxm, aud, inheritAud }) => ({
    aud,
    inheritAud: inheritAud === true ? 'true' : undefined,
    lxm,
  })) as RpcPermission
}

type Given = string | readonly string[] | undefined

function build<Options extends object>(
  resource: PermissionResource,
  options: Options,
  names: readonly string[],
  read: (options: Options) => Readonly<Record<string, Given>>,
): Permission {
  const caller = `${resource}Permission`
  assertOptions(caller, options)
  assertKnownOptions(caller, options, names)
  const given = Object.entries(read(options)).filter(([, value]) => value !== undefined)
  const values = Object.fromEntries(
    given.map(([name, value]) => [name, typeof value === 'string' ? [value] : [...value!]]),
  )
  assertPermissionValues(resource, values)
  return toPermission(resource, values, textOf(resource, values))
}

/** One value stands behind the colon; several are parameters. All others follow in the order of the rules. */
function textOf(resource: PermissionResource, values: Readonly<Record<string, readonly string[]>>): string {
  const { positional: name, parameters } = resourceRules[resource]
  const isPositional = values[name]?.length === 1
  const rest = parameters.filter((rule) => !(isPositional && rule.name === name))
  return formatPermissionSyntax({
    resource,
    ...(isPositional && { positional: values[name]![0]! }),
    parameters: rest.flatMap((rule) => (values[rule.name] ?? []).map((value) => [rule.name, value] as const)),
  })
}
