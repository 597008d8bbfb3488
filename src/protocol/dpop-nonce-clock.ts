import { encodeBase64url } from '../lib/base64url.ts'
import { timingSafeEqual } from '../lib/constant-time.ts'
import { epochSeconds, type Runtime } from '../lib/runtime.ts'

/**
 * The nonces that a server asks for, from the clock: the HMAC of a time step under a shared secret, so that
 * several hosts agree on them without storage.
 *
 * @see RFC 9449 8, 9
 */
export interface DpopNonceClock {
  /** The newest nonce. */
  current(): Promise<string>
  /** Whether a nonce is of this step or of a neighbour: clocks differ, and requests take time. */
  accepts(nonce: string): Promise<boolean>
}

const mostRemembered = 8
const leastSecret = 32
const textEncoder = new TextEncoder()

/**
 * @param secret at least 32 random bytes, the same on all hosts
 * @param step seconds
 * @throws TypeError
 */
export function createDpopNonceClock(secret: Uint8Array<ArrayBuffer>, step: number, runtime: Runtime): DpopNonceClock {
  if (!(secret instanceof Uint8Array) || secret.length < leastSecret) {
    throw new TypeError(`secret: expected at least ${leastSecret} random bytes for DPoP nonces`)
  }
  if (!Number.isSafeInteger(step) || step < 1) throw new TypeError('step: expected whole seconds, at least 1')
  const remembered = new Map<number, Promise<string>>()
  let imported: Promise<CryptoKey> | undefined
  const nonceOf = (count: number) => {
    let nonce = remembered.get(count)
    if (!nonce) {
      if (remembered.size >= mostRemembered) remembered.delete(remembered.keys().next().value!)
      imported ??= crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
      nonce = imported.then((key) => hmac(key, `dpop nonce ${step} ${count}`))
      remembered.set(count, nonce)
    }
    return nonce
  }
  const count = () => Math.floor(epochSeconds(runtime) / step)
  return {
    current: () => nonceOf(count()),
    async accepts(nonce) {
      const now = count()
      let found = false
      // All three are compared, so that the time does not tell which one it was.
      for (const neighbour of [now - 1, now, now + 1]) {
        if (timingSafeEqual(await nonceOf(neighbour), nonce)) found = true
      }
      return found
    },
  }
}

async function hmac(key: CryptoKey, text: string): Promise<string> {
  return encodeBase64url(new Uint8Array(await crypto.subtle.sign('HMAC', key, textEncoder.encode(text))))
}
