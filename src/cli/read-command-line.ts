import { type ParseArgsConfig, parseArgs } from 'node:util'
import { UsageError } from './command.ts'
import { suggestionFor } from './suggestion.ts'

type OptionTable = NonNullable<ParseArgsConfig['options']>

/**
 * The options and words of one command. Node's parser reads them; its own complaints speak of positional arguments and
 * of a double dash, which nobody needs who has mistyped an option.
 *
 * @throws UsageError that names the option, and the nearest one that there is
 */
export function readCommandLine<const Options extends OptionTable>(
  command: string,
  args: readonly string[],
  options: Options,
): ReturnType<typeof parseArgs<{ args: string[]; options: Options; allowPositionals: true }>> {
  const { tokens } = parseArgs({ args: [...args], options, allowPositionals: true, strict: false, tokens: true })
  for (const token of tokens) {
    if (token.kind === 'option') assertOption(command, token, options)
  }
  return parseArgs({ args: [...args], options, allowPositionals: true })
}

interface GivenOption {
  readonly name: string
  readonly rawName: string
  readonly value: string | undefined
  readonly inlineValue: boolean | undefined
}

function assertOption(command: string, { name, rawName, value, inlineValue }: GivenOption, options: OptionTable): void {
  const option = Object.hasOwn(options, name) ? options[name] : undefined
  if (!option) {
    const known = Object.keys(options).map((one) => `--${one}`)
    throw new UsageError(`${command}: there is no option ${rawName}${suggestionFor(rawName, known)}`)
  }
  if (option.type === 'boolean') {
    if (value !== undefined) throw new UsageError(`${command}: ${rawName} takes no value`)
    return
  }
  if (value === undefined) throw new UsageError(`${command}: ${rawName} needs a value`)
  // It may be the next option, whose value was then taken for a word. A lone minus is standard input.
  if (inlineValue !== true && /^-./.test(value)) {
    throw new UsageError(`${command}: ${rawName} needs a value; one that begins with a minus is ${rawName}=${value}`)
  }
}
