import { andThen, type MaybePromise } from '../lib/maybe-promise.ts'
import { isScope, splitScope } from '../protocol/scope.ts'
import type { PolicyContext, TokenEndpointConfig } from './config.ts'
import type { GrantContext } from './grant.ts'
import { callHost, hostList, Refusal } from './refusal.ts'

/** Characters: it goes into the token, which must stay one that can be read again. */
const mostScopeLength = 4_096

/** A scope as it was asked for; `undefined` where none was. @throws Refusal invalid_scope */
export function readScope(config: TokenEndpointConfig, scope: string | undefined): readonly string[] | undefined {
  if (scope === undefined) return undefined
  if (scope.length > mostScopeLength || !isScope(scope)) throw refuseScope('malformed scope')
  const asked = splitScope(scope)
  if (asked.length === 0) return undefined
  if (config.scopes && asked.some((one) => !config.scopes!.includes(one))) throw refuseScope('unknown scope')
  return asked
}

/** What was asked for, all of which must be within the ceiling; the ceiling itself where nothing was. */
export function narrowScope(asked: readonly string[] | undefined, ceiling: readonly string[]): readonly string[] {
  if (!asked) return ceiling
  if (asked.some((one) => !ceiling.includes(one))) throw refuseScope('scope beyond the grant')
  return asked
}

/** What a grant is about to be given. */
type PolicySubject = Pick<PolicyContext, 'subject' | 'principal' | 'scope' | 'audience'>

/**
 * What the callbacks of the host are told, its decision on the scope first: held against what was asked for, it may
 * narrow and never widen, and cannot put another scope in the place of the requested ones.
 */
export function applyScopePolicy(
  { config: { authorizeScope }, client, grantType }: GrantContext,
  about: PolicySubject,
): MaybePromise<PolicyContext> {
  const asked = policyContext({ client, grantType }, about)
  if (!authorizeScope) return asked
  return andThen(
    callHost('authorizeScope', () => authorizeScope(asked)),
    (answer) => {
      const allowed = hostList('authorizeScope', answer)
      const scope = asked.scope.filter((one) => allowed.includes(one))
      if (scope.length === 0 && asked.scope.length > 0) throw refuseScope('scope policy granted nothing')
      return policyContext({ client, grantType }, { ...about, scope })
    },
  )
}

function policyContext(
  { client, grantType }: Pick<GrantContext, 'client' | 'grantType'>,
  about: PolicySubject,
): PolicyContext {
  return Object.freeze({ clientId: client.clientId, client: client.client, grantType, ...about })
}

export function refuseScope(reason: string): Refusal {
  return new Refusal('invalid_scope', 'the scope is invalid, unknown, malformed, or beyond the grant', { reason })
}
