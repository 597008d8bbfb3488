import type { Jwk } from '../../lib/signatures/types.ts'

/** A DID document as far as the AT Protocol reads it (DID Core 5; AT Protocol DID, "DID Documents"). */
export interface DidDocument {
  readonly did: string
  /** As the document has them: `at://alice.example` and whatever else. */
  readonly alsoKnownAs: readonly string[]
  /** The first well-formed handle of `alsoKnownAs`; only claimed, until it points back. */
  readonly handle: string | undefined
  /**
   * The origin of the account's PDS: scheme, host and port.
   *
   * @throws AtprotoError `invalid_pds`
   */
  readonly pds: string
  /**
   * The account's public key, on P-256 or secp256k1.
   *
   * @throws AtprotoError `no_signing_key`
   */
  readonly signingKey: Jwk
  /** Keys of other forms and curves, and malformed ones, are left out. */
  readonly verificationMethods: readonly VerificationMethod[]
  readonly services: readonly DidService[]
  /** The endpoint of a service, by its fragment: `atproto_pds`, `atproto_labeler`; `undefined` where there is none. */
  serviceEndpoint(fragment: string, type?: string): string | undefined
  /** A public key by its fragment: `atproto`, `atproto_label`. */
  verificationKey(fragment: string): Jwk | undefined
}

/** A key of a DID document. */
export interface VerificationMethod {
  /** With the DID before the fragment, whether the document writes it or not. */
  readonly id: string
  readonly type: string
  readonly controller: string
  readonly publicJwk: Jwk
}

/** A service of a DID document. */
export interface DidService {
  /** With the DID before the fragment, whether the document writes it or not. */
  readonly id: string
  readonly type: string
  readonly endpoint: string
}

/** An account, found by its handle or DID and checked in both directions. */
export interface ResolvedIdentity {
  readonly did: string
  /** The handle that points to the DID and that the DID claims; absent where no handle does both. */
  readonly handle?: string
  /** The origin of the account's PDS. */
  readonly pds: string
  readonly document: DidDocument
}

/** How DNS and HTTPS are asked for a handle's DID. */
export type HandleStrategy =
  /** HTTPS where DNS has no answer. */
  | 'dns-first'
  | 'http-first'
  /** Both at once; the first answer counts. */
  | 'race'
  /** Both at once; different answers are refused. */
  | 'both'

/** How one identity is looked up. */
export interface ResolveOptions {
  /** Asks anew, whatever is in memory. @default false */
  readonly fresh?: boolean
  /** Milliseconds that what is in memory may be old. @default 3_600_000, an hour */
  readonly maxAge?: number
  readonly signal?: AbortSignal
}

/** What is asked for names and accounts. */
export interface IdentityResolver {
  /**
   * An account by its handle or DID.
   *
   * @throws AtprotoError `invalid_handle`, `handle_not_found`, `handle_mismatch`, `ambiguous_handle`, `invalid_did`,
   * `invalid_did_type`, `did_not_found`, `invalid_did_document`, `id_mismatch`, `invalid_pds`
   * @throws RequestError, ResponseError, NetworkError, TimeoutError
   */
  resolve(handleOrDid: string, options?: ResolveOptions): Promise<ResolvedIdentity>
  /** The DID that a handle points to; whether the DID claims the handle is not asked. */
  resolveHandle(handle: string, options?: ResolveOptions): Promise<string>
  resolveDid(did: string, options?: ResolveOptions): Promise<DidDocument>
}

/** What is in memory and what was asked for. */
export interface IdentityEvent {
  readonly kind: 'identity_cache_hit' | 'identity_cache_miss'
  readonly subject: 'handle' | 'did'
  /** The handle or DID; public names both. */
  readonly name: string
}

/** How handles and DIDs are looked up. */
export interface IdentityOptions {
  /** @default 'https://plc.directory' */
  readonly plcDirectoryUrl?: string
  /** @default 'dns-first' */
  readonly handleStrategy?: HandleStrategy
  /** The TXT records of a name, each joined to one string; none: an empty list. @default Node's resolver, elsewhere DNS over HTTPS */
  readonly resolveTxt?: (name: string, options: { readonly signal?: AbortSignal }) => Promise<readonly string[]>
  /** A JSON API (RFC 8484 is binary and not meant): `?name=..&type=TXT`. @default 'https://cloudflare-dns.com/dns-query' */
  readonly dnsOverHttpsUrl?: string
  readonly onEvent?: (event: IdentityEvent) => void
}
