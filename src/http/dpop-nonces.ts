/** A nonce of an authorization server and one of a resource server on the same origin are not the same (RFC 9449 9). */
export type DpopNonceRole = 'authorization_server' | 'resource_server'

/** Role and origin, with a space between, to nonce: plain data for a record store. */
export type StoredDpopNonces = Readonly<Record<string, string>>

/** The newest nonce of each server, by origin and role. All keys of a client share them (RFC 9449 8: the server's, not the key's). */
export interface DpopNonces {
  get(role: DpopNonceRole, url: string): string | undefined
  /** Keeps the nonce of any answer, success included (RFC 9449 8.2). A malformed one is ignored. */
  learn(role: DpopNonceRole, url: string, response: Response): void
  export(): StoredDpopNonces
}

export interface DpopNoncesOptions {
  /** What `export` gave. Malformed entries are dropped. */
  readonly stored?: StoredDpopNonces
  /** Called after a nonce has changed, so that it can be stored. */
  readonly onChange?: (nonces: DpopNonces) => void
}

/** A session talks to a handful of servers; beyond this the one that was heard of longest ago goes. */
const maxServers = 50
const maxLength = 1024

export function createDpopNonces(options: DpopNoncesOptions = {}): DpopNonces {
  const nonces = new Map(Object.entries(options.stored ?? {}).filter(([, nonce]) => isDpopNonce(nonce)))
  const keyOf = (role: DpopNonceRole, url: string) => `${role} ${new URL(url).origin}`
  const self: DpopNonces = {
    // Most servers give none, and each call asks: an address is only taken apart where it may be found.
    get: (role, url) => (nonces.size === 0 ? undefined : nonces.get(keyOf(role, url))),
    learn(role, url, response) {
      const nonce = response.headers.get('dpop-nonce')
      if (nonce === null || !isDpopNonce(nonce)) return
      const key = keyOf(role, url)
      if (nonces.get(key) === nonce) return
      nonces.delete(key)
      nonces.set(key, nonce)
      if (nonces.size > maxServers) nonces.delete(nonces.keys().next().value!)
      options.onChange?.(self)
    },
    export: () => Object.fromEntries(nonces),
  }
  return self
}

/**
 * The nonces as one call to one server has them: what that server answered to this call comes before what others have
 * heard since. Without it, calls in flight at once with nonces of their own would take each other's.
 */
export function createCallNonces(shared: DpopNonces): DpopNonces {
  let own: string | undefined
  return {
    get: (role, url) => own ?? shared.get(role, url),
    learn(role, url, response) {
      const nonce = response.headers.get('dpop-nonce')
      if (nonce === null) return
      if (isDpopNonce(nonce)) own = nonce
      shared.learn(role, url, response)
    },
    export: () => shared.export(),
  }
}

/** RFC 9449 8.1: `nonce = 1*NQCHAR` (RFC 6749 appendix A); two fields joined by `Headers` are none, for the space. */
export function isDpopNonce(nonce: unknown): nonce is string {
  return typeof nonce === 'string' && nonce.length <= maxLength && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(nonce)
}
