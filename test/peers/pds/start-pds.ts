// Starts the personal data server of this folder, with the directory of DIDs, as one child process on free ports.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface PdsOptions {
  /** Milliseconds that an access token lives. @default 3_600_000, the server's own */
  readonly tokenMaxAge?: number
  /** Hosts that the test serves over TLS on ports of 127.0.0.1: where clients host their metadata documents. */
  readonly hosts?: Readonly<Record<string, number>>
  /** PEM file of the root that those hosts' certificates come from. */
  readonly caFile?: string
}

export interface RealPds {
  /** Authorization server and resource server at once. */
  readonly url: string
  /** Of the `did:plc` directory. */
  readonly directoryUrl: string
  /** @returns its DID. A handle ends with `.test`. */
  createAccount(account: Account): Promise<string>
  /** Ends all logins of an account, as its user can at the server. */
  revokeAll(did: string): Promise<void>
  close(): Promise<void>
}

export interface Account {
  readonly handle: string
  readonly password: string
}

export async function startPds(options: PdsOptions = {}): Promise<RealPds> {
  const { tokenMaxAge = 3_600_000, hosts = {}, caFile } = options
  const directory = mkdtempSync(join(tmpdir(), 'authentype-pds-'))
  const child = fork(
    join(import.meta.dirname, 'server.mjs'),
    [JSON.stringify({ directory, tokenMaxAge, hosts })],
    // Without the conditions and loaders of the test run; the server's log goes nowhere.
    {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { ...process.env, LOG_ENABLED: 'false', NODE_OPTIONS: '', ...(caFile && { NODE_EXTRA_CA_CERTS: caFile }) },
    },
  )
  const { url, directoryUrl } = await started(child)
  return {
    url,
    directoryUrl,
    async createAccount({ handle, password }) {
      const response = await fetch(`${url}/xrpc/com.atproto.server.createAccount`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ handle, password, email: `${handle.replaceAll('.', '-')}@mail.example` }),
      })
      const body = (await response.json()) as { did?: string }
      if (!response.ok || !body.did) throw new Error(`createAccount: ${response.status} ${JSON.stringify(body)}`)
      return body.did
    },
    revokeAll: (did) => ask(child, 'revokeAll', did),
    async close() {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit')
        await ask(child, 'stop')
        await ended
      }
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function started(child: ChildProcess): Promise<{ url: string; directoryUrl: string }> {
  return await new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as { url: string; directoryUrl: string }))
    child.once('error', reject)
    child.once('exit', (code) =>
      reject(new Error(`the personal data server ended with ${code}; see its message above`)),
    )
  })
}

let wishes = 0

async function ask(child: ChildProcess, wish: string, argument?: string): Promise<void> {
  const id = ++wishes
  await new Promise<void>((resolve) => {
    const onMessage = (message: { readonly done?: number }) => {
      if (message.done !== id) return
      child.off('message', onMessage)
      resolve()
    }
    child.on('message', onMessage)
    child.send({ id, wish, argument })
  })
}
