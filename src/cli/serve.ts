import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { createDevServer, type DevFault, type DevServer, type DevUser, devFaults } from '../dev-server/index.ts'
import { type Command, exitCode, UsageError } from './command.ts'

const defaultPort = 4000

const help = `Usage: authentype serve [options]

Runs an OAuth 2.1 and OpenID Connect server on this machine, for development and tests: with users, clients and
keys of its own, everything in memory. It listens on 127.0.0.1 alone, and must not be used for real users.

Options:
  --port <port>    (default: ${defaultPort}; 0 takes any free one)
  --users <file>   a JSON list of { "username", "password", "sub", "claims" }   (default: alice and bob)
  --fault <name>   makes something go wrong, may repeat:
                   ${devFaults.join(', ')}
  --json           print what it is as one line of JSON, then each event as another

It runs until it is interrupted.

Exit codes: 0 interrupted, 2 wrong command line, 3 the port or the file cannot be used`

const options = {
  port: { type: 'string', default: String(defaultPort) },
  users: { type: 'string' },
  fault: { type: 'string', multiple: true },
  json: { type: 'boolean', default: false },
} as const

export const serveCommand: Command = {
  summary: 'run a server for development and tests',
  help,
  async run(args) {
    const { values } = parseArgs({ args: [...args], options })
    const [port, faults] = [readPort(values.port), (values.fault ?? []).map(readFault)]
    const json = values.json
    try {
      const users = values.users === undefined ? {} : { users: await readUsers(values.users) }
      const server = await createDevServer({
        port,
        faults,
        ...users,
        ...(json && { onEvent: (event) => console.log(JSON.stringify({ event })) }),
        onError: (error) => console.error(error),
      })
      console.log(json ? JSON.stringify(describe(server)) : introduce(server))
      await interrupted()
      await server.close()
      return exitCode.ok
    } catch (error) {
      const text = unusableText(error, port)
      if (text === undefined) throw error
      console.error(`authentype: ${text}`)
      return exitCode.unusable
    }
  },
}

/** What is wrong with what the command was given. */
function unusableText(error: unknown, port: number): string | undefined {
  const { code } = error as { code?: unknown }
  if (code === 'EADDRINUSE') return `port ${port} is in use; choose another with --port`
  if (code === 'EACCES') return `port ${port} is not for this user; choose another with --port`
  const isOfFile = code === 'ENOENT' || error instanceof SyntaxError || error instanceof TypeError
  return isOfFile ? `--users: ${(error as Error).message}` : undefined
}

function readPort(text: string): number {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new UsageError('serve: --port takes a number up to 65535')
  return port
}

function readFault(name: string): DevFault {
  const fault = devFaults.find((one) => one === name)
  if (!fault) throw new UsageError(`serve: there is no fault "${name}"; there are ${devFaults.join(', ')}`)
  return fault
}

/** The server judges their shape. */
async function readUsers(file: string): Promise<readonly DevUser[]> {
  return JSON.parse(await readFile(file, 'utf8')) as readonly DevUser[]
}

/** For programs: what they need to log in. */
function describe({ issuer, users, clients, faults }: DevServer): object {
  return {
    issuer,
    users: users.map(({ username, password, sub = username }) => ({ username, password, sub })),
    clients,
    faults: [...faults],
  }
}

function introduce({ issuer, users, clients, faults }: DevServer): string {
  const rows = [
    ['Issuer', issuer],
    ['Metadata', `${issuer}/.well-known/openid-configuration`],
    ...users.map(({ username, password }) => ['User', `${username}, password ${password}`]),
    ...clients.map(({ client_id: id, client_secret: secret }) => [
      'Client',
      secret === undefined ? `${id}, public` : `${id}, secret ${secret}`,
    ]),
    ['Redirects', (clients[0]?.redirect_uris ?? []).join(', ')],
    ...[...faults].map((fault) => ['Fault', fault]),
  ]
  const table = rows.map(([name = '', value = '']) => `  ${name.padEnd(12)}${value}`).join('\n')
  return `A server for development and tests, in memory, on this machine alone.\n\n${table}\n\nA redirect to 127.0.0.1 may have any port. Interrupt to stop.`
}

/** Until the user or a script has had enough. */
function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
}
