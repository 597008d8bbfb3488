import { timingSafeEqual } from '../lib/constant-time.ts'
import { epochSeconds, type Runtime } from '../lib/runtime.ts'
import { hmac } from './secrets.ts'

/**
 * DPoP nonces from the clock: the HMAC of a time step under a shared secret, so that several hosts agree on
 * them without storage.
 *
 * @see RFC 9449 8
 */
export interface DpopNonces {
  /** The newest nonce. */
  current(): Promise<string>
  /** Whether a nonce is of this step or of a neighbour: clocks differ, and requests take time. */
  accepts(nonce: string): Promise<boolean>
}

const mostRemembered = 8

/** @param step seconds */
export function createDpopNonces(secret: Uint8Array<ArrayBuffer>, step: number, runtime: Runtime): DpopNonces {
  const remembered = new Map<number, Promise<string>>()
  const nonceOf = (count: number) => {
    let nonce = remembered.get(count)
    if (!nonce) {
      if (remembered.size >= mostRemembered) remembered.delete(remembered.keys().next().value!)
      nonce = hmac(secret, `dpop nonce ${step} ${count}`)
      remembered.set(count, nonce)
    }
    return nonce
  }
  const now = () => Math.floor(epochSeconds(runtime) / step)
  return {
    current: () => nonceOf(now()),
    async accepts(nonce) {
      const count = now()
      let found = false
      // All three are compared, so that the time does not tell which one it was.
      for (const neighbour of [count - 1, count, count + 1]) {
        if (timingSafeEqual(await nonceOf(neighbour), nonce)) found = true
      }
      return found
    },
  }
}
