/** What a call throws, when it throws an error of this class. Anything else fails the test. */
export function caught<E extends Error>(type: abstract new (...args: never[]) => E, call: () => unknown): E {
  try {
    call()
  } catch (error) {
    if (error instanceof type) return error
    throw error
  }
  throw new Error(`expected a ${type.name}, but nothing was thrown`)
}
