import { AtprotoError } from '../../errors/atproto.ts'
import { jsonType, printable } from '../../lib/printable.ts'
import type { Jwk } from '../../lib/signatures/types.ts'
import { isLoopbackHost } from '../../protocol/url-rules.ts'
import { isHandle } from './handle.ts'
import type { DidDocument, DidService, VerificationMethod } from './identity-types.ts'
import { parseLegacyKey, parseMultikey } from './multikey.ts'

/** What is let pass in a DID document. */
export interface DidDocumentRules {
  /** A PDS by `http:` at a loopback address: development. @default false */
  readonly allowLoopbackHttp?: boolean
}

const clause = 'AT Protocol DID, "DID Documents"'
/** Entries of a list that are looked at: honest documents have a handful. */
const mostEntries = 100

/**
 * Reads a DID document. Entries that cannot be read are left out; what a caller then misses is said by the getters.
 *
 * @throws AtprotoError `invalid_did_document`, `id_mismatch`
 * @see DID Core 5, 5.1.1
 */
export function parseDidDocument(body: unknown, did: string, rules: DidDocumentRules = {}): DidDocument {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw invalid('the DID document', 'a JSON object', jsonType(body))
  }
  const { id, alsoKnownAs, verificationMethod, service } = body as Readonly<Record<string, unknown>>
  if (typeof id !== 'string') throw invalid('"id" of the DID document', 'a DID', jsonType(id))
  if (id !== did) {
    const actual = printable(id)
    throw new AtprotoError('id_mismatch', `the DID document is about ${actual}; ${did} was asked for`, {
      clause: 'DID Core 5.1.1',
      expected: did,
      actual,
    })
  }
  const names = listOf(alsoKnownAs, 'alsoKnownAs').filter((name) => typeof name === 'string')
  const methods = listOf(verificationMethod, 'verificationMethod').map((entry) => readMethod(entry, did))
  const services = listOf(service, 'service').flatMap((entry) => readServices(entry, did))
  return new Document(did, names, methods.filter(isPresent), services, rules)
}

class Document implements DidDocument {
  readonly did: string
  readonly alsoKnownAs: readonly string[]
  readonly verificationMethods: readonly VerificationMethod[]
  readonly services: readonly DidService[]
  readonly #allowLoopbackHttp: boolean

  constructor(
    did: string,
    alsoKnownAs: readonly string[],
    verificationMethods: readonly VerificationMethod[],
    services: readonly DidService[],
    { allowLoopbackHttp = false }: DidDocumentRules,
  ) {
    this.did = did
    this.alsoKnownAs = Object.freeze(alsoKnownAs)
    this.verificationMethods = Object.freeze(verificationMethods)
    this.services = Object.freeze(services)
    this.#allowLoopbackHttp = allowLoopbackHttp
    Object.freeze(this)
  }

  get handle(): string | undefined {
    // AT Protocol DID, "DID Documents": the first valid handle of the list; any others are ignored.
    const uris = this.alsoKnownAs.filter((name) => name.startsWith('at://'))
    return uris.map((uri) => uri.slice('at://'.length).toLowerCase()).find(isHandle)
  }

  get pds(): string {
    const endpoint = this.serviceEndpoint('atproto_pds', 'AtprotoPersonalDataServer')
    const url = endpoint !== undefined && URL.canParse(endpoint) ? new URL(endpoint) : undefined
    if (url && isOrigin(endpoint!, url) && this.#isSecure(url)) return url.origin
    const expected = 'an https URL without path, in a service #atproto_pds'
    const actual = endpoint === undefined ? 'absent' : printable(endpoint)
    throw new AtprotoError('invalid_pds', `the PDS of ${this.did} is ${actual}; expected ${expected}`, {
      clause,
      expected,
      actual,
    })
  }

  get signingKey(): Jwk {
    const key = this.verificationKey('atproto')
    if (key) return key
    const expected = 'a key on P-256 or secp256k1, in a verification method #atproto'
    throw new AtprotoError('no_signing_key', `${this.did} has no signing key; expected ${expected}`, {
      clause,
      expected,
    })
  }

  serviceEndpoint(fragment: string, type?: string): string | undefined {
    const id = `${this.did}#${fragment}`
    return this.services.find((one) => one.id === id && (type === undefined || one.type === type))?.endpoint
  }

  verificationKey(fragment: string): Jwk | undefined {
    const id = `${this.did}#${fragment}`
    return this.verificationMethods.find((one) => one.id === id)?.publicJwk
  }

  #isSecure({ protocol, hostname }: URL): boolean {
    return protocol === 'https:' || (this.#allowLoopbackHttp && protocol === 'http:' && isLoopbackHost(hostname))
  }
}

/** Scheme, host and port and nothing else, as it is written: no path, not even in dots, no query, fragment or user. */
function isOrigin(text: string, { origin }: URL): boolean {
  return text.replace(/\/$/, '').toLowerCase() === origin
}

function readMethod(entry: unknown, did: string): VerificationMethod | undefined {
  const { id, type, controller, publicKeyMultibase } = fieldsOf(entry)
  if (typeof id !== 'string' || typeof type !== 'string' || typeof controller !== 'string') return undefined
  // A key that somebody else controls says nothing about this account.
  if (controller !== did) return undefined
  const publicJwk = readKey(type, publicKeyMultibase)
  return publicJwk && Object.freeze({ id: absolute(id, did), type, controller, publicJwk: Object.freeze(publicJwk) })
}

function readKey(type: string, multibase: unknown): Jwk | undefined {
  switch (type) {
    case 'Multikey':
      return parseMultikey(multibase)
    case 'EcdsaSecp256r1VerificationKey2019':
      return parseLegacyKey(multibase, 'P-256')
    case 'EcdsaSecp256k1VerificationKey2019':
      return parseLegacyKey(multibase, 'secp256k1')
    default:
      return undefined
  }
}

/** DID Core 5.4: `type` is "a string or a set of strings"; one of several types is a service of each. */
function readServices(entry: unknown, did: string): readonly DidService[] {
  const { id, type, serviceEndpoint: endpoint } = fieldsOf(entry)
  if (typeof id !== 'string' || typeof endpoint !== 'string') return []
  const types = (Array.isArray(type) ? type.slice(0, mostEntries) : [type]).filter((one) => typeof one === 'string')
  return types.map((one) => Object.freeze({ id: absolute(id, did), type: one, endpoint }))
}

/** DID Core 3.2.2: a fragment alone is relative to the DID. */
function absolute(id: string, did: string): string {
  return id.startsWith('#') ? did + id : id
}

function listOf(value: unknown, name: string): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw invalid(`"${name}" of the DID document`, 'a list', jsonType(value))
  return value.slice(0, mostEntries)
}

function fieldsOf(entry: unknown): Readonly<Record<string, unknown>> {
  return typeof entry === 'object' && entry !== null ? (entry as Record<string, unknown>) : {}
}

function isPresent<T>(value: T | undefined): value is T {
  return value !== undefined
}

function invalid(what: string, expected: string, actual: string): AtprotoError {
  return new AtprotoError('invalid_did_document', `${what} is ${actual}; expected ${expected}`, {
    clause,
    expected,
    actual,
  })
}
