// What the suites have in common: the server, a browser with the names of this run, an application that logins come
// back to, and clients of both kinds.
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { type AtprotoClient, type AtprotoEvent, createAtprotoClient } from '../../../src/atproto/index.ts'
import { createScreenedFetch } from '../../../src/http/screened-fetch.ts'
import { exportSigningKey, generateSigningKey } from '../../../src/lib/signatures/node.ts'
import type { Session } from '../../../src/sessions/index.ts'
import { createMemoryStore, type RecordStore } from '../../../src/stores/memory/index.ts'
import { launchChromium } from '../../support/browser.ts'
import { makeCertificates } from '../../support/certificates.ts'
import { type RealPds, startPds } from './start-pds.ts'

export const password = 'a-password-of-this-test'
/** The application's host. The server takes no reserved name; this one leads nowhere but to this machine. */
const appHost = 'app.authentype-suite.dev'

/** Hosts of accounts that are named by their host: did:web. */
export const accountHosts = [`one.${appHost}`, `two.${appHost}`] as const

export interface PdsRig {
  readonly pds: RealPds
  readonly browser: Browser
  /** The host of the application; https there leads to what `serve` serves, for the server and the browser. */
  readonly appHost: string
  /** The handle and DID of a new account. */
  anAccount(): Promise<{ readonly handle: string; readonly did: string }>
  /** The development client, public, on http://127.0.0.1. */
  publicClient(options?: ClientOptions): AtprotoClient
  /** A client with a key, whose metadata document is at https://<its host>/client-metadata.json. */
  confidentialClient(options?: ClientOptions): AtprotoClient
  /** Logs in through the server's pages, in a browser that nobody used before. */
  logIn(client: AtprotoClient, identifier: string, account: { readonly handle: string }): Promise<Session>
  /** Serves an application in the place of the one that logins come back to. */
  serve(listener: RequestListener): { readonly origin: string }
  close(): Promise<void>
}

export interface ClientOptions {
  readonly store?: RecordStore
  readonly events?: AtprotoEvent[]
  readonly scopes?: readonly string[]
  /** Sees every request of the client's own. */
  readonly onRequest?: (request: Request) => Promise<void>
}

export async function startRig(options: { readonly tokenMaxAge?: number } = {}): Promise<PdsRig> {
  const folder = mkdtempSync(join(tmpdir(), 'authentype-pds-rig-'))
  const certificates = makeCertificates(appHost, `DNS:${appHost},DNS:*.${appHost}`)
  const caFile = join(folder, 'root.pem')
  writeFileSync(caFile, certificates.ca)
  let listener: RequestListener = (_, response) => response.end('back at the application')
  const handler: RequestListener = (request, response) => listener(request, response)
  const secure = await listening(createHttpsServer(certificates.server, handler))
  const plain = await listening(createHttpServer(handler))
  const names = [appHost, ...accountHosts]
  const hosts = Object.fromEntries(names.map((name) => [name, secure.port]))
  const pds = await startPds({ ...options, hosts, caFile })
  // The certificate is of this run's own root, which no browser knows.
  const browser = await launchChromium([
    `--host-resolver-rules=MAP ${appHost}:443 127.0.0.1:${secure.port}`,
    '--ignore-certificate-errors',
  ])
  // One for the run: the server keeps a document that it has read for a while.
  const stored = await exportSigningKey(await generateSigningKey('ES256'))
  if (!('jwk' in stored)) throw new Error('the key cannot be exported')
  const key = { ...stored.jwk, kid: 'key-1', alg: 'ES256' }
  let accounts = 0

  const screened = createScreenedFetch({ allowLoopbackHttp: true })

  function clientOptions(wanted: ClientOptions) {
    const { store = createMemoryStore(), events, scopes = ['transition:generic'], onRequest } = wanted
    return {
      store,
      scopes,
      plcDirectoryUrl: pds.directoryUrl,
      allowLoopbackHttp: true,
      // The records of the handles' domain, which nobody but the server itself has.
      resolveTxt: async (name: string) => await txtRecords(pds, name),
      ...(events && { onEvent: (event: AtprotoEvent) => void events.push(event) }),
      ...(onRequest && {
        async fetch(request: Request) {
          await onRequest(request)
          return await screened(request)
        },
      }),
    }
  }

  return {
    pds,
    browser,
    appHost,
    async anAccount() {
      const handle = `user-${++accounts}.test`
      return { handle, did: await pds.createAccount({ handle, password }) }
    },
    publicClient: (wanted = {}) =>
      createAtprotoClient({ ...clientOptions(wanted), baseUrl: `http://127.0.0.1:${plain.port}`, localhost: true }),
    confidentialClient(wanted = {}) {
      const client = createAtprotoClient({ ...clientOptions(wanted), baseUrl: `https://${appHost}`, key })
      listener = (request, response) => {
        if (request.url !== '/client-metadata.json') return response.end('back at the application')
        response.setHeader('content-type', 'application/json')
        return response.end(JSON.stringify(client.clientMetadata))
      }
      return client
    },
    async logIn(client, identifier, { handle }) {
      const context = await browser.newContext()
      try {
        const page = await context.newPage()
        const url = await client.createAuthorizationUrl(identifier)
        return await client.handleCallback(await authorize(page, url, { handle, back: client.redirectUri }))
      } finally {
        await context.close()
      }
    },
    serve(next) {
      listener = next
      return { origin: `http://127.0.0.1:${plain.port}` }
    },
    async close() {
      await browser.close()
      await pds.close()
      for (const { server } of [secure, plain]) {
        server.closeAllConnections()
        server.close()
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function listening(server: Server): Promise<{ server: Server; port: number }> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, port: (server.address() as { port: number }).port }
}

async function txtRecords({ url }: RealPds, name: string): Promise<readonly string[]> {
  const handle = name.replace(/^_atproto\./, '')
  const response = await fetch(`${url}/xrpc/com.atproto.identity.resolveHandle?handle=${handle}`)
  return response.ok ? [`did=${((await response.json()) as { did: string }).did}`] : []
}

/** Goes through the authorization server's pages as a user does. @returns the URL that the browser ended at */
export async function authorize(
  page: Page,
  url: URL,
  { handle, back, deny = false }: { readonly handle: string; readonly back: string; readonly deny?: boolean },
): Promise<URL> {
  await page.goto(url.href)
  await signIn(page, handle)
  const button = page.getByRole('button', { name: deny ? 'Deny access' : 'Authorize', exact: true })
  const isBack = page.waitForURL((at) => at.href.startsWith(back))
  // A confidential client to which the user has said yes before is not asked for again.
  await Promise.race([isBack, button.waitFor().catch(() => {})])
  if (await button.isVisible()) await button.click()
  await isBack
  return new URL(page.url())
}

/** The login page of the authorization server, after which it asks for consent. */
export async function signIn(page: Page, handle: string): Promise<void> {
  const passwordField = page.getByRole('textbox', { name: 'Password' })
  const begin = page.getByRole('button', { name: 'Sign in', exact: true })
  await begin.waitFor()
  // Without a hint of the account, a page before it asks whether there is one.
  if (!(await passwordField.isVisible())) await begin.click()
  await passwordField.waitFor()
  const identifier = page.getByRole('textbox', { name: 'Identifier' })
  if (await identifier.isEnabled()) await identifier.fill(handle)
  await passwordField.fill(password)
  await begin.click()
}

/** Where to put pictures of the pages, to look at them; none are taken without it. */
const pictures = process.env.SCREENSHOTS

export async function takePicture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return
  mkdirSync(pictures, { recursive: true })
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true })
}

export type { BrowserContext, Page }
