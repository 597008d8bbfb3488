/**
 * One thing that an implementation must do. Give it to any test runner:
 *
 * @example
 * for (const { name, run } of recordStoreContract(open)) test(name, run)
 */
export interface ContractCheck {
  /** A sentence of behaviour. */
  readonly name: string
  /** Opens what is tested, tries it, closes it. Rejects where it does not behave. */
  readonly run: () => Promise<void>
}

/** @throws Error that shows both */
export function assertEqual(actual: unknown, expected: unknown, what: string): void {
  const [shown, wanted] = [show(actual), show(expected)]
  if (shown !== wanted) throw new Error(`${what}: expected ${wanted}, got ${shown}`)
}

/** @throws Error */
export function assertTrue(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what)
}

/** @throws Error where it resolves, or rejects with another class of error */
export async function assertRejects(task: () => Promise<unknown>, errorName: string, what: string): Promise<void> {
  let outcome: string
  try {
    await task()
    outcome = 'it resolved'
  } catch (error) {
    if (error instanceof Error && error.name === errorName) return
    outcome = `it rejected with ${String(error)}`
  }
  throw new Error(`${what}: expected a ${errorName}, but ${outcome}`)
}

/** JSON with sorted members, so that equal data are equal text. */
function show(value: unknown): string {
  const sorted = (_: string, member: unknown): unknown => {
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
  }
  return value === undefined ? 'undefined' : JSON.stringify(value, sorted)
}
