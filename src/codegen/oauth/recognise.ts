import type { Diagnostics } from '../diagnostics.ts'
import { isUrlEncoded } from '../media-types.ts'
import type { OperationSpec, Spec } from '../spec.ts'
import { evidenceFor } from './evidence.ts'
import { type OAuthRole, oauthRoles } from './roles.ts'

/** By `METHOD /path` or operationId: the metadata field that holds its URL, or `false` for no OAuth operation. */
export type OAuthAssignments = Readonly<Record<string, string | false>>

/** An operation that is bound to the security layer. */
export interface OAuthBinding {
  /** `METHOD /path`. */
  readonly operation: string
  readonly field: string
  /** Who says so: the document's extension, the configuration, or its own looks. */
  readonly by: 'extension' | 'configuration' | 'recognition'
}

/**
 * Finds the operations of an authorization server and binds them: the discovered URL wins over the path, the client
 * proves itself, the browser is sent to a URL that is only built. What the document says by `x-oauth-metadata-field`
 * and what the configuration says is taken as it is; `false` switches all recognition off.
 */
export function bindOAuth(
  spec: Spec,
  assignments: OAuthAssignments | false,
  diagnostics: Diagnostics,
): { readonly spec: Spec; readonly bindings: readonly OAuthBinding[] } {
  const bindings = new Map<OperationSpec, OAuthBinding>()
  const settled = new Set<OperationSpec>()
  for (const operation of spec.operations) {
    const assigned = assignments === false ? undefined : assignmentFor(operation, assignments)
    const field = assigned ?? operation.metadataField
    if (assigned !== undefined || operation.metadataField !== undefined) settled.add(operation)
    if (typeof field !== 'string') continue
    const by = assigned === undefined ? 'extension' : 'configuration'
    bindings.set(operation, { operation: operation.key, field, by })
  }
  if (assignments !== false) {
    warnOfStrangers(spec, assignments, diagnostics)
    for (const role of oauthRoles) recogniseRole(role, spec, settled, bindings, diagnostics)
  }
  const operations = spec.operations.map((operation) =>
    bind(operation, bindings.get(operation), settled.has(operation)),
  )
  return { spec: { ...spec, operations }, bindings: [...bindings.values()] }
}

function assignmentFor({ key, operationId }: OperationSpec, assignments: OAuthAssignments): string | false | undefined {
  for (const name of [key, operationId]) {
    if (name !== undefined && Object.hasOwn(assignments, name)) return assignments[name]
  }
  return undefined
}

function warnOfStrangers({ operations }: Spec, assignments: OAuthAssignments, diagnostics: Diagnostics): void {
  for (const name of Object.keys(assignments)) {
    if (operations.some(({ key, operationId }) => key === name || operationId === name)) continue
    const advice = 'name an operation as its method and path, such as "POST /token", or by its operationId'
    diagnostics.warn('nothing_selected', undefined, `oauth: the document has no operation "${name}"`, advice)
  }
}

function recogniseRole(
  role: OAuthRole,
  spec: Spec,
  settled: ReadonlySet<OperationSpec>,
  bindings: Map<OperationSpec, OAuthBinding>,
  diagnostics: Diagnostics,
): void {
  const { field } = role
  if ([...bindings.values()].some((binding) => binding.field === field)) return
  const schemeUrls = spec.schemeUrls.get(field) ?? []
  const found = spec.operations
    .filter((operation) => !settled.has(operation) && !bindings.has(operation))
    .map((operation) => ({ operation, evidence: evidenceFor(role, operation, spec.schemas, schemeUrls) }))
  const best = Math.max(0, ...found.map(({ evidence }) => evidence))
  const likeliest = found.filter(({ evidence }) => evidence === best && best > 0).map(({ operation }) => operation)
  if (new Set(likeliest.map(({ path }) => path)).size > 1) {
    const keys = likeliest.map(({ key }) => key)
    diagnostics.warn(
      'oauth_ambiguous',
      likeliest[0]!.node,
      `each of ${keys.join(', ')} could be the ${field}; none is bound`,
      `say which it is in the configuration: oauth: { '${keys[0]}': '${field}' }`,
    )
    return
  }
  for (const operation of likeliest) bindings.set(operation, { operation: operation.key, field, by: 'recognition' })
}

function bind(operation: OperationSpec, binding: OAuthBinding | undefined, isSettled: boolean): OperationSpec {
  if (!binding) {
    const { metadataField: _, ...rest } = operation
    // The configuration says that it is none.
    return isSettled ? rest : operation
  }
  if (binding.by === 'extension') return operation
  const binds: OAuthRole['binds'] = oauthRoles.find(({ field }) => field === binding.field)?.binds ?? {}
  // RFC 6749 2.3.1, RFC 7521 4.2: a client proves itself in a form.
  const isForm = operation.body?.content.some(({ mediaType }) => isUrlEncoded(mediaType))
  const { accessToken, ...rest } = operation
  // Where tokens come from none is asked for; where they are judged, one may be (RFC 7662 2.1).
  const mayCarry = !['token_endpoint', 'pushed_authorization_request_endpoint'].includes(binding.field)
  return {
    ...rest,
    ...(accessToken && mayCarry ? { accessToken } : {}),
    metadataField: binding.field,
    metadataFallback: true,
    // Optional, because a document that does not say who proves what to whom may let the caller do so in the body.
    ...(binds.clientAuth && isForm && operation.clientAuth === undefined ? { clientAuth: 'optional' } : {}),
    ...(binds.accessToken && operation.accessToken === undefined ? { accessToken: 'optional' } : {}),
    ...(binds.userAgent ? { userAgent: operation.userAgent ?? 'redirect' } : {}),
  }
}
