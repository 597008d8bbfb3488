import type { Confirmation } from '../../generated/models.ts'
import type { MaybePromise } from '../lib/maybe-promise.ts'
import { epochSeconds } from '../lib/runtime.ts'
import { type DpopProof, verifyDpopProof } from '../protocol/dpop-proof-verification.ts'
import { readJwt } from '../protocol/jwt.ts'
import { requireThumbprint } from './certificate.ts'
import type { AuthenticatedClient, ReplayClaim } from './client.ts'
import { requiresDpop, requiresMtls } from './client-policies.ts'
import { replayKey } from './commit.ts'
import type { TokenEndpointConfig } from './config.ts'
import type { SenderConstraintKind } from './events.ts'
import { Refusal, refuseClient, refuseRequest } from './refusal.ts'
import type { ClientCertificate } from './request.ts'

/** What the sender has proven to hold, and what a token for it will be tied to. */
export interface SenderConstraint {
  readonly kind: SenderConstraintKind
  readonly cnf?: Confirmation
  /** RFC 8705 3: a certificate-bound token is of type Bearer. */
  readonly tokenType: 'Bearer' | 'DPoP'
  /** The proof's `jti`, claimed only in the commit: a bogus grant fills no replay store. */
  readonly claims: readonly ReplayClaim[]
}

export interface ConstraintInput {
  readonly dpop?: string | readonly string[] | undefined
  readonly certificate?: ClientCertificate | undefined
  readonly method: string
  readonly url: string
}

const unconstrained: SenderConstraint = Object.freeze({ kind: 'none', tokenType: 'Bearer', claims: [] })

/** Seconds that a proof's `iat` may be off, and that its `jti` is kept beyond the last moment it could be used. */
const proofTolerance = 60

/** What was attempted, for events, before anything is verified. */
export function attemptedConstraint(config: TokenEndpointConfig, input: ConstraintInput): SenderConstraintKind {
  if (config.dpop !== false && hasProof(input)) return 'dpop'
  return config.mtls && input.certificate ? 'mtls' : 'none'
}

/**
 * What the client requires cannot be met by another kind; else DPoP before mTLS before Bearer. A kind that is
 * switched off is ignored.
 *
 * @see RFC 9449 5; RFC 8705 3
 */
export function proveSenderConstraint(
  config: TokenEndpointConfig,
  input: ConstraintInput,
  { client }: Pick<AuthenticatedClient, 'client'>,
): MaybePromise<SenderConstraint> {
  const needsMtls = config.mtls && requiresMtls(config, client)
  const needsDpop = config.dpop !== false && (config.dpop.required || requiresDpop(config, client))
  if (needsDpop && !hasProof(input)) throw refuseRequest('missing DPoP proof')
  if (needsMtls && !input.certificate) throw refuseClient(config, 'missing client certificate', false)
  const proves = config.dpop !== false && hasProof(input)
  if (!proves && !(config.mtls && input.certificate)) return unconstrained
  return combineProofs(config, input, { proves, needsDpop, needsMtls })
}

async function combineProofs(
  config: TokenEndpointConfig,
  input: ConstraintInput,
  asked: { readonly proves: boolean; readonly needsDpop: boolean; readonly needsMtls: boolean },
): Promise<SenderConstraint> {
  const { proves, needsDpop, needsMtls } = asked
  const proof = proves ? await proveKey(config, input) : undefined
  if (proof && !needsMtls) return proof
  if (!config.mtls || !input.certificate) return proof ?? unconstrained
  const cnf = { 'x5t#S256': await requireThumbprint(input.certificate) }
  // A proof that came beside, and was not asked for, is used up all the same.
  if (proof && needsDpop) return { ...proof, cnf: { ...proof.cnf, ...cnf } }
  return { kind: 'mtls', cnf, tokenType: 'Bearer', claims: proof?.claims ?? [] }
}

/** A fresh nonce for the answer, where nonces are in use and the proof's is not the newest. */
export function nonceHeaders(
  { dpop }: TokenEndpointConfig,
  input: ConstraintInput,
): MaybePromise<Readonly<Record<string, string>>> {
  if (dpop === false || !dpop.nonces || !hasProof(input)) return {}
  return dpop.nonces.current().then((newest) => (usesNonce(input, newest) ? {} : { 'dpop-nonce': newest }))
}

/** Whether two confirmations name the same key or certificate; both absent is the same, too. */
export function isSameConfirmation(one: Confirmation | undefined, other: Confirmation | undefined): boolean {
  return one?.jkt === other?.jkt && one?.['x5t#S256'] === other?.['x5t#S256']
}

function hasProof({ dpop }: ConstraintInput): boolean {
  return dpop !== undefined && dpop.length > 0
}

async function proveKey(config: TokenEndpointConfig, input: ConstraintInput): Promise<SenderConstraint> {
  const proof = await verifyProof(config, input)
  return {
    kind: 'dpop',
    cnf: { jkt: proof.jkt },
    tokenType: 'DPoP',
    claims: [await proofClaim(proof)],
  }
}

/** The proof of a request, by RFC 9449 4.3, nonce included; its single use is left to the commit. */
export async function verifyProof(
  config: TokenEndpointConfig,
  { dpop = '', method, url }: ConstraintInput,
  accessToken?: string,
): Promise<DpopProof> {
  const settings = config.dpop
  if (settings === false) throw new TypeError('dpop: switched off')
  const verdict = await verifyDpopProof(dpop, {
    method,
    url,
    now: epochSeconds(config.runtime),
    tolerance: proofTolerance,
    algorithms: settings.algorithms,
    ...(accessToken !== undefined && { accessToken }),
  })
  if (!verdict.proof) throw refuseProof(verdict.fault)
  const { nonce } = verdict.proof
  const { nonces } = settings
  if (!nonces) return verdict.proof
  // RFC 9449 4.3 item 10, 8: nonce
  if (nonce === undefined ? settings.requireNonce : !(await nonces.accepts(nonce))) {
    throw new Refusal('use_dpop_nonce', 'the DPoP proof needs the nonce of this server', {
      reason: nonce === undefined ? 'missing DPoP nonce' : 'another DPoP nonce',
      headers: { 'dpop-nonce': await nonces.current() },
    })
  }
  return verdict.proof
}

/** The `jti` of a proof under the thumbprint of its key; kept until well after its `iat` is out of the window. */
export async function proofClaim({ jkt, jti, iat }: DpopProof): Promise<ReplayClaim> {
  const key = await replayKey('dpop_proof', jkt, jti)
  return { kind: 'dpop_proof', key, expiresAt: Math.ceil(iat) + 2 * proofTolerance + 1 }
}

function refuseProof(fault: string): Refusal {
  return new Refusal('invalid_dpop_proof', 'the DPoP proof is not acceptable', { reason: `DPoP proof: ${fault}` })
}

/** Whether the proof carries this nonce. Read without judging: the proof was, or will be, judged elsewhere. */
function usesNonce({ dpop = '' }: ConstraintInput, nonce: string): boolean {
  const text = typeof dpop === 'string' ? dpop : (dpop[0] ?? '')
  const { jwt } = readJwt(text)
  return jwt?.claims.nonce === nonce
}
