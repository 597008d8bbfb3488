import { ProtocolError } from '../errors/protocol.ts'
import { printable } from '../lib/printable.ts'
import type { Notice } from './notice.ts'
import { compareScopes } from './scope.ts'
import type { JudgedTokens } from './token-response.ts'
import type { TokenSet } from './token-set.ts'

/**
 * Joins the tokens of a refresh to those before: what the answer leaves out stays. The claims of a new
 * id_token are held against the old one's elsewhere.
 *
 * A wider scope than before is reported and kept as granted: grants grow at some servers, and the tokens are all
 * that is left of the grant once the refresh token is used up.
 *
 * @param judged the answer, judged with the scope that was sent or else that of the tokens before
 * @throws ProtocolError `refresh_mismatch` for another issuer
 * @see RFC 6749 6, OpenID Connect Core 12.2
 */
export function continueTokenSet(previous: TokenSet, judged: JudgedTokens): JudgedTokens {
  const { tokens } = judged
  if (tokens.issuer !== previous.issuer) {
    // RFC 6749 10.4: a refresh token is only ever sent to the issuer that it came from.
    throw new ProtocolError('refresh_mismatch', `the refreshed tokens come from "${printable(tokens.issuer)}"`, {
      clause: 'RFC 6749 10.4',
      expected: previous.issuer,
      actual: printable(tokens.issuer),
    })
  }
  const widening = noticeWidening(previous.scope, tokens.scope)
  const refreshToken = tokens.refreshToken ?? previous.refreshToken
  // OpenID Connect Core 12.2: a refresh may bring no id_token; the old one still serves as a hint at logout.
  const idToken = tokens.idToken ?? previous.idToken
  const resource = tokens.resource ?? previous.resource
  const authorizationDetails = tokens.authorizationDetails ?? previous.authorizationDetails
  return {
    tokens: {
      ...tokens,
      ...(refreshToken === undefined ? {} : { refreshToken }),
      ...(idToken === undefined ? {} : { idToken }),
      ...(resource === undefined ? {} : { resource }),
      ...(authorizationDetails === undefined ? {} : { authorizationDetails }),
    },
    // The judge of the answer has said it already where the request named the whole grant.
    notices: widening ? [...judged.notices.filter(({ code }) => code !== widening.code), widening] : judged.notices,
  }
}

function noticeWidening(granted: string, actual: string): Notice | undefined {
  // A grant whose scope the server never told cannot be exceeded.
  if (granted === '') return undefined
  const { added } = compareScopes(granted, actual)
  if (added.length === 0) return undefined
  // RFC 6749 6: nothing that was not originally granted by the resource owner.
  const message = `the refreshed token has scopes that were not granted before: ${printable(added.join(' '))}`
  return { code: 'scope_widened', message, clause: 'RFC 6749 6', expected: granted, actual: printable(actual) }
}
