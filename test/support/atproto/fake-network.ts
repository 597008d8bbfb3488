// A network of the AT Protocol without sockets: a directory, a PDS and its authorization server, which judge what they
// are sent as real ones do, and can be told to lie.
import { createFakeRuntime, type FakeRuntime } from '../fake-runtime.ts'
import { createFakeAuthorizationServer, type FakeAuthorizationServer } from './fake-authorization-server.ts'
import { createFakePds } from './fake-pds.ts'

export type Answer = (request: Request) => Response | Promise<Response>

/** One request as it was sent, with its form where it had one. */
export interface SentRequest {
  readonly method: string
  readonly url: string
  readonly headers: Headers
  readonly form: URLSearchParams
}

export interface FakeAccount {
  readonly did: string
  readonly handle: string
}

export interface FakeNetwork {
  readonly fetch: (request: Request) => Promise<Response>
  /** Answers for `_atproto.` names. */
  readonly resolveTxt: (name: string) => Promise<readonly string[]>
  readonly clock: FakeRuntime
  readonly sent: SentRequest[]
  readonly account: FakeAccount
  readonly server: FakeAuthorizationServer
  /** Puts an answer in the place of what is at this URL, without its query. */
  set(url: string, answer: Answer | object | string): void
  /** No answer from this host, until `up`. */
  down(host: string): void
  up(host: string): void
  /** TXT records by name; an error is thrown. */
  readonly txt: Map<string, readonly string[] | Error>
  /** The requests to this host and path. */
  sentTo(url: string): readonly SentRequest[]
  /** The directory's document, as it is now. */
  document(changes?: object): object
}

export const plc = 'https://plc.directory'
export const pds = 'https://pds.hoster.dev'
export const issuer = 'https://auth.hoster.dev'
export const alice: FakeAccount = { did: 'did:plc:ewvi7nxzyoun6zhxrhs64oiz', handle: 'alice.hoster.dev' }

export interface Origins {
  readonly plc: string
  readonly pds: string
  readonly issuer: string
}

export function createFakeNetwork(origins: Origins = { plc, pds, issuer }): FakeNetwork {
  const clock = createFakeRuntime()
  const sent: SentRequest[] = []
  const answers = new Map<string, Answer>()
  const hosts = new Set<string>()
  const txt = new Map<string, readonly string[] | Error>([[`_atproto.${alice.handle}`, [`did=${alice.did}`]]])
  const server = createFakeAuthorizationServer({ issuer: origins.issuer, clock, account: alice })
  const resource = createFakePds({ pds: origins.pds, clock, server })
  const document = (changes: object = {}) => ({
    '@context': ['https://www.w3.org/ns/did/v1'],
    id: alice.did,
    alsoKnownAs: [`at://${alice.handle}`],
    verificationMethod: [
      {
        id: `${alice.did}#atproto`,
        type: 'Multikey',
        controller: alice.did,
        publicKeyMultibase: 'zQ3shsJcHdhfpKyF3U6rBQziDHsY1ikwCAsqGWhdC1tgaPQxq',
      },
    ],
    service: [{ id: '#atproto_pds', type: 'AtprotoPersonalDataServer', serviceEndpoint: origins.pds }],
    ...changes,
  })
  const network: FakeNetwork = {
    clock,
    sent,
    txt,
    server,
    account: alice,
    document,
    async fetch(request) {
      const text = request.body ? await request.clone().text() : ''
      const { method, url, headers } = request
      sent.push({ method, url, headers, form: new URLSearchParams(text) })
      // As over a real network, the answer comes later.
      await Promise.resolve()
      const { origin, pathname, hostname } = new URL(url)
      if (hosts.has(hostname)) throw new TypeError('fetch failed')
      const answer = answers.get(origin + pathname)
      if (answer) return await answer(request)
      if (origin === origins.issuer) return await server.handle(request)
      if (origin === origins.pds) return await resource(request)
      return new Response('nothing here', { status: 404, headers: { 'content-type': 'text/plain' } })
    },
    async resolveTxt(name) {
      const records = txt.get(name) ?? []
      if (records instanceof Error) throw records
      return records
    },
    set(url, answer) {
      const asText = () => new Response(answer as string, { headers: { 'content-type': 'text/plain' } })
      const asJson = () => Response.json(answer)
      if (typeof answer === 'function') answers.set(url, answer as Answer)
      else answers.set(url, typeof answer === 'string' ? asText : asJson)
    },
    down: (host) => hosts.add(host),
    up: (host) => hosts.delete(host),
    sentTo: (url) => sent.filter((request) => request.url.split('?')[0] === url),
  }
  network.set(`${origins.plc}/${alice.did}`, document())
  return network
}
