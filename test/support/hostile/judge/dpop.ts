import { createHash, createPublicKey, type JsonWebKey, verify } from 'node:crypto'
import { type Answer, errorAnswer, jsonAnswer } from '../answer.ts'
import type { JsonObject } from '../patch.ts'
import { blame, type DpopRole, expectUnused, type ProviderState, type RecordedRequest, token } from '../state.ts'

export interface ProofExpectation {
  readonly role: DpopRole
  /** The token that comes with it, at a resource. */
  readonly accessToken?: string
  /** The key that the token or the login is bound to. */
  readonly jkt?: string
}

export type ProofVerdict =
  | { readonly kind: 'proven'; readonly jkt: string }
  | { readonly kind: 'refused'; readonly answer: Answer }

/** Judges a proof by RFC 9449 4.3, then its nonce by 8 and 9, where the provider may misbehave. */
export function judgeProof(
  state: ProviderState,
  request: RecordedRequest,
  expectation: ProofExpectation,
): ProofVerdict {
  const proof = readProof(state, request)
  if (!proof) return { kind: 'refused', answer: demand(state, expectation.role, 'invalid_dpop_proof') }
  judgeClaims(state, request, proof.claims, expectation.accessToken)
  if (expectation.jkt && expectation.jkt !== proof.jkt)
    blame(state, 'RFC 9449 7', 'proof by another key than the token')
  if (wantsNonce(state, expectation.role, proof.claims.nonce)) {
    return { kind: 'refused', answer: demand(state, expectation.role, 'use_dpop_nonce') }
  }
  return { kind: 'proven', jkt: proof.jkt }
}

function readProof(
  state: ProviderState,
  { headers }: RecordedRequest,
): { claims: JsonObject; jkt: string } | undefined {
  const text = headers.dpop
  if (typeof text !== 'string' || text.includes(',')) {
    blame(state, 'RFC 9449 4.3 item 1', 'no proof, or more than one')
    return undefined
  }
  const [head = '', body = '', signature = ''] = text.split('.')
  const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as {
    typ?: string
    alg?: string
    jwk?: JsonWebKey
  }
  if (header.typ !== 'dpop+jwt') blame(state, 'RFC 9449 4.3 item 4', `typ of the proof is ${header.typ}`)
  const { jwk } = header
  if (!jwk || jwk.d !== undefined || jwk.kty === 'oct') {
    blame(state, 'RFC 9449 4.3 item 7', 'the proof has no public key, or a private one')
    return undefined
  }
  const key = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' } as const
  const hash = header.alg === 'EdDSA' || header.alg === 'Ed25519' ? null : 'sha256'
  if (!verify(hash, Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'))) {
    blame(state, 'RFC 9449 4.3 item 6', 'the proof is not signed by its key')
  }
  return { claims: JSON.parse(Buffer.from(body, 'base64url').toString()) as JsonObject, jkt: thumbprint(jwk) }
}

function judgeClaims(state: ProviderState, request: RecordedRequest, claims: JsonObject, accessToken?: string): void {
  const { url, method } = request
  if (claims.htm !== method) blame(state, 'RFC 9449 4.3 item 8', `htm is ${claims.htm} for a ${method}`)
  if (claims.htu !== url.origin + url.pathname) {
    blame(state, 'RFC 9449 4.3 item 9', `htu is ${claims.htu} at ${url.origin + url.pathname}`)
  }
  if (Math.abs(Number(claims.iat) - state.now() / 1000) > 60) blame(state, 'RFC 9449 4.3 item 11', 'iat is not now')
  const ath = accessToken === undefined ? undefined : createHash('sha256').update(accessToken).digest('base64url')
  if (claims.ath !== ath) {
    blame(
      state,
      'RFC 9449 4.3 item 12',
      ath ? 'proof without ath, or for another token' : 'ath where there is no token',
    )
  }
  const jti = String(claims.jti ?? '')
  if (jti.length < 16) blame(state, 'RFC 9449 4.2', 'jti of the proof can collide')
  expectUnused(state, 'proof jti', jti, 'RFC 9449 4.2')
}

function wantsNonce(state: ProviderState, role: DpopRole, nonce: unknown): boolean {
  const fault = faultFor(state, role)
  const current = state.nonces[role]
  if (fault?.rotate) state.nonces[role] = token('nonce')
  return fault?.endless === true || nonce !== current
}

function faultFor(state: ProviderState, role: DpopRole) {
  const fault = state.faults.dpop
  return fault && (fault.at ?? role) === role ? fault : undefined
}

/** The nonce that goes out with an answer (RFC 9449 8.2). */
export function nonceHeader(state: ProviderState, role: DpopRole): Record<string, string> {
  const fault = faultFor(state, role)
  if (fault?.nonce === null) return {}
  return { 'dpop-nonce': fault?.nonce ?? state.nonces[role] }
}

function demand(state: ProviderState, role: DpopRole, error: string): Answer {
  const nonce = nonceHeader(state, role)
  if (role === 'authorization server') return errorAnswer(400, error, nonce)
  // RFC 9449 9: a resource server says it in the challenge; the Bearer one before it must not mislead.
  const challenge = `Bearer realm="a, b", DPoP error="${error}", error_description="say it \\"again\\"", algs="ES256"`
  return jsonAnswer(401, {}, { ...nonce, 'www-authenticate': challenge })
}

/** RFC 7638, for the key types that a proof may have. */
function thumbprint(jwk: JsonWebKey): string {
  const members =
    { EC: ['crv', 'kty', 'x', 'y'], OKP: ['crv', 'kty', 'x'], RSA: ['e', 'kty', 'n'] }[jwk.kty ?? ''] ?? []
  const required = Object.fromEntries(members.map((name) => [name, jwk[name]]))
  return createHash('sha256').update(JSON.stringify(required)).digest('base64url')
}
