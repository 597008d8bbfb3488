import { isLoopbackHost } from '../../protocol/url-rules.ts'
import { defaultUserAgent } from '../user-agent.ts'
import { assertLabeler, assertProxy } from './xrpc-request.ts'
import type { XrpcClientOptions } from './xrpc-types.ts'

/** The options with every default filled in. */
export interface XrpcSettings {
  readonly proxy: string | undefined
  readonly labelers: readonly string[] | undefined
  readonly headers: HeadersInit
  readonly userAgent: string
  readonly timeout: number
  readonly maxBytes: number
}

export const xrpcOptionNames: readonly (keyof XrpcClientOptions)[] = [
  ...(['proxy', 'labelers', 'headers', 'userAgent', 'timeout', 'maxBytes'] as const),
]

const defaults = { timeout: 30_000, maxBytes: 32 * 1024 * 1024 } as const

/** @throws TypeError that names the option */
export function normaliseXrpcOptions(name: string, options: XrpcClientOptions): XrpcSettings {
  const { proxy, labelers, headers = {}, userAgent = defaultUserAgent } = options
  if (proxy !== undefined) assertProxy(proxy)
  if (labelers !== undefined) for (const labeler of labelers) assertLabeler(labeler)
  return {
    proxy,
    labelers,
    headers,
    userAgent,
    timeout: positive(name, 'timeout', options.timeout),
    maxBytes: positive(name, 'maxBytes', options.maxBytes),
  }
}

function positive(name: string, option: keyof typeof defaults, value: number | undefined): number {
  if (value === undefined) return defaults[option]
  if (typeof value === 'number' && value > 0) return value
  throw new TypeError(`${name}: "${option}" must be a positive number`)
}

/** The origin of a server, from a URL that has nothing else. @throws TypeError */
export function serviceOrigin(name: string, option: string, url: string | URL): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed && isServer(parsed)) return parsed.origin
  // Without what a URL may have of a user and a password.
  const got = parsed ? `${parsed.protocol}//${parsed.host}${parsed.pathname}` : String(url)
  const expected = 'the https origin of a server, or http on this machine'
  throw new TypeError(`${name}: "${option}" must be ${expected}; got "${got.slice(0, 100)}"`)
}

/** Scheme, host and port alone; passwords and tokens are sent there, so in the clear only where nothing leaves the machine. */
export function isServer({ protocol, hostname, pathname, search, hash, username, password }: URL): boolean {
  const isBare = pathname === '/' && [search, hash, username, password].every((part) => part === '')
  return isBare && (protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname)))
}
