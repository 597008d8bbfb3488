import { SessionError } from '../errors/index.ts'
import { type Command, exitCode, singleWord } from './command.ts'
import { type Logins, openLogins, openSession, type SavedLogin } from './logins.ts'
import { readCommandLine } from './read-command-line.ts'

const help = `Usage: authentype logout [issuer] [--json]

Forgets a login on this machine and revokes its tokens at the server. Without an issuer, the login that was made last.

Exit codes: 0 logged out, 2 wrong command line or not logged in`

export const logoutCommand: Command = {
  summary: 'forget a login, and revoke its tokens',
  help,
  async run(args) {
    const { values, positionals } = readCommandLine('logout', args, { json: { type: 'boolean', default: false } })
    const issuer = singleWord('logout', 'issuer', positionals)
    const logins = await openLogins(process.env)
    const profile = await logins.find(issuer)
    const endSessionUrl = await endSession(logins, profile)
    await logins.forget(profile)
    if (values.json) console.log(JSON.stringify({ issuer: profile.issuer, endSessionUrl }))
    else
      console.log(
        `Logged out at ${profile.issuer}.${endSessionUrl ? ` The browser is still logged in; end that at ${endSessionUrl.origin}.` : ''}`,
      )
    return exitCode.ok
  },
}

/** A session that is gone already, past its lifetime for example, leaves a login that is still to be forgotten. */
async function endSession(logins: Logins, login: SavedLogin): Promise<URL | undefined> {
  try {
    return (await (await openSession(logins, login, process.env)).logout()).endSessionUrl
  } catch (error) {
    if (error instanceof SessionError && error.code === 'session_not_found') return undefined
    throw error
  }
}
