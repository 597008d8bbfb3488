import { ResponseError } from '../../errors/response.ts'
import type { Fetch } from '../../lib/fetch.ts'
import { parseJson } from '../../lib/media-type.ts'
import { builtinModule } from '../../lib/runtime.ts'
import { abortable } from '../../lib/single-flight.ts'
import { fetchText } from './fetch-text.ts'
import type { IdentityOptions } from './identity-types.ts'

/** The TXT records of a name, each joined to one string; none: an empty list. */
export type ResolveTxt = NonNullable<IdentityOptions['resolveTxt']>

/** What is used of `node:dns`. */
interface Dns {
  readonly promises?: {
    readonly Resolver: new (options: {
      timeout: number
      tries: number
    }) => {
      resolveTxt(name: string): Promise<readonly (readonly string[])[]>
      cancel(): void
    }
  }
}

/** What c-ares says where there is no such name, or no such record. */
const nothing: readonly unknown[] = ['ENOTFOUND', 'ENODATA']

/** The runtime's own resolver, where it has one. */
export function systemResolveTxt(timeout: number): ResolveTxt | undefined {
  const { promises: dns } = (builtinModule('node:dns') as Dns | undefined) ?? {}
  if (!dns) return undefined
  return async (name, { signal }) => {
    const resolver = new dns.Resolver({ timeout: Math.ceil(timeout / 2), tries: 2 })
    const cancel = () => resolver.cancel()
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      const records = await abortable(resolver.resolveTxt(name), signal)
      // RFC 1035 3.3.14: a record is one or more strings of at most 255 bytes.
      return records.map((strings) => strings.join(''))
    } catch (error) {
      if (nothing.includes((error as { code?: unknown } | null)?.code)) return []
      throw error
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
  }
}

interface DnsAnswer {
  readonly Status?: unknown
  readonly Answer?: unknown
}

const maxBytes = 64 * 1024
/** RFC 1035 4.1.1, 3.2.2 */
const [noError, nameError, txt] = [0, 3, 16]

/** A resolver that is asked over HTTPS, in the JSON that the large public ones speak. */
export function createHttpsResolveTxt(fetch: Fetch, url: string, timeout: number): ResolveTxt {
  return async (name, { signal }) => {
    const query = new URL(url)
    query.searchParams.set('name', name)
    query.searchParams.set('type', 'TXT')
    const text = await fetchText(fetch, query.href, { accept: 'application/dns-json', maxBytes, timeout, signal })
    const { Status: status, Answer: answer } = (parseJson(text)?.value as DnsAnswer | null | undefined) ?? {}
    if (status !== noError && status !== nameError) {
      const [expected, actual] = [`an answer for ${name}`, `status ${Number(status)}`]
      throw new ResponseError('invalid_body', `DNS over HTTPS: expected ${expected}, got ${actual}`, {
        url: query.origin + query.pathname,
        status: 200,
        clause: 'RFC 1035 4.1.1',
        expected,
        actual,
      })
    }
    const records = Array.isArray(answer) ? (answer as readonly { type?: unknown; data?: unknown }[]) : []
    return records.flatMap(({ type, data }) => (type === txt && typeof data === 'string' ? [joinStrings(data)] : []))
  }
}

/** RFC 1035 5.1: strings in quotes, in which a backslash quotes a character or three digits. Some resolvers leave the quotes out. */
function joinStrings(data: string): string {
  const strings = [...data.matchAll(/"((?:[^"\\]|\\.)*)"/gs)].map(([, string]) => string!)
  if (strings.length === 0) return data
  return strings.join('').replace(/\\(\d{3}|.)/gs, (_, quoted: string) => {
    return quoted.length === 3 ? String.fromCharCode(Number(quoted)) : quoted
  })
}
