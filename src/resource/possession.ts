import type { RecordStore } from '../lib/record-store.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { DpopNonceClock } from '../protocol/dpop-nonce-clock.ts'
import { type DpopProof, type DpopProofVerdict, verifyDpopProof } from '../protocol/dpop-proof-verification.ts'
import type { TokenChecks } from '../protocol/token-checks.ts'
import { claimProof } from './replay-guard.ts'

/** What a resource that takes DPoP has for it. */
export interface DpopContext {
  readonly replay: RecordStore
  readonly algorithms: readonly string[]
  readonly nonces: DpopNonceClock | undefined
  readonly runtime: Runtime
}

export interface ProvenRequest {
  readonly method: string
  /** As the client knows it. */
  readonly url: string
  readonly headers: Headers
  readonly token: string
}

const absent: DpopProofVerdict = { fault: 'there is none' }
/** Seconds that a proof may be old or ahead. */
const tolerance = 60

/**
 * The proof of a request, held against all that RFC 9449 says but the single use.
 *
 * @see RFC 9449 4.3, 7.1, 9
 */
export async function checkProof(
  request: ProvenRequest,
  context: DpopContext,
  checks: TokenChecks,
): Promise<DpopProof> {
  const { method, url, token } = request
  const field = request.headers.get('dpop')
  const expectations = {
    method,
    url,
    accessToken: token,
    now: context.runtime.now() / 1000,
    tolerance,
    algorithms: context.algorithms,
  }
  const { proof, fault } = field === null ? absent : await verifyDpopProof(field, expectations)
  const message = () => `came without a DPoP proof that holds: ${fault}`
  checks.expect(proof !== undefined, 'dpop_proof', 'RFC 9449 4.3', 'one that holds', fault ?? 'one that holds', message)
  await checkNonce(proof!, context.nonces, checks)
  return proof!
}

/** Last of all that concerns the proof: what fails before uses nothing up, and fills no store. */
export async function spendProof(proof: DpopProof, { replay }: DpopContext, checks: TokenChecks): Promise<void> {
  const first = await claimProof(replay, proof, tolerance)
  const expected = 'its first use'
  const message = () => 'came with a DPoP proof that was used before; each request needs a new one'
  checks.expect(first, 'dpop_replay', 'RFC 9449 11.1', expected, first ? expected : 'another', message)
}

async function checkNonce(proof: DpopProof, nonces: DpopNonceClock | undefined, checks: TokenChecks): Promise<void> {
  if (!nonces) {
    checks.skip('dpop_nonce', 'RFC 9449 9', 'none is asked for')
    return
  }
  const holds = proof.nonce !== undefined && (await nonces.accepts(proof.nonce))
  const actual = proof.nonce === undefined ? 'absent' : holds ? 'recent' : 'another'
  const message = () => `came with a DPoP proof whose nonce is ${actual}; expected one that this server gave lately`
  checks.expect(holds, 'dpop_nonce', 'RFC 9449 9', 'recent', actual, message)
}
