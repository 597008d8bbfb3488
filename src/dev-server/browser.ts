import { digest } from '#signatures'
import { encodeBase64url } from '../lib/base64url.ts'
import { timingSafeEqual } from '../lib/constant-time.ts'
import { createRandomToken } from '../protocol/random-token.ts'
import type { DevContext } from './context.ts'
import type { DevRequest } from './exchange.ts'
import { errorPage } from './pages/message-pages.ts'
import { Refused } from './read-request.ts'

/** A browser, known by a cookie of its own before anybody logs in: forms and requests are bound to it. */
export interface Browser {
  readonly id: string
  /** To be set where the browser is new. */
  readonly cookies: readonly string[]
}

const browserCookie = 'authentype_browser'
const textEncoder = new TextEncoder()

export function readBrowser(context: DevContext, request: DevRequest): Browser {
  const known = readCookie(request, browserCookie)
  if (known !== undefined) return { id: known, cookies: [] }
  const id = createRandomToken(context.runtime)
  return { id, cookies: [formatCookie(context, browserCookie, id)] }
}

/**
 * What a form of ours carries, and nobody else can know: made of the browser's cookie and what the form is about, under
 * a key of this server. The owner of the browser knows the cookie, and must not be able to pass a page over either.
 */
export async function guardOf({ formKey }: DevContext, { id }: Browser, about: string): Promise<string> {
  const mac = await crypto.subtle.sign('HMAC', formKey, textEncoder.encode(`${id} ${about}`))
  return encodeBase64url(new Uint8Array(mac))
}

/** Refuses a form that no page of ours in this very browser has made. */
export async function assertGuard(
  context: DevContext,
  request: DevRequest,
  form: URLSearchParams,
  about: string,
): Promise<void> {
  const origin = request.headers.get('origin')
  const guard = await guardOf(context, readBrowser(context, request), about)
  const isOurs = origin === null || origin === context.issuer || origin === new URL(request.url).origin
  if (isOurs && timingSafeEqual(guard, form.get('guard') ?? '')) return
  const answer = await errorPage('This form is not from a page that was opened here.', { status: 403 })
  throw new Refused(answer, 'a form that no page of this browser made')
}

export function readCookie(request: DevRequest, name: string): string | undefined {
  for (const pair of (request.headers.get('cookie') ?? '').split(';')) {
    const [key, value] = pair.trim().split('=')
    if (key === name && value !== undefined && /^[\w-]{16,128}$/.test(value)) return value
  }
  return undefined
}

/** Lax, so that it comes along when a client sends the browser here, and not with the forms of others. */
export function formatCookie({ issuer }: Pick<DevContext, 'issuer'>, name: string, value: string): string {
  const secure = issuer.startsWith('https:') ? '; Secure' : ''
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${value === '' ? '; Max-Age=0' : ''}${secure}`
}

/** Of a cookie the store sees the hash alone. */
export async function hashText(text: string): Promise<string> {
  return encodeBase64url(await digest('SHA-256', text))
}
