/** What happens in the web handler, without a token, a cookie or a name in it. */
export type WebEvent =
  /** Sessions are kept in memory alone: every login is gone when the process ends. */
  | { readonly kind: 'memory_store'; readonly message: string }
  /** A request was answered with an error. `error` is the code of the cause. */
  | {
      readonly kind: 'request_failed'
      readonly reason: string
      readonly status: number
      readonly path: string
      readonly error: string | undefined
    }
  /** The issuer ended sessions, by the back channel or in the user's browser. */
  | {
      readonly kind: 'ended_by_issuer'
      readonly issuer: string
      readonly channel: 'back' | 'front'
      readonly sessions: number
    }

/** Is told what the web handler does; what it throws changes nothing. */
export type WebEventListener = (event: WebEvent) => void

/** A listener's own mistake is not the user's: it is thrown where nobody's request depends on it. */
export function createWebEmitter(listener: WebEventListener | undefined): WebEventListener {
  if (!listener) return () => {}
  return (event) => {
    try {
      listener(event)
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }
}
