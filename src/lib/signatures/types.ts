/**
 * The signature seam's vocabulary. `#signatures` resolves to node.ts (synchronous `node:crypto`, the
 * fastest there is) on Node and Bun and to web.ts (WebCrypto) everywhere else; both pass one suite.
 *
 * An algorithm and a key are bound when the key is imported, by key-rules.ts. Afterwards nobody, and no
 * token header, can use the key with another algorithm.
 */

/**
 * Registered asymmetric JWS algorithms (RFC 7518 3.1, RFC 8037, RFC 9864, RFC 8812). `EdDSA` and `Ed25519` both mean
 * Ed25519 here. WebCrypto has no secp256k1, so ES256K is there on Node's side alone; the other refuses its keys.
 */
export type AsymmetricAlgorithm =
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'ES256K'
  | 'EdDSA'
  | 'Ed25519'
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'

/** MACs (RFC 7518 3.2): only where a client was registered so, and only with its secret. */
export type SymmetricAlgorithm = 'HS256' | 'HS384' | 'HS512'

export type SignatureAlgorithm = AsymmetricAlgorithm | SymmetricAlgorithm

/** A JSON Web Key (RFC 7517) as it comes from outside: nothing but `kty` is known. */
export interface Jwk {
  readonly kty: string
  readonly kid?: string
  readonly alg?: string
  readonly use?: string
  readonly key_ops?: readonly string[]
  readonly [member: string]: unknown
}

/** A public key, or a secret for a MAC, bound to one algorithm. Opaque; made by `importVerificationKey`. */
export interface VerificationKey {
  readonly alg: SignatureAlgorithm
  readonly kid: string | undefined
}

/** A private key bound to one algorithm. Opaque; made by `importSigningKey` or `generateSigningKey`. */
export interface SigningKey {
  readonly alg: AsymmetricAlgorithm
  readonly kid: string | undefined
  /** The public half, without `kid`, `alg` or anything else that a thumbprint leaves out (RFC 7638 3.2). */
  readonly publicJwk: Jwk
  /** The SHA-256 thumbprint of the public half (RFC 7638), base64url: the `jkt` of RFC 9449. */
  readonly thumbprint: string
}

/**
 * A signing key as a record store can keep it: a private JWK where it may be exported, else the pair of
 * `CryptoKey`s, which only a structured-cloning store (IndexedDB, memory) can hold.
 */
export type StoredSigningKey =
  | { readonly alg: AsymmetricAlgorithm; readonly kid?: string; readonly jwk: Jwk }
  | { readonly alg: AsymmetricAlgorithm; readonly kid?: string; readonly keyPair: CryptoKeyPair }

/** What may be let pass of the rules for keys, each only where it is asked for. */
export interface KeyAllowances {
  /** The public exponent 3, which old RSA keys have. @default false */
  readonly rsaExponent3?: boolean | undefined
}

/** What users may hand in as a private key: a JWK, a pair of CryptoKeys with the algorithm told, or one of ours. */
export type SigningKeyInput = SigningKey | StoredSigningKey | Jwk

/** Synchronous on Node, asynchronous on WebCrypto; `await` serves both. */
export type MaybePromise<T> = T | Promise<T>

/** What each side of the seam exports. */
export interface Signatures {
  /** @throws ConfigurationError unusable_key, by the rules of key-rules.ts */
  importVerificationKey(jwk: Jwk, alg: AsymmetricAlgorithm, allowances?: KeyAllowances): MaybePromise<VerificationKey>
  /** The client secret as a MAC key, of at least the digest's length (RFC 7518 3.2). */
  importSecret(secret: string, alg: SymmetricAlgorithm): MaybePromise<VerificationKey>
  /** @throws ConfigurationError unusable_key */
  importSigningKey(key: SigningKeyInput): MaybePromise<SigningKey>
  generateSigningKey(alg: AsymmetricAlgorithm, options?: { readonly extractable?: boolean }): MaybePromise<SigningKey>
  exportSigningKey(key: SigningKey): MaybePromise<StoredSigningKey>
  /** `data` is the JWS signing input, ASCII. */
  sign(key: SigningKey, data: string): MaybePromise<Uint8Array<ArrayBuffer>>
  /**
   * `sign` for what may be asked for many times at once. On Node the first signature in a turn of the event loop is
   * made at once, and those after it by the thread pool: to hand one over costs more than to wait for it, but less
   * than to wait for a queue of them.
   */
  signAside(key: SigningKey, data: string): MaybePromise<Uint8Array<ArrayBuffer>>
  /** `sign` off the main thread, for what nobody waits for yet. */
  signInBackground(key: SigningKey, data: string): Promise<Uint8Array<ArrayBuffer>>
  /** False for a wrong signature and for one of the wrong length; never throws for bad input. */
  verify(key: VerificationKey, data: string, signature: Uint8Array): MaybePromise<boolean>
  /** `data` is hashed as UTF-8. */
  digest(hash: 'SHA-256' | 'SHA-384' | 'SHA-512', data: string): MaybePromise<Uint8Array<ArrayBuffer>>
  /** `digest` as base64url, the form in which hashes are kept and compared. */
  digestText(hash: 'SHA-256' | 'SHA-384' | 'SHA-512', data: string): MaybePromise<string>
}
