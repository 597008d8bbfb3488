#!/usr/bin/env node
import { packageVersion } from '../lib/version.ts'
import { type Command, exitCode } from './command.ts'
import { reportFailure } from './report-failure.ts'
import { suggestionFor } from './suggestion.ts'

/** Each command is one file, loaded only when it is called. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  generate: async () => (await import('./generate.ts')).generateCommand,
  serve: async () => (await import('./serve.ts')).serveCommand,
  login: async () => (await import('./login.ts')).loginCommand,
  token: async () => (await import('./token.ts')).tokenCommand,
  logout: async () => (await import('./logout.ts')).logoutCommand,
  verify: async () => (await import('./verify.ts')).verifyCommand,
  discover: async () => (await import('./discover.ts')).discoverCommand,
}

async function main(args: readonly string[]): Promise<number> {
  const [name = '', ...rest] = args
  // `help serve` is `serve --help`.
  if (name === 'help' && rest[0] !== undefined) return main([rest[0], '--help'])
  if (name === '' || name === 'help' || name === '--help' || name === '-h') {
    console.log(await overview())
    return name === '' ? exitCode.usage : exitCode.ok
  }
  if (name === '--version' || name === '-v' || name === 'version') {
    console.log(packageVersion)
    return exitCode.ok
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!load) {
    const suggestion = suggestionFor(name, Object.keys(commands))
    console.error(`authentype: there is no command "${name}"${suggestion}\n\n${await overview()}`)
    return exitCode.usage
  }
  const command = await load()
  if (rest.includes('--help') || rest.includes('-h')) {
    console.log(command.help)
    return exitCode.ok
  }
  try {
    return await command.run(rest)
  } catch (error) {
    const code = reportFailure(error)
    if (code === exitCode.usage)
      console.error(`${command.help.split('\n', 1)[0]}\nauthentype ${name} --help says more.`)
    return code
  }
}

async function overview(): Promise<string> {
  const lines = await Promise.all(
    Object.entries(commands).map(async ([name, load]) => `  ${name.padEnd(12)}${(await load()).summary}`),
  )
  return `Usage: authentype <command> [options]\n\nCommands:\n${lines.join('\n')}\n\nauthentype <command> --help says more; authentype --version says which this is.`
}

// Who reads no further, as `head` does, wants no stack trace.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

try {
  // Not process.exit: what was printed must reach a pipe first.
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.exitCode = reportFailure(error)
}
