/**
 * Which hosts and addresses are nobody's on the public internet: the machine itself, its network, a cloud's metadata
 * service, documentation. A URL that another party supplies must not lead there (RFC 9728 7.7, RFC 7033 9.2).
 */

/** IANA IPv4 Special-Purpose Address Registry (RFC 6890), and multicast (RFC 5771): prefix and its bits. */
const specialIpv4: readonly (readonly [prefix: string, bits: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
]

/** Names that stand for something near: RFC 6761, RFC 6762, RFC 8375, and ICANN's `internal`. */
const specialNames = ['localhost', 'local', 'internal', 'home.arpa', 'invalid', 'test', 'onion']

/** Whether an IPv4 or IPv6 address, as text, is one of the public internet. What is no address is not. */
export function isPublicAddress(address: string): boolean {
  if (!address.includes(':')) return isPublicIpv4(ipv4Number(address))
  const groups = ipv6Groups(address)
  return groups !== undefined && isPublicIpv6(groups)
}

/**
 * Whether a host, as `URL.hostname` gives it, may be public: not an address that is not, not a special name, not a
 * name without a dot, which is one of the local network. What a name resolves to is another question.
 */
export function isPublicHost(hostname: string): boolean {
  if (hostname.startsWith('[')) return isPublicAddress(hostname.slice(1, -1))
  const name = hostname.toLowerCase().replace(/\.$/, '')
  // The WHATWG parser has brought every way of writing an IPv4 address to four decimal numbers.
  if (/^[\d.]+$/.test(name)) return isPublicAddress(name)
  if (!name.includes('.')) return false
  return !specialNames.some((special) => name === special || name.endsWith(`.${special}`))
}

function isPublicIpv4(address: number | undefined): boolean {
  if (address === undefined) return false
  return !specialIpv4.some(([prefix, bits]) => {
    const size = 2 ** (32 - bits)
    return Math.floor(address / size) === Math.floor(ipv4Number(prefix)! / size)
  })
}

function isPublicIpv6(groups: readonly number[]): boolean {
  const [a = 0, b = 0] = groups
  const embedded = groups[6]! * 65_536 + groups[7]!
  // RFC 6052 2.1: 64:ff9b::/96 is IPv4 behind a translator.
  if (a === 0x64 && b === 0xff9b && groups.slice(2, 6).every((group) => group === 0)) return isPublicIpv4(embedded)
  // RFC 4291 2.5.5.2: ::ffff:0:0/96 is IPv4 in another notation.
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) return isPublicIpv4(embedded)
  // RFC 4291 2.4: 2000::/3 is all that is given out as global unicast.
  if (a < 0x2000 || a > 0x3fff) return false
  // IANA IPv6 Special-Purpose Address Registry: 2001::/23 (Teredo, ORCHID, ...), documentation, 6to4.
  if (a === 0x2001 && (b < 0x200 || b === 0xdb8)) return false
  return a !== 0x2002 && !(a === 0x3fff && b < 0x1000)
}

function ipv4Number(text: string): number | undefined {
  if (!/^(?:\d{1,3}\.){3}\d{1,3}$/.test(text)) return undefined
  const bytes = text.split('.').map(Number)
  if (bytes.some((byte) => byte > 255)) return undefined
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0)
}

/** Eight groups; nothing for what is no address, one with a zone among it. */
function ipv6Groups(text: string): readonly number[] | undefined {
  // The parser of URLs knows every notation, and writes hexadecimal groups.
  if (!/^[\da-f:.]+$/i.test(text) || !URL.canParse(`http://[${text}]`)) return undefined
  const [head = '', tail] = new URL(`http://[${text}]`).hostname.slice(1, -1).split('::')
  const numbers = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)))
  const [before, after] = [numbers(head), numbers(tail ?? '')]
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after]
}
