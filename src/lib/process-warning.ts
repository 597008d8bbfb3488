/** Tells whoever runs the process of an error that nobody else is there to hear of, where the runtime has a way to. */
export function warnOfError(error: unknown): void {
  const { process } = globalThis as { process?: { emitWarning?: (warning: Error | string) => void } }
  process?.emitWarning?.(error instanceof Error ? error : String(error))
}
