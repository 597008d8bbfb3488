import { epochSeconds, type Runtime } from '../lib/runtime.ts'
import { parseStrictJson } from '../lib/strict-json.ts'

/** What the host's fetch gives back of a document. */
export interface FetchedDocument {
  readonly status: number
  /** The media type, without parameters. */
  readonly contentType: string
  readonly body: string
  /** Seconds, of `Cache-Control: max-age`. */
  readonly maxAge?: number
}

/**
 * Fetches a document of a client. The host guards it: https, no redirect, no private address, the bounds given.
 */
export type FetchDocument = (
  url: string,
  bounds: { readonly maxBytes: number; readonly timeout: number },
) => Promise<FetchedDocument>

/** Documents that were fetched, each kept as long as its sender allows, within bounds. */
export interface DocumentCache {
  /** The parsed document, or `undefined` where it cannot be had or is no JSON object. */
  get(url: string, options: { readonly maxBytes: number; readonly renew?: boolean }): Promise<object | undefined>
}

interface Entry {
  readonly fetchedAt: number
  readonly until: number
  readonly document: Promise<object | undefined>
}

/** Milliseconds. */
const timeout = 5_000
/** Seconds. */
const leastAge = 60
const mostAge = 86_400
const mostEntries = 1_000
const textEncoder = new TextEncoder()

export function createDocumentCache(
  fetchDocument: FetchDocument | undefined,
  defaultAge: number,
  runtime: Runtime,
): DocumentCache {
  const entries = new Map<string, Entry>()

  async function load(url: string, maxBytes: number): Promise<{ document: object | undefined; age: number }> {
    if (!fetchDocument) return { document: undefined, age: leastAge }
    try {
      const answer = await fetchDocument(url, { maxBytes, timeout })
      const age = Math.min(mostAge, Math.max(leastAge, answer.maxAge ?? defaultAge))
      if (answer.status !== 200 || textEncoder.encode(answer.body).length > maxBytes)
        return { document: undefined, age: leastAge }
      const json = parseStrictJson(answer.body)
      const isObject = json.ok && typeof json.value === 'object' && json.value !== null && !Array.isArray(json.value)
      return isObject ? { document: json.value as object, age } : { document: undefined, age: leastAge }
    } catch {
      // A document that cannot be had is the client's fault or passing; either way there is none now.
      return { document: undefined, age: leastAge }
    }
  }

  return {
    get(url, { maxBytes, renew = false }) {
      const now = epochSeconds(runtime)
      const known = entries.get(url)
      // A forged kid may make a document be fetched again, but not more often than once a minute.
      if (known && known.until > now && !(renew && known.fetchedAt + leastAge <= now)) return known.document
      const loading = load(url, maxBytes)
      entries.delete(url)
      if (entries.size >= mostEntries) entries.delete(entries.keys().next().value!)
      entries.set(url, { fetchedAt: now, until: now + leastAge, document: loading.then((loaded) => loaded.document) })
      return loading.then(({ document, age }) => {
        entries.set(url, { fetchedAt: now, until: now + age, document: Promise.resolve(document) })
        return document
      })
    },
  }
}
