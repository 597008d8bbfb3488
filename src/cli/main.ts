#!/usr/bin/env node
import { packageVersion } from '../lib/version.ts'
import { type Command, exitCode, UsageError } from './command.ts'

/** Each command is one file, loaded only when it is called. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  generate: async () => (await import('./generate.ts')).generateCommand,
}

async function main(args: readonly string[]): Promise<number> {
  const [name = '', ...rest] = args
  if (name === '' || name === 'help' || name === '--help' || name === '-h') {
    console.log(await overview())
    return name === '' ? exitCode.usage : exitCode.ok
  }
  if (name === '--version' || name === 'version') {
    console.log(packageVersion)
    return exitCode.ok
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!load) {
    console.error(`authentype: there is no command "${name}"\n\n${await overview()}`)
    return exitCode.usage
  }
  const command = await load()
  if (rest.includes('--help') || rest.includes('-h')) {
    console.log(command.help)
    return exitCode.ok
  }
  return command.run(rest)
}

async function overview(): Promise<string> {
  const lines = await Promise.all(
    Object.entries(commands).map(async ([name, load]) => `  ${name.padEnd(12)}${(await load()).summary}`),
  )
  return `Usage: authentype <command> [options]\n\nCommands:\n${lines.join('\n')}\n\nauthentype <command> --help says more.`
}

try {
  // Not process.exit: what was printed must reach a pipe first.
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (error instanceof UsageError) {
    console.error(`authentype: ${error.message}`)
    process.exitCode = exitCode.usage
  } else {
    console.error(error)
    process.exitCode = exitCode.unusable
  }
}
