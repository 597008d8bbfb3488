import { IdTokenError, type TokenCheck } from '../errors/index.ts'
import { verifyIdToken } from '../issuer/index.ts'
import { type Command, exitCode, singleWord, UsageError } from './command.ts'
import { readCommandLine } from './read-command-line.ts'

const help = `Usage: authentype verify <id_token | -> --issuer <issuer> --client-id <id> [options]

Holds an id_token against every rule that the specifications have for it, and prints each. A minus reads it from
standard input, which keeps it out of the shell's history.

Options:
  --issuer <issuer>      as the server writes it
  --client-id <id>       the audience
  --nonce <nonce>        of the request               (default: not checked)
  --max-age <seconds>    since the user logged in     (default: not checked)
  --allow-loopback-http  take an issuer at http://127.0.0.1, for development
  --json                 print { "ok", "claims", "checks" }

Exit codes: 0 it is to be believed, 1 it is not, 2 wrong command line, 3 metadata or keys could not be had`

const options = {
  issuer: { type: 'string' },
  'client-id': { type: 'string' },
  nonce: { type: 'string' },
  'max-age': { type: 'string' },
  'allow-loopback-http': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const

export const verifyCommand: Command = {
  summary: 'verify an id_token, rule by rule',
  help,
  async run(args) {
    const { values, positionals } = readCommandLine('verify', args, options)
    const { issuer, nonce, json, 'client-id': clientId, 'max-age': maxAge } = values
    const given = singleWord('verify', 'token', positionals)
    if (given === undefined || issuer === undefined || clientId === undefined) {
      throw new UsageError('verify: a token, --issuer and --client-id are needed')
    }
    if (maxAge !== undefined && !/^\d{1,9}$/.test(maxAge)) {
      throw new UsageError('verify: --max-age must be a whole number of seconds')
    }
    const token = given === '-' ? (await readAll(process.stdin)).trim() : given
    try {
      const { claims, checks } = await verifyIdToken(token, {
        issuer,
        clientId,
        allowLoopbackHttp: values['allow-loopback-http'],
        ...(nonce !== undefined && { nonce }),
        ...(maxAge !== undefined && { maxAge: Number(maxAge) }),
      })
      if (json) console.log(JSON.stringify({ ok: true, claims, checks }))
      else console.log(`${checks.map(line).join('\n')}\n\nThe id_token of ${claims.sub} is to be believed.`)
      return exitCode.ok
    } catch (error) {
      if (!(error instanceof IdTokenError)) throw error
      if (json) console.log(JSON.stringify({ ok: false, error: error.message, checks: error.checks }))
      else console.log(`${error.checks.map(line).join('\n')}\n\n${error.message}`)
      return exitCode.failed
    }
  },
}

const signs = { passed: '✔', failed: '✖', not_applicable: '·' } as const

function line({ name, outcome, clause, reason }: TokenCheck): string {
  return `${signs[outcome]} ${name.padEnd(18)} ${clause}${reason === undefined ? '' : `: ${reason}`}`
}

async function readAll(stream: AsyncIterable<unknown>): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += String(chunk)
  return text
}
