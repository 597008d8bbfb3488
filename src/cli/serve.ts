import { readFile } from 'node:fs/promises'
import {
  createDevServer,
  type DevFault,
  type DevServer,
  type DevServerOptions,
  type DevUser,
  devFaults,
} from '../dev-server/index.ts'
import { type Command, exitCode, UsageError } from './command.ts'
import { readCommandLine } from './read-command-line.ts'

const defaultPort = 4000

const help = `Usage: authentype serve [options]

Runs an OAuth 2.1 and OpenID Connect server on this machine, for development and tests: with users, clients and
keys of its own, everything in memory. It listens on 127.0.0.1 alone, and must not be used for real users.

Options:
  --port <port>    (default: ${defaultPort}; 0 takes any free one)
  --users <file>   a JSON list of { "username", "password", "sub", "claims" }   (default: alice and bob)
  --fault <name>   makes something go wrong, may repeat:
                   ${devFaults.slice(0, 4).join(', ')},
                   ${devFaults.slice(4).join(', ')}
  --rotate-keys <seconds>        sign with fresh keys every so often   (default: never)
  --tls-key <file>, --tls-cert <file>
                   PEM: serve https, and take clients' certificates at a second port (RFC 8705)
  --client-ca <file>             PEM: roots of clients' certificates, for tls_client_auth
  --certificate-header <name>    the header in which a proxy hands on a client's certificate; nobody else may reach
                   this server then   (default: none is believed)
  --json           print what it is as one line of JSON, then each event as another

It runs until it is interrupted.

Exit codes: 0 interrupted, 2 wrong command line, 3 the port or a file cannot be used`

const options = {
  port: { type: 'string', default: String(defaultPort) },
  users: { type: 'string' },
  fault: { type: 'string', multiple: true },
  'rotate-keys': { type: 'string' },
  'tls-key': { type: 'string' },
  'tls-cert': { type: 'string' },
  'client-ca': { type: 'string' },
  'certificate-header': { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

export const serveCommand: Command = {
  summary: 'run a server for development and tests',
  help,
  async run(args) {
    const { values, positionals } = readCommandLine('serve', args, options)
    if (positionals.length > 0)
      throw new UsageError(`serve: it takes options alone; "${positionals.join('", "')}" came`)
    const port = readPort(values.port)
    const { json } = values
    const given = readSwitches(values)
    try {
      const server = await createDevServer({
        port,
        ...given,
        ...(await readFiles(values)),
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

type Values = ReturnType<typeof readCommandLine<typeof options>>['values']

/** What the command line itself says. */
function readSwitches(values: Values): DevServerOptions {
  const { 'tls-key': key, 'tls-cert': cert, 'client-ca': ca, 'certificate-header': header } = values
  if ((key === undefined) !== (cert === undefined)) throw new UsageError('serve: --tls-key and --tls-cert go together')
  if (ca !== undefined && key === undefined && header === undefined) {
    throw new UsageError('serve: --client-ca needs --tls-key and --tls-cert, or --certificate-header')
  }
  const rotateKeysEvery = readSeconds(values['rotate-keys'])
  return {
    faults: (values.fault ?? []).map(readFault),
    ...(rotateKeysEvery !== undefined && { rotateKeysEvery }),
    ...(header !== undefined && { clientCertificateHeader: header }),
  }
}

/** What is in the files that it names; the server judges it. */
async function readFiles(values: Values): Promise<DevServerOptions> {
  const read = async (option: 'users' | 'tls-key' | 'tls-cert' | 'client-ca') => {
    const file = values[option]
    try {
      return file === undefined ? undefined : await readFile(file, 'utf8')
    } catch (error) {
      throw new UnusableFile(`--${option}: ${file} cannot be read: ${reasonOf(error)}`)
    }
  }
  const [users, key, cert, ca] = [
    await read('users'),
    await read('tls-key'),
    await read('tls-cert'),
    await read('client-ca'),
  ]
  const tls = key !== undefined && cert !== undefined && { key, cert }
  return {
    ...(users !== undefined && { users: parseUsers(users) }),
    ...(tls && { tls }),
    ...(ca !== undefined && { clientCa: ca }),
  }
}

function parseUsers(text: string): readonly DevUser[] {
  try {
    return JSON.parse(text) as readonly DevUser[]
  } catch (error) {
    throw new UnusableFile(`--users: the file is no JSON: ${(error as Error).message}`)
  }
}

function reasonOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (error as Error).message
}

class UnusableFile extends Error {
  override readonly name = 'UnusableFile'
}

/** What is wrong with what the command was given. */
function unusableText(error: unknown, port: number): string | undefined {
  const { code } = error as { code?: unknown }
  if (code === 'EADDRINUSE') return `port ${port} is in use; choose another with --port`
  if (code === 'EACCES') return `port ${port} is not for this user; choose another with --port`
  // OpenSSL's words for a PEM text that is none, and for a key that is not the certificate's.
  if (typeof code === 'string' && code.startsWith('ERR_OSSL'))
    return `--tls-key, --tls-cert: ${(error as Error).message}`
  return error instanceof UnusableFile || error instanceof TypeError ? error.message : undefined
}

function readPort(text: string): number {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new UsageError('serve: --port takes a number up to 65535')
  return port
}

function readSeconds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new UsageError('serve: --rotate-keys takes a number of seconds')
  return Number(text)
}

function readFault(name: string): DevFault {
  const fault = devFaults.find((one) => one === name)
  if (!fault) throw new UsageError(`serve: there is no fault "${name}"; there are ${devFaults.join(', ')}`)
  return fault
}

/** For programs: what they need to log in. */
function describe({ issuer, mtlsOrigin, users, clients, faults }: DevServer): object {
  return {
    issuer,
    ...(mtlsOrigin !== undefined && { mtlsOrigin }),
    users: users.map(({ username, password, sub = username }) => ({ username, password, sub })),
    clients,
    faults: [...faults],
  }
}

function introduce({ issuer, mtlsOrigin, users, clients, faults }: DevServer): string {
  const rows = [
    ['Issuer', issuer],
    ['Metadata', `${issuer}/.well-known/openid-configuration`],
    ...users.map(({ username, password }) => ['User', `${username}, password ${password}`]),
    ...clients.map(({ client_id: id, client_secret: secret }) => [
      'Client',
      secret === undefined ? `${id}, public` : `${id}, secret ${secret}`,
    ]),
    ...(mtlsOrigin === undefined ? [] : [['With TLS', `${mtlsOrigin}, for clients with a certificate`]]),
    ['Requests', `${issuer}/inbox, where a user answers what comes by CIBA`],
    ['Offers', `${issuer}/offer, where a user makes a pre-authorized code`],
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
