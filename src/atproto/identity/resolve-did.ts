import { AtprotoError } from '../../errors/atproto.ts'
import { ResponseError } from '../../errors/response.ts'
import type { Fetch } from '../../lib/fetch.ts'
import { parseStrictJson } from '../../lib/strict-json.ts'
import { type Did, parseDid } from './did.ts'
import { parseDidDocument } from './did-document.ts'
import { fetchText, isNotFound } from './fetch-text.ts'
import type { DidDocument } from './identity-types.ts'

export interface DidResolution {
  readonly fetch: Fetch
  readonly plcDirectoryUrl: string
  readonly timeout: number
  readonly allowLoopbackHttp: boolean
}

/** Bytes of a document: those of the directory have a few hundred. */
const maxBytes = 64 * 1024
const accept = 'application/did+ld+json, application/json'

/**
 * Asks for a DID's document: the directory for did:plc, the host itself for did:web.
 *
 * @throws AtprotoError `invalid_did`, `invalid_did_type`, `did_not_found`, `invalid_did_document`, `id_mismatch`
 * @throws ResponseError, NetworkError, TimeoutError, RequestError
 * @see did:plc "DID Resolution", did:web 3.2.2
 */
export async function resolveDidDocument(
  text: string,
  options: DidResolution,
  signal?: AbortSignal,
): Promise<DidDocument> {
  const { fetch, timeout, allowLoopbackHttp } = options
  const did = parseDid(text, { allowLoopbackHttp })
  const url = documentUrl(did, options)
  let body: string
  try {
    body = await fetchText(fetch, url, { accept, maxBytes, timeout, signal })
  } catch (error) {
    if (!isNotFound(error)) throw error
    throw new AtprotoError('did_not_found', `${did.did} is not known, or was given up`, {
      actual: did.did,
      cause: error,
    })
  }
  // A name twice in an object is one that two readers may read differently.
  const parsed = parseStrictJson(body)
  if (!parsed.ok) throw noJson(url)
  return parseDidDocument(parsed.value, did.did, { allowLoopbackHttp })
}

function documentUrl(did: Did, { plcDirectoryUrl, allowLoopbackHttp }: DidResolution): string {
  switch (did.method) {
    case 'plc':
      return `${plcDirectoryUrl.replace(/\/$/, '')}/${did.did}`
    case 'web': {
      // Only in development is such a host taken, and there nobody has certificates.
      const scheme = allowLoopbackHttp && /^(?:localhost|127\.|.+:\d+$)/.test(did.host) ? 'http' : 'https'
      return `${scheme}://${did.host}/.well-known/did.json`
    }
  }
}

function noJson(url: string): ResponseError {
  const facts = { url, status: 200, clause: 'RFC 8259 2', expected: 'JSON', actual: 'something else' }
  return new ResponseError('invalid_json', `GET ${url}: expected JSON`, facts)
}
