import { ProtocolError } from '../errors/protocol.ts'
import { jsonType } from '../lib/printable.ts'

/** Claims about the user, by their registered names. */
export interface UserInfoClaims {
  readonly sub: string
  readonly [claim: string]: unknown
}

/**
 * Judges a userinfo response in plain JSON.
 *
 * @param body the parsed JSON; what is known of its other claims stays known
 * @param subject the `sub` of the verified id_token
 * @throws ProtocolError `invalid_userinfo_response`, `userinfo_subject_mismatch`
 * @see OpenID Connect Core 5.3.2, 5.3.4
 */
export function judgeUserInfoResponse<Body>(body: Body, subject: string): Body & UserInfoClaims {
  if (typeof subject !== 'string' || subject === '') {
    throw new TypeError('"subject" must be the "sub" of the verified id_token (OpenID Connect Core 5.3.2)')
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw refuse('the userinfo response', 'JSON object', jsonType(body))
  }
  const { sub } = body as Record<string, unknown>
  // OpenID Connect Core 5.3.2: sub must always be returned. 2: 1 to 255 ASCII characters.
  if (typeof sub !== 'string' || !/^[\x00-\x7f]{1,255}$/.test(sub)) {
    const actual = typeof sub === 'string' ? 'a string of another form' : jsonType(sub)
    throw refuse('"sub" of the userinfo response', '1 to 255 ASCII characters', actual)
  }
  // OpenID Connect Core 5.3.2: if they do not match exactly, the values must not be used (token substitution, 5.3.4).
  if (sub !== subject) {
    throw new ProtocolError(
      'userinfo_subject_mismatch',
      'the userinfo response is about another user than the id_token',
      {
        clause: 'OpenID Connect Core 5.3.2',
        // Whoever reads a log learns that they differ, and not who the two are.
        expected: 'the sub of the id_token',
        actual: 'another',
      },
    )
  }
  return body as Body & UserInfoClaims
}

function refuse(what: string, expected: string, actual: string): ProtocolError {
  return new ProtocolError('invalid_userinfo_response', `${what} must be ${expected}; it is ${actual}`, {
    clause: 'OpenID Connect Core 5.3.2',
    expected,
    actual,
  })
}
