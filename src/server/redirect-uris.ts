import type { RegisteredClient } from './client.ts'

const loopbackHosts = ['127.0.0.1', '[::1]']

/**
 * Whether a client registered a redirect URI: compared exactly, but for the port of a loopback address, which a
 * native app cannot know before.
 *
 * @see RFC 9700 2.1; RFC 8252 7.3
 */
export function isRegisteredRedirectUri({ metadata }: RegisteredClient, uri: string): boolean {
  const registered = metadata.redirect_uris ?? []
  return registered.some((one) => one === uri || isSameLoopback(one, uri))
}

function isSameLoopback(registered: string, uri: string): boolean {
  const [one, other] = [loopbackUrl(registered), loopbackUrl(uri)]
  if (!one || !other) return false
  const sameHost = one.hostname === other.hostname
  return sameHost && one.pathname === other.pathname && one.search === other.search
}

/** `localhost` is not among them: what it resolves to is not for sure the machine itself (RFC 8252 8.3). */
function loopbackUrl(text: string): URL | undefined {
  if (!URL.canParse(text) || text.includes('#')) return undefined
  const url = new URL(text)
  const isPlain = url.username === '' && url.password === '' && !/[\s\\]/.test(text)
  return url.protocol === 'http:' && isPlain && loopbackHosts.includes(url.hostname) ? url : undefined
}
