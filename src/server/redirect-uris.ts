import { clientList, type RegisteredClient } from './client.ts'

const loopbackHosts = ['127.0.0.1', '[::1]']

/**
 * Whether a client registered a redirect URI: compared exactly, but for the port of a loopback address, which a
 * native app cannot know before.
 *
 * @see RFC 9700 2.1; RFC 8252 7.3
 */
export function isRegisteredRedirectUri(client: RegisteredClient, uri: string): boolean {
  const registered = clientList(client, 'redirect_uris') ?? []
  return registered.some((one) => one === uri || isSameLoopback(one, uri))
}

function isSameLoopback(registered: string, uri: string): boolean {
  const [one, other] = [loopbackUrl(registered), loopbackUrl(uri)]
  if (!one || !other) return false
  const sameHost = one.hostname === other.hostname
  return sameHost && one.pathname === other.pathname && one.search === other.search
}

/**
 * `localhost` is not among them: what it resolves to is not for sure the machine itself (RFC 8252 8.3). Written as RFC
 * 3986 has it, since it goes into a header field as it came, and not as a URL parser would repair it.
 */
function loopbackUrl(text: string): URL | undefined {
  if (!/^http:\/\/[^/]/i.test(text) || !/^[!-~]+$/.test(text) || /[\\#]/.test(text)) return undefined
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  const isPlain = url.username === '' && url.password === ''
  return isPlain && loopbackHosts.includes(url.hostname) ? url : undefined
}
