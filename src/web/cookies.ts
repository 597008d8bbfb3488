import type { KeyRing } from '../protocol/key-ring.ts'

/** A cookie that only this application can read and write. */
export interface SealedCookie {
  /** What was sealed, or `undefined` where the cookie is absent, repeated, or not of our making. */
  read(request: Request): Promise<string | undefined>
  /** The `Set-Cookie` field. */
  write(text: string): Promise<string>
  /** The `Set-Cookie` field that removes it. */
  clear(): string
}

export interface SealedCookieOptions {
  /** Without prefix. */
  readonly name: string
  readonly ring: KeyRing
  /** Milliseconds. */
  readonly lifetime: number
  /** `None` where it must come with a POST from another site, and for nothing else. */
  readonly sameSite: 'Lax' | 'None'
  /** Plain http to this machine: some browsers take no `Secure` cookie there, and then no prefix either. */
  readonly development: boolean
}

export function createSealedCookie(options: SealedCookieOptions): SealedCookie {
  const { ring, lifetime, sameSite, development } = options
  // RFC 6265bis 4.1.3.2: a browser takes `__Host-` only from this host itself, over https, for all paths. So no
  // neighbour under the same domain can plant one (cookie tossing).
  const name = development ? options.name : `__Host-${options.name}`
  // `SameSite=None` is taken with `Secure` only; browsers that matter take both from http://localhost.
  const secure = !development || sameSite === 'None' ? '; Secure' : ''
  const attributes = `; Path=/${secure}; HttpOnly; SameSite=${sameSite}`
  const context = `cookie ${name}`
  return {
    async read(request) {
      const value = readCookie(request.headers.get('cookie') ?? '', name)
      return value === undefined ? undefined : await ring.open(value, context)
    },
    write: async (text) =>
      `${name}=${await ring.seal(text, context)}; Max-Age=${Math.floor(lifetime / 1000)}${attributes}`,
    clear: () => `${name}=; Max-Age=0${attributes}`,
  }
}

/**
 * The value of a cookie that came exactly once. Two of one name mean that somebody tossed one in from elsewhere, and
 * their order says nothing about which is ours.
 */
export function readCookie(header: string, name: string): string | undefined {
  const values: string[] = []
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=')
    // Only SP and HTAB are white space here (RFC 6265 4.2.1): to trim more would make other names into this one.
    if (at > 0 && trimField(pair.slice(0, at)) === name) values.push(trimField(pair.slice(at + 1)))
  }
  return values.length === 1 && values[0] !== '' ? values[0] : undefined
}

function trimField(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '')
}
