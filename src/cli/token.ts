import { type Command, exitCode, singleWord } from './command.ts'
import { openLogins, openSession } from './logins.ts'
import { readCommandLine } from './read-command-line.ts'

const help = `Usage: authentype token [issuer] [--json]

Prints an access token that is good now, renewed if need be; nothing else goes to standard output. Any number of
shells may ask at once: one of them renews.

  curl -H "Authorization: Bearer $(authentype token)" https://api.example/me

Options:
  --json  print { "access_token", "scope", "expires_at" }

Exit codes: 0 printed, 1 the login has ended (log in again), 2 wrong command line or not logged in`

export const tokenCommand: Command = {
  summary: 'print a fresh access token of a login',
  help,
  async run(args) {
    const { values, positionals } = readCommandLine('token', args, { json: { type: 'boolean', default: false } })
    const issuer = singleWord('token', 'issuer', positionals)
    const logins = await openLogins(process.env)
    const session = await openSession(logins, await logins.find(issuer), process.env)
    const { value, scope, expiresAt } = await session.getAccessToken()
    console.log(values.json ? JSON.stringify({ access_token: value, scope, expires_at: expiresAt }) : value)
    return exitCode.ok
  },
}
