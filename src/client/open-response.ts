import { ProtocolError } from '../errors/protocol.ts'
import type { Issuer } from '../issuer/issuer.ts'
import { responseKeys } from '../issuer/response-jwt.ts'
import { type AuthorizationResponse, findResponseJwt, responseOfClaims } from '../protocol/authorization-response.ts'
import {
  parseAuthorizationResponseJwt,
  verifyAuthorizationResponseJwt,
} from '../protocol/authorization-response-jwt.ts'
import { isJarmMode } from '../protocol/response-mode.ts'
import type { Transaction } from '../protocol/transaction.ts'
import type { ClientSettings } from './client-options.ts'

/** An answer as it can be read before its login is known. */
export interface OpenedResponse {
  readonly response: AuthorizationResponse
  /** The signed JWT that it came in; it is not verified yet. */
  readonly jwt?: string
}

/**
 * Takes an answer out of its JWT, where it came in one. JARM 2.4 lets the state be read first: it finds the login,
 * and with it the server whose signature it must be.
 *
 * @throws ProtocolError `invalid_authorization_response`, `invalid_jwe`, `decryption_failed`
 */
export async function openResponse(
  { frontChannel }: ClientSettings,
  outer: AuthorizationResponse,
): Promise<OpenedResponse> {
  const token = findResponseJwt(outer)
  if (token === undefined) return { response: outer }
  const { encryption, decryptor } = frontChannel.response
  const noun = '"response" of the authorization response'
  const jwt = encryption && decryptor ? await decryptor.decrypt(token, { ...encryption, noun }) : token
  return { response: responseOfClaims(parseAuthorizationResponseJwt(jwt).claims, outer), jwt }
}

/**
 * Holds an answer against how it was asked for: in a JWT signed by this issuer, or in none.
 *
 * @throws ProtocolError `invalid_authorization_response`, `issuer_mismatch`
 * @see JARM 2.4
 */
export async function assertResponseForm(
  settings: ClientSettings,
  issuer: Issuer,
  { jwt }: OpenedResponse,
  { responseMode }: Transaction,
  init: { readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const wanted = isJarmMode(responseMode)
  if (wanted !== (jwt !== undefined)) throw wrongForm(wanted)
  if (jwt === undefined) return
  const { algorithm, clientSecret } = settings.frontChannel.response
  const metadata = await issuer.metadata.get(init)
  const rules = {
    issuer: issuer.issuer,
    clientId: issuer.clientId,
    algorithm,
    clientSecret,
    serverAlgorithms: metadata.authorization_signing_alg_values_supported,
    tolerance: settings.clockTolerance,
    now: issuer.runtime.now() / 1000,
  }
  await verifyAuthorizationResponseJwt(jwt, rules, responseKeys(issuer, init))
}

function wrongForm(wanted: boolean): ProtocolError {
  const [expected, actual] = wanted ? ['a signed one', 'plain'] : ['a plain one', 'a JWT']
  const message = `the authorization response is ${actual}; ${expected} was asked for`
  return new ProtocolError('invalid_authorization_response', message, { clause: 'JARM 2.3', expected, actual })
}
