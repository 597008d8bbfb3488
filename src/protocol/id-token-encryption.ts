import { ProtocolError } from '../errors/protocol.ts'
import type { MaybePromise } from '../lib/maybe-promise.ts'
import type { Decryptor, EncryptionExpectations } from './decryption.ts'
import type { IdTokenExpectations } from './id-token.ts'
import type { TokenChecks } from './token-checks.ts'

const clause = 'OIDC Core 3.1.3.7 item 1'

/**
 * The signed id_token inside an encrypted one. Where encryption was registered, a plain one is refused: somebody
 * who knows no key of the client has written it, or somebody has read it.
 *
 * @see OIDC Core 2, 3.1.3.7 item 1
 */
export function decryptIdToken(
  token: string,
  { idTokenEncryptedResponseAlg: alg, idTokenEncryptedResponseEnc: enc, decryptor }: IdTokenExpectations,
  checks: TokenChecks,
): MaybePromise<string> {
  if (alg !== undefined && decryptor) return openWith(decryptor, token, { alg, enc }, checks)
  checks.skip('encryption', clause, 'not registered')
  return token
}

async function openWith(
  decryptor: Decryptor,
  token: string,
  { alg, enc }: Pick<EncryptionExpectations, 'alg' | 'enc'>,
  checks: TokenChecks,
): Promise<string> {
  try {
    const inner = await decryptor.decrypt(token, { alg, enc, noun: 'id_token' })
    checks.expect(true, 'encryption', clause, alg, alg)
    return inner
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    // The decryptor says more of it than a check can: its message goes on, without the noun and the clause.
    const message = () => error.message.replace(/^id_token /, '').replace(` (${error.clause})`, '')
    checks.expect(false, 'encryption', error.clause, error.expected, error.actual, message)
    throw error
  }
}
