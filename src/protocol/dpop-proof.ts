import { digestText, sign } from '#signatures'
import { encodeBase64url } from '../lib/base64url.ts'
import { andThen } from '../lib/maybe-promise.ts'
import { epochSeconds, type Runtime } from '../lib/runtime.ts'
import type { MaybePromise, Signatures, SigningKey } from '../lib/signatures/types.ts'

/** What a DPoP proof is made for. */
export interface DpopProofInput {
  /** The HTTP method of the request, as it is sent. */
  readonly method: string
  /** The absolute URL of the request; its query and fragment are left out of the proof. */
  readonly url: string
  /** The server's nonce for this origin and role, where it gave one (RFC 9449 8). */
  readonly nonce?: string
  /** The access token that goes with the request, at resources (RFC 9449 7). */
  readonly accessToken?: string
  /** Further claims; those of RFC 9449 win over them. */
  readonly claims?: Readonly<Record<string, unknown>>
}

interface KeyMemory {
  /** The encoded header and the dot after it: the same for every proof of a key. */
  readonly head: string
  /** The last access token that was hashed and its `ath`: a session shows one token many times. */
  token: string | undefined
  ath: string | undefined
}

const jtiBytes = 16
const memories = new WeakMap<SigningKey, KeyMemory>()

/**
 * A proof of possession for one request, in compact form. Synchronous on Node, a promise on WebCrypto.
 *
 * @param signing what signs; `signAside` where many proofs may be asked for at once
 * @throws TypeError for a URL that is not absolute or not http(s)
 * @see RFC 9449 4.2
 * @example
 * const proof = await createDpopProof(key, { method: 'POST', url: 'https://as.example/token' }, systemRuntime)
 */
export function createDpopProof(
  key: SigningKey,
  input: DpopProofInput,
  runtime: Runtime,
  signing: Signatures['sign'] = sign,
): MaybePromise<string> {
  return andThen(draftDpopProof(key, input, runtime), (draft) => signDpopProof(draft, runtime, signing))
}

/** A proof but for what tells it from the next one of the same second: `jti` and signature. */
export interface DpopProofDraft {
  readonly key: SigningKey
  /** The encoded header and the dot after it. */
  readonly head: string
  /** The encoded claims from the end of `jti` on. */
  readonly tail: string
}

/** @throws TypeError for a URL that is not absolute or not http(s) */
export function draftDpopProof(key: SigningKey, input: DpopProofInput, runtime: Runtime): MaybePromise<DpopProofDraft> {
  const memory = memoryOf(key)
  const finish = (ath: string | undefined) => ({ key, head: memory.head, tail: encodeClaims(input, ath, runtime) })
  const { accessToken } = input
  if (accessToken === undefined) return finish(undefined)
  if (memory.token === accessToken) return finish(memory.ath)
  return andThen(digestText('SHA-256', accessToken), (ath) => {
    memory.token = accessToken
    memory.ath = ath
    return finish(ath)
  })
}

/** Each time another proof: `jti` is drawn here. */
export function signDpopProof(
  { key, head, tail }: DpopProofDraft,
  runtime: Runtime,
  signing: Signatures['sign'],
): MaybePromise<string> {
  // RFC 9449 4.2: at least 96 bits of chance.
  const jti = encodeBase64url(runtime.randomBytes(jtiBytes))
  const data = head + encodeBase64url(beforeJti + jti) + tail
  return andThen(signing(key, data), (signature) => `${data}.${encodeBase64url(signature)}`)
}

/** 8 characters and the 22 of `jti` are 30 bytes: ten groups of three, so that what follows can be encoded by itself. */
const beforeJti = '{"jti":"'

function encodeClaims(input: DpopProofInput, ath: string | undefined, runtime: Runtime): string {
  const claims: Record<string, unknown> = { ...input.claims }
  delete claims.jti
  // RFC 9449 4.2: htm, htu, iat; ath with a token; nonce when one was given.
  claims.htm = input.method
  claims.htu = htuOf(input.url)
  claims.iat = epochSeconds(runtime)
  // Absent rather than the caller's: a stale ath or nonce among the further claims would be ours to the server.
  claims.ath = ath
  claims.nonce = input.nonce
  return encodeBase64url(`",${JSON.stringify(claims).slice(1)}`)
}

/** RFC 9449 4.2: the target URI without query and fragment, normalised as fetch sends it. */
function htuOf(text: string): string {
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new TypeError(`url: expected an http or https URL for a DPoP proof, got scheme "${url.protocol}"`)
  }
  return url.origin + url.pathname
}

function memoryOf(key: SigningKey): KeyMemory {
  const known = memories.get(key)
  if (known) return known
  const header = JSON.stringify({ typ: 'dpop+jwt', alg: key.alg, jwk: key.publicJwk })
  const memory: KeyMemory = { head: `${encodeBase64url(header)}.`, token: undefined, ath: undefined }
  memories.set(key, memory)
  return memory
}
