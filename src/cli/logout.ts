import { parseArgs } from 'node:util'
import { type Command, exitCode } from './command.ts'
import { openLogins, openSession } from './logins.ts'

const help = `Usage: authentype logout [issuer] [--json]

Forgets a login on this machine and revokes its tokens at the server. Without an issuer, the login that was made last.

Exit codes: 0 logged out, 2 wrong command line or not logged in`

export const logoutCommand: Command = {
  summary: 'forget a login, and revoke its tokens',
  help,
  async run(args) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { json: { type: 'boolean', default: false } },
      allowPositionals: true,
    })
    const logins = await openLogins(process.env)
    const profile = await logins.find(positionals[0])
    const { endSessionUrl } = await (await openSession(logins, profile, process.env)).logout()
    await logins.forget(profile)
    if (values.json) console.log(JSON.stringify({ issuer: profile.issuer, endSessionUrl }))
    else
      console.log(
        `Logged out at ${profile.issuer}.${endSessionUrl ? ` The browser is still logged in; end that at ${endSessionUrl.origin}.` : ''}`,
      )
    return exitCode.ok
  },
}
