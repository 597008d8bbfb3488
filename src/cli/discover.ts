import { createOAuthClient } from '../client/index.ts'
import { type Command, exitCode, singleWord, UsageError } from './command.ts'
import { readCommandLine } from './read-command-line.ts'

const help = `Usage: authentype discover <issuer> [--json] [--allow-loopback-http]

Fetches a server's metadata, judges it, and prints its endpoints and what it can do.

Exit codes: 0 printed, 2 wrong command line, 3 it could not be had or breaks a rule`

const options = {
  json: { type: 'boolean', default: false },
  'allow-loopback-http': { type: 'boolean', default: false },
} as const

export const discoverCommand: Command = {
  summary: "print a server's metadata, judged",
  help,
  async run(args) {
    const { values, positionals } = readCommandLine('discover', args, options)
    const issuer = singleWord('discover', 'issuer', positionals)
    if (issuer === undefined) throw new UsageError('discover: name an issuer')
    const allowLoopbackHttp = values['allow-loopback-http']
    const metadata = await createOAuthClient({ issuer, clientId: 'discover', allowLoopbackHttp }).metadata()
    if (values.json) console.log(JSON.stringify(metadata, null, 2))
    else
      console.log(
        Object.entries(metadata)
          .map(([field, value]) => `${field.padEnd(56)} ${shown(value)}`)
          .join('\n'),
      )
    return exitCode.ok
  },
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.join(', ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
