import type { TokenSet } from '../protocol/token-set.ts'
import type { ClientSettings } from './client-options.ts'

/**
 * The tokens with the id_token as the issuer has signed it, where it came encrypted. Only this client can open it, and
 * as a hint it goes back to the issuer: "the Client MUST decrypt the signed ID Token contained within the encrypted ID
 * Token".
 *
 * @param tokens with an id_token that was verified, and so decrypted before
 * @see OpenID Connect Core 3.1.2.1
 */
export async function withSignedIdToken({ frontChannel }: ClientSettings, tokens: TokenSet): Promise<TokenSet> {
  const { idTokenEncryptedResponseAlg: alg, idTokenEncryptedResponseEnc: enc, decryptor } = frontChannel.idToken
  if (tokens.idToken === undefined || alg === undefined || !decryptor) return tokens
  return { ...tokens, idToken: await decryptor.decrypt(tokens.idToken, { alg, enc, noun: 'id_token' }) }
}
