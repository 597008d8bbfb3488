import type { RecordChange } from '../lib/record-store.ts'
import { type AuthorizedTokensInput, mintAuthorizedTokens } from './authorized-tokens.ts'
import { bindingOf, createFamily, logoutAddresses } from './families.ts'
import type { GrantContext, PreparedGrant } from './grant.ts'
import type { FamilyRecord } from './records.ts'
import { createRefreshToken, mayIssueRefreshToken } from './refresh-issue.ts'

/**
 * The first tokens of an authorization: access token, id_token where openid was granted, refresh token where
 * policy says so, all in a family of their own.
 *
 * @param consume the changes that use the grant up; what they mark is kept as long as the family, whose record is given
 */
export async function prepareFirstTokens(
  context: GrantContext,
  input: AuthorizedTokensInput,
  consume: (family: FamilyRecord) => readonly RecordChange[],
): Promise<PreparedGrant> {
  const { config, client, constraint } = context
  const { authorization, family } = input
  const tokens = await mintAuthorizedTokens(context, input)
  const hasRefreshToken = await mayIssueRefreshToken(context, tokens.policy)
  const binding = bindingOf(client, constraint.cnf)
  const logout = tokens.hasIdToken ? logoutAddresses(config, client, authorization) : undefined
  const frozen = { authorization, ...(binding && { binding }), ...(logout && { logout }) }
  const { record, change } = createFamily(config, family, frozen, hasRefreshToken)
  const refresh = hasRefreshToken ? await createRefreshToken(context, family, record) : undefined
  return {
    response: refresh ? { ...tokens.response, refresh_token: refresh.secret.text } : tokens.response,
    plan: {
      claims: constraint.claims,
      changes: [...consume(record), change, ...tokens.changes, ...(refresh ? [refresh.change] : [])],
    },
    subject: authorization.subject,
    scope: tokens.scope.join(' '),
    events: refresh ? ['token_issued', 'refresh_issued'] : ['token_issued'],
  }
}
