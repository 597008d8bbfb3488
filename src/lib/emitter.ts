/** A listener watches and has no say: what it throws, now or later, changes nothing and ends no process. */
export function createEmitter<Event>(listener: ((event: Event) => void) | undefined): (event: Event) => void {
  if (!listener) return () => {}
  return (event) => {
    try {
      const result: unknown = listener(event)
      // An async listener's failure would otherwise end the process as an unhandled rejection.
      if (result instanceof Promise) result.catch(() => {})
    } catch {
      // Safe to drop: nothing depends on being watched.
    }
  }
}

/**
 * The code of an error of ours, or the name of any other: never its message, which may quote what it was given. What a
 * server says in the place of an OAuth error's code is passed on only where it has the form of one.
 */
export function errorCode(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown'
  const { code, name, error: oauthError } = error as { code?: unknown; name?: unknown; error?: unknown }
  const isCode = (text: unknown) => typeof text === 'string' && /^[\w.:/-]{1,60}$/.test(text)
  return ([oauthError, code, name].find(isCode) as string | undefined) ?? 'unknown'
}
