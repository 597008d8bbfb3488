import { AtprotoError } from '../../errors/atproto.ts'
import type { Fetch } from '../../lib/fetch.ts'
import { isDid } from '../did.ts'
import { parseDid } from './did.ts'
import type { ResolveTxt } from './dns-txt.ts'
import { fetchText, isNotFound } from './fetch-text.ts'
import { parseHandle } from './handle.ts'
import type { HandleStrategy } from './identity-types.ts'

export interface HandleResolution {
  readonly fetch: Fetch
  readonly resolveTxt: ResolveTxt
  readonly strategy: HandleStrategy
  readonly timeout: number
  readonly allowLoopbackHttp: boolean
}

/** Finds a DID, or nothing. Failures of the network are thrown. */
type Method = (
  handle: string,
  options: HandleResolution,
  signal: AbortSignal | undefined,
) => Promise<string | undefined>

const clause = 'AT Protocol Handle, "Handle Resolution"'

/**
 * The DID that a handle points to.
 *
 * @throws AtprotoError `invalid_handle`, `handle_not_found`, `ambiguous_handle`, `invalid_did_type`
 * @see AT Protocol Handle, "Handle Resolution"
 */
export async function resolveHandleDid(text: string, options: HandleResolution, signal?: AbortSignal): Promise<string> {
  const handle = parseHandle(text)
  const did = await strategies[options.strategy](handle, options, signal)
  return parseDid(did, options).did
}

const dns: Method = async (handle, { resolveTxt }, signal) => {
  const records = await resolveTxt(`_atproto.${handle}`, signal ? { signal } : {})
  // Records without the prefix belong to others; several that name the same DID are one.
  const found = records
    .filter((record) => record.startsWith('did='))
    .map((record) => record.slice('did='.length).trim())
  const dids = [...new Set(found)].filter(isDid)
  if (dids.length > 1) throw ambiguous(handle, 'its DNS records name', dids)
  return dids[0]
}

/** Bytes: a DID has 2048 at the most, and usually 32. */
const maxBytes = 4096

const http: Method = async (handle, { fetch, timeout }, signal) => {
  const url = `https://${handle}/.well-known/atproto-did`
  // "HTTPS well-known Method": any success status, and redirects up to a reasonable number.
  try {
    const text = await fetchText(fetch, url, { accept: 'text/plain', maxBytes, timeout, signal, lenient: true })
    // Servers that answer each path with a page say nothing of a DID.
    const did = text.trim()
    return isDid(did) ? did : undefined
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

type Strategy = (handle: string, options: HandleResolution, signal: AbortSignal | undefined) => Promise<string>

const strategies: Readonly<Record<HandleStrategy, Strategy>> = {
  'dns-first': (...args) => oneAfterTheOther([dns, http], ...args),
  'http-first': (...args) => oneAfterTheOther([http, dns], ...args),
  race: async (handle, options, signal) => {
    const attempts = [dns, http].map(async (method) => {
      const did = await method(handle, options, signal)
      if (did === undefined) throw notFound(handle)
      return did
    })
    return await Promise.any(attempts).catch((error: AggregateError) => {
      throw failure(handle, error.errors)
    })
  },
  both: async (handle, options, signal) => {
    const results = await Promise.allSettled([dns, http].map((method) => method(handle, options, signal)))
    const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
    const dids = new Set(results.flatMap((result) => (result.status === 'fulfilled' ? (result.value ?? []) : [])))
    const [did] = dids
    if (dids.size > 1) throw ambiguous(handle, 'DNS and HTTPS name', [...dids])
    if (did === undefined || errors.some(isAmbiguous)) throw failure(handle, errors)
    return did
  },
}

async function oneAfterTheOther(
  methods: readonly Method[],
  handle: string,
  options: HandleResolution,
  signal: AbortSignal | undefined,
): Promise<string> {
  const errors: unknown[] = []
  for (const method of methods) {
    try {
      const did = await method(handle, options, signal)
      if (did !== undefined) return did
    } catch (error) {
      // Whoever has two answers has given one: another method must not choose between them.
      if (isAmbiguous(error) || signal?.aborted) throw error
      errors.push(error)
    }
  }
  throw failure(handle, errors)
}

function isAmbiguous(error: unknown): boolean {
  return error instanceof AtprotoError && error.code === 'ambiguous_handle'
}

/** Many handles have only one of the two, so a host that does not answer is as good as one that has nothing. */
function failure(handle: string, errors: readonly unknown[]): AtprotoError {
  const doubt = errors.find(isAmbiguous)
  if (doubt) return doubt as AtprotoError
  return notFound(
    handle,
    errors.find((error) => !(error instanceof AtprotoError)),
  )
}

function notFound(handle: string, cause?: unknown): AtprotoError {
  const message = `${handle} points to no account, neither by DNS nor by HTTPS`
  return new AtprotoError('handle_not_found', message, { clause, expected: 'a DID', actual: 'none', cause })
}

function ambiguous(handle: string, who: string, dids: readonly string[]): AtprotoError {
  const message = `${handle} is ambiguous: ${who} different DIDs`
  return new AtprotoError('ambiguous_handle', message, { clause, expected: 'one DID', actual: dids.slice(0, 5) })
}
