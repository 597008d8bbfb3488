import { spawn } from 'node:child_process'
import { findLogin } from '../client/find-login.ts'
import type { LoginResult, OAuthClient } from '../client/index.ts'
import { requestDeviceAuthorization } from '../client/request-device-authorization.ts'
import { type Command, exitCode, singleWord, UsageError } from './command.ts'
import { clientOf, type LoginProfile, openLogins } from './logins.ts'
import { startLoopbackServer } from './loopback-server.ts'
import { readCommandLine } from './read-command-line.ts'

const help = `Usage: authentype login <issuer> --client-id <id> [options]

Logs in through the browser (RFC 8252) or, with --device, on another device (RFC 8628), and keeps the tokens sealed
in files of this user. authentype token prints a fresh one.

Options:
  --client-id <id>         as registered: a native application with a redirect URI http://127.0.0.1/callback
  --scope <scopes>         space-separated            (default: openid offline_access)
  --device                 log in on another device, with a code
  --no-browser             only print the address
  --port <n>               of the redirect URI        (default: any free port)
  --client-secret-env <n>  the environment variable with the client's secret, for a confidential client
  --allow-loopback-http    take an issuer at http://127.0.0.1, for development
  --timeout <seconds>      to wait for the browser    (default: 300)
  --json                   print the result as JSON

Files: $AUTHENTYPE_HOME, else $XDG_DATA_HOME/authentype, else ~/.local/share/authentype
Exit codes: 0 logged in, 1 the server or the user said no, 2 wrong command line, 3 something could not be used`

const options = {
  'client-id': { type: 'string' },
  scope: { type: 'string', default: 'openid offline_access' },
  device: { type: 'boolean', default: false },
  'no-browser': { type: 'boolean', default: false },
  port: { type: 'string', default: '0' },
  'client-secret-env': { type: 'string' },
  'allow-loopback-http': { type: 'boolean', default: false },
  timeout: { type: 'string', default: '300' },
  json: { type: 'boolean', default: false },
} as const

export const loginCommand: Command = {
  summary: 'log in through the browser or another device, and keep the tokens',
  help,
  async run(args) {
    const { values, positionals } = readCommandLine('login', args, options)
    const issuer = singleWord('login', 'issuer', positionals)
    const clientId = values['client-id']
    if (issuer === undefined) throw new UsageError('login: name one issuer')
    if (!clientId) throw new UsageError('login: --client-id is needed')
    const secretEnv = values['client-secret-env']
    const profile: LoginProfile = {
      issuer,
      clientId,
      scope: values.scope,
      allowLoopbackHttp: values['allow-loopback-http'],
      ...(secretEnv !== undefined && { secretEnv }),
    }
    const port = wholeNumber('port', values.port, 0, 65_535)
    const wait = AbortSignal.timeout(wholeNumber('timeout', values.timeout, 1, 999_999) * 1000)
    const logins = await openLogins(process.env)
    const { client, login } = values.device
      ? await loginOnDevice(profile, wait)
      : await loginInBrowser(profile, port, !values['no-browser'], wait)
    const session = await logins.sessionsOf(client).create(login)
    await logins.save({ ...profile, sessionId: session.id })
    report(login, values.json)
    return exitCode.ok
  },
}

interface Login {
  readonly client: OAuthClient
  readonly login: LoginResult
}

async function loginInBrowser(profile: LoginProfile, port: number, open: boolean, wait: AbortSignal): Promise<Login> {
  const server = await startLoopbackServer(port)
  try {
    const client = clientOf(profile, process.env, server.redirectUri)
    const url = await within(client.createAuthorizationUrl({ signal: wait }), wait)
    console.error(`Log in here:\n\n  ${url.href}\n`)
    if (open) openBrowser(url)
    const isOurs = async (callback: URL) => (await findLogin(client, callback)) !== undefined
    const login = await client.handleCallback(await within(server.waitFor(isOurs), wait))
    await server.close({ title: 'You are logged in', text: 'You can close this window and go back to the terminal.' })
    return { client, login }
  } catch (error) {
    await server.close({ title: 'You are not logged in', text: 'The terminal says why. You can close this window.' })
    throw error
  }
}

async function loginOnDevice(profile: LoginProfile, wait: AbortSignal): Promise<Login> {
  const client = clientOf(profile, process.env)
  const device = await within(requestDeviceAuthorization(client, { signal: wait }), wait)
  const direct = device.verificationUriComplete === undefined ? '' : `\n  or:    ${device.verificationUriComplete}`
  console.error(`On another device:\n\n  open:  ${device.verificationUri}\n  enter: ${device.userCode}${direct}\n`)
  return { client, login: await within(device.poll({ signal: wait }), wait) }
}

/** The address is printed in any case, so a browser that does not open is no failure. */
function openBrowser(url: URL): void {
  const [command, ...first] =
    process.platform === 'darwin'
      ? ['open']
      : process.platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler']
        : ['xdg-open']
  const child = spawn(command!, [...first, url.href], { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
}

function within<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(new UsageError('login: nobody logged in in time; --timeout gives more'))
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

function report({ issuer, claims, tokens }: LoginResult, json: boolean): void {
  const { scope, expiresAt, refreshToken } = tokens
  if (json)
    console.log(
      JSON.stringify({ issuer, subject: claims?.sub, scope, expiresAt, refreshable: refreshToken !== undefined }),
    )
  else console.log(`Logged in at ${issuer}${claims ? ` as ${claims.sub}` : ''}. Scope: ${scope}`)
  if (refreshToken === undefined)
    console.error('The server gave no refresh token: the login ends with its access token.')
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const number = Number(text)
  if (/^\d{1,6}$/.test(text) && number >= least && number <= most) return number
  throw new UsageError(`login: --${name} must be a whole number from ${least} to ${most}`)
}
