/** One subcommand of `authentype`. */
export interface Command {
  /** One line for the list of commands. */
  readonly summary: string
  /** The whole help text: usage, options, exit codes. */
  readonly help: string
  /** Runs with the arguments after the command's name; resolves to the exit code. */
  run(args: readonly string[]): Promise<number>
}

/**
 * Exit codes, the same for every command. Scripts rely on them.
 */
export const exitCode = {
  ok: 0,
  /** The command did its work and the answer is no: output has drifted, warnings under `--strict`. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** Something that the command was given cannot be used: a broken document, a folder that is not writable. */
  unusable: 3,
} as const

/** The command line is wrong; the message says how. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/**
 * The one word that a command takes beside its options.
 *
 * @param what it is, for the message: 'issuer'
 * @throws UsageError for more: a word that is passed over could be the one that was meant
 */
export function singleWord(command: string, what: string, words: readonly string[]): string | undefined {
  const [word, ...others] = words
  if (others.length === 0) return word
  throw new UsageError(`${command}: one ${what} at a time; "${others.join('", "')}" came too`)
}
