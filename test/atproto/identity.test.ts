import { describe, expect, it } from 'vitest'
import { parseDid } from '../../src/atproto/identity/did.ts'
import { systemResolveTxt } from '../../src/atproto/identity/dns-txt.ts'
import type { IdentityResolverOptions } from '../../src/atproto/index.ts'
import {
  AtprotoError,
  createIdentityResolver,
  type IdentityEvent,
  isHandle,
  parseDidDocument,
  parseHandle,
} from '../../src/atproto/index.ts'
import { alice, createFakeNetwork, pds, plc } from '../support/atproto/fake-network.ts'
import { caught } from '../support/caught.ts'

const wellKnown = `https://${alice.handle}/.well-known/atproto-did`
const bob = 'did:plc:z72i7hdynmk6r22z27h6tvur'

function aResolver(options: Partial<IdentityResolverOptions> = {}) {
  const network = createFakeNetwork()
  const events: IdentityEvent[] = []
  const resolver = createIdentityResolver({
    fetch: network.fetch,
    resolveTxt: network.resolveTxt,
    runtime: network.clock,
    onEvent: (event) => events.push(event),
    ...options,
  })
  return { network, resolver, events, clock: network.clock }
}

describe('a handle', () => {
  it.each([
    ...['alice.bsky.social', 'a.b.c.d.e.f', 'my-name.com'],
    // AT Protocol Handle, "Identifier Examples"
    ...['jay.bsky.social', '8.cn', 'name.t--t', 'a.co', 'xn--notarealidn.com', 'xn--ls8h.test', 'example.t'],
    'xn--fiqa61au8b7zsevnm8ak20mc4a87e.xn--fiqs8s',
  ])('%s is one', (text) => {
    expect(isHandle(text)).toBe(true)
    expect(parseHandle(text)).toBe(text)
  })

  it('is read as people type it', () => {
    expect(parseHandle(' @Alice.BSKY.Social\u202c\u200b ')).toBe('alice.bsky.social')
    expect(parseHandle('\u2066alice.bsky\u200b.social\n')).toBe('alice.bsky.social')
  })

  it.each(['al ice.bsky.social', 'alice .com', 'alice.bs\nky.social', '@ alice.com', 'alice.com\0'])(
    'is not put together from %j, which may be two names',
    (text) => {
      expect(() => parseHandle(text)).toThrow(expect.objectContaining({ code: 'invalid_handle' }))
    },
  )

  it.each([
    'alice',
    '',
    '.com',
    'alice.',
    'alice..com',
    '-alice.com',
    'alice-.com',
    'alice.123',
    '127.0.0.1',
    'al_ice.com',
    'alice.com/x',
    'alice.com:80',
    'https://alice.com',
    'did:plc:x',
    'älice.com',
    `${'a'.repeat(64)}.com`,
    `${'a.'.repeat(126)}com`,
    'x.local',
    'x.arpa',
    'handle.invalid',
    // AT Protocol Handle, "Identifier Examples"
    ...['jo@hn.test', '💩.test', 'john..test', 'xn--bcher-.tld', 'john.0', 'cn.8', 'org', 'name.org.', 'laptop.local'],
    'x.localhost',
    'x.internal',
    'x.example',
    'x.alt',
    'x.onion',
    42,
    null,
  ])('%j is none', (text) => {
    expect(isHandle(text)).toBe(false)
    expect(caught(AtprotoError, () => parseHandle(text)).code).toBe('invalid_handle')
  })
})

describe('a DID', () => {
  it.each([
    [alice.did, 'plc'],
    ['did:web:alice.dev', 'web'],
    ['did:web:ALICE.dev', 'web'],
  ])('%s is one', (did, method) => {
    expect(parseDid(did)).toMatchObject({ did, method })
  })

  it.each([
    ['', 'invalid_did'],
    ['did:plc', 'invalid_did'],
    ['did:plc:', 'invalid_did'],
    ['did:plc:short', 'invalid_did'],
    [`${alice.did}x`, 'invalid_did'],
    [alice.did.toUpperCase(), 'invalid_did'],
    ['did:plc:ewvi7nxzyoun6zhxrhs64oi1', 'invalid_did'],
    [`${alice.did}#atproto`, 'invalid_did'],
    [42, 'invalid_did'],
    ['did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK', 'invalid_did_type'],
    ['did:web:alice.dev:path', 'invalid_did_type'],
    ['did:web:alice.dev%3A8080', 'invalid_did_type'],
    ['did:web:localhost', 'invalid_did_type'],
    ['did:web:127.0.0.1', 'invalid_did_type'],
    ['did:web:intranet', 'invalid_did_type'],
    ['did:web:printer.local', 'invalid_did_type'],
    ['did:web:x.arpa', 'invalid_did_type'],
    ['did:method:val:two', 'invalid_did_type'],
    ['did:m:v', 'invalid_did_type'],
    ['did:METHOD:val', 'invalid_did'],
    ['did:m123:val', 'invalid_did'],
    ['DID:method:val', 'invalid_did'],
    ['did:method:', 'invalid_did'],
    ['did:method:val/two', 'invalid_did'],
    ['did:method:val?two', 'invalid_did'],
    [`did:web:${'a'.repeat(3000)}.dev`, 'invalid_did'],
  ])('%s is refused as %s', (text, code) => {
    expect(caught(AtprotoError, () => parseDid(text)).code).toBe(code)
  })

  it('of this machine is one in development', () => {
    expect(parseDid('did:web:localhost%3A2583', { allowLoopbackHttp: true })).toMatchObject({ host: 'localhost:2583' })
    expect(() => parseDid('did:web:intranet%3A2583', { allowLoopbackHttp: true })).toThrow(AtprotoError)
  })
})

describe('the resolution of a handle', () => {
  it.each(['dns-first', 'http-first', 'race', 'both'] as const)(
    '%s finds what only DNS has, and what only HTTPS has',
    async (handleStrategy) => {
      const { network, resolver } = aResolver({ handleStrategy })
      expect(await resolver.resolveHandle(alice.handle)).toBe(alice.did)
      network.txt.clear()
      network.set(wellKnown, `${alice.did}\n`)
      expect(await resolver.resolveHandle(alice.handle, { fresh: true })).toBe(alice.did)
    },
  )

  it('asks HTTPS only where DNS has nothing, and the other way about', async () => {
    const dns = aResolver({ handleStrategy: 'dns-first' })
    dns.network.set(wellKnown, bob)
    expect(await dns.resolver.resolveHandle(alice.handle)).toBe(alice.did)
    expect(dns.network.sentTo(wellKnown)).toHaveLength(0)
    const http = aResolver({ handleStrategy: 'http-first' })
    http.network.set(wellKnown, bob)
    expect(await http.resolver.resolveHandle(alice.handle)).toBe(bob)
  })

  it('takes what comes first in a race, and waits for the other where the first has nothing', async () => {
    let answer = () => {}
    const late = new Promise<void>((resolve) => {
      answer = resolve
    })
    const { network, resolver } = aResolver({
      handleStrategy: 'race',
      resolveTxt: async () => {
        await late
        return [`did=${alice.did}`]
      },
    })
    network.set(wellKnown, bob)
    expect(await resolver.resolveHandle(alice.handle)).toBe(bob)
    network.set(wellKnown, () => new Response('', { status: 404 }))
    const waiting = resolver.resolveHandle(alice.handle, { fresh: true })
    answer()
    expect(await waiting).toBe(alice.did)
  })

  it.each(['both', 'dns-first', 'race', 'http-first'] as const)(
    'by %s refuses DNS records of two DIDs',
    async (handleStrategy) => {
      const { network, resolver } = aResolver({ handleStrategy })
      network.txt.set(`_atproto.${alice.handle}`, [`did=${alice.did}`, `did=${bob}`])
      await expect(resolver.resolveHandle(alice.handle)).rejects.toMatchObject({ code: 'ambiguous_handle' })
    },
  )

  it('does not let HTTPS choose between two DNS records', async () => {
    for (const handleStrategy of ['both', 'dns-first'] as const) {
      const { network, resolver } = aResolver({ handleStrategy })
      network.txt.set(`_atproto.${alice.handle}`, [`did=${alice.did}`, `did=${bob}`])
      network.set(wellKnown, alice.did)
      await expect(resolver.resolveHandle(alice.handle)).rejects.toMatchObject({ code: 'ambiguous_handle' })
    }
  })

  it('by both refuses DNS and HTTPS that differ', async () => {
    const { network, resolver } = aResolver({ handleStrategy: 'both' })
    network.set(wellKnown, bob)
    await expect(resolver.resolveHandle(alice.handle)).rejects.toMatchObject({
      code: 'ambiguous_handle',
      actual: [alice.did, bob],
    })
    network.set(wellKnown, alice.did)
    expect(await resolver.resolveHandle(alice.handle)).toBe(alice.did)
  })

  it('passes over records of others, and takes one that is repeated', async () => {
    const { network, resolver } = aResolver()
    const records = ['v=spf1 -all', 'did=', 'did=nonsense', `did=${alice.did}`, `did=${alice.did}`]
    network.txt.set(`_atproto.${alice.handle}`, records)
    expect(await resolver.resolveHandle(alice.handle)).toBe(alice.did)
  })

  it.each([
    ['a page', '<html>hello</html>'],
    ['nothing', ''],
    ['two lines', `${alice.did}\n${bob}`],
  ])('takes %s at the well-known path for no answer', async (_, text) => {
    const { network, resolver } = aResolver()
    network.txt.clear()
    network.set(wellKnown, text)
    await expect(resolver.resolveHandle(alice.handle)).rejects.toMatchObject({ code: 'handle_not_found' })
  })

  it('follows up to three redirects of HTTPS, as the host of a name may be elsewhere', async () => {
    const { network, resolver } = aResolver()
    const to = (location: string) => () => new Response(null, { status: 302, headers: { location } })
    network.txt.clear()
    network.set(wellKnown, to('https://www.hoster.dev/1'))
    network.set('https://www.hoster.dev/1', to('/2'))
    network.set('https://www.hoster.dev/2', to('https://cdn.hoster.dev/3'))
    network.set('https://cdn.hoster.dev/3', alice.did)
    expect(await resolver.resolveHandle(alice.handle)).toBe(alice.did)
    for (const location of [
      'https://cdn.hoster.dev/4',
      'http://cdn.hoster.dev/5',
      'https://u@cdn.hoster.dev/6',
      '//:',
    ]) {
      network.set('https://cdn.hoster.dev/3', to(location))
      await expect(resolver.resolveHandle(alice.handle, { fresh: true })).rejects.toMatchObject({
        cause: { code: 'redirect_refused' },
      })
    }
    expect(network.sent.some(({ url }) => /[456]$/.test(url))).toBe(false)
  })

  it('takes any success of the well-known path', async () => {
    const { network, resolver } = aResolver()
    network.txt.clear()
    network.set(wellKnown, () => new Response(` ${alice.did}\n`, { status: 203 }))
    expect(await resolver.resolveHandle(alice.handle)).toBe(alice.did)
  })

  it('goes on by the other way where one fails, and says what failed where both do', async () => {
    const { network, resolver } = aResolver()
    network.txt.set(`_atproto.${alice.handle}`, new Error('SERVFAIL'))
    network.set(wellKnown, alice.did)
    expect(await resolver.resolveHandle(alice.handle)).toBe(alice.did)
    network.down(alice.handle)
    const error = await resolver.resolveHandle(alice.handle, { fresh: true }).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'handle_not_found', cause: { message: 'SERVFAIL' } })
  })

  it('refuses a DID that can be no account', async () => {
    const { network, resolver } = aResolver()
    network.txt.set(`_atproto.${alice.handle}`, ['did=did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'])
    await expect(resolver.resolveHandle(alice.handle)).rejects.toMatchObject({ code: 'invalid_did_type' })
  })

  it('asks DNS over HTTPS where there is no DNS', async () => {
    const { process } = globalThis
    const network = createFakeNetwork()
    Object.defineProperty(globalThis, 'process', { value: undefined, configurable: true })
    try {
      const resolver = createIdentityResolver({ fetch: network.fetch, runtime: network.clock })
      const url = 'https://cloudflare-dns.com/dns-query'
      const answers = [
        { name: `_atproto.${alice.handle}`, type: 5, data: 'elsewhere.dev.' },
        {
          name: `_atproto.${alice.handle}`,
          type: 16,
          data: `"did=${alice.did.slice(0, 12)}" "${alice.did.slice(12)}"`,
        },
      ]
      network.set(url, { Status: 0, Answer: answers })
      expect(await resolver.resolveHandle(alice.handle)).toBe(alice.did)
      const [asked] = network.sentTo(url)
      expect(asked!.url).toBe(`${url}?name=_atproto.${alice.handle}&type=TXT`)
      expect(asked!.headers.get('accept')).toBe('application/dns-json')
      network.set(url, { Status: 0, Answer: [{ type: 16, data: `did=${alice.did}` }] })
      expect(await resolver.resolveHandle(alice.handle, { fresh: true })).toBe(alice.did)
      network.set(url, { Status: 3 })
      await expect(resolver.resolveHandle(alice.handle, { fresh: true })).rejects.toMatchObject({
        code: 'handle_not_found',
      })
      network.set(url, { Status: 2 })
      await expect(resolver.resolveHandle(alice.handle, { fresh: true })).rejects.toMatchObject({
        cause: { code: 'invalid_body' },
      })
      network.set(url, 'not JSON')
      await expect(resolver.resolveHandle(alice.handle, { fresh: true })).rejects.toMatchObject({
        cause: { code: 'invalid_body' },
      })
    } finally {
      Object.defineProperty(globalThis, 'process', { value: process, configurable: true, writable: true })
    }
  })
})

describe('the runtime’s own resolver', () => {
  /** What c-ares would say. */
  async function withDns<T>(
    answer: () => Promise<string[][]>,
    task: (cancelled: () => number) => Promise<T>,
  ): Promise<T> {
    const { getBuiltinModule } = process
    let cancelled = 0
    class Resolver {
      resolveTxt = answer
      cancel() {
        cancelled++
      }
    }
    process.getBuiltinModule = ((id: string) =>
      id === 'node:dns' ? { promises: { Resolver } } : getBuiltinModule(id)) as typeof getBuiltinModule
    try {
      return await task(() => cancelled)
    } finally {
      process.getBuiltinModule = getBuiltinModule
    }
  }
  const dnsError = (code: string) => Object.assign(new Error(`queryTxt ${code}`), { code })

  it('joins the strings of a record', async () => {
    const records = async () => [[`did=${alice.did.slice(0, 9)}`, alice.did.slice(9)]]
    await withDns(records, async () => {
      expect(await systemResolveTxt(1000)!(`_atproto.${alice.handle}`, {})).toEqual([`did=${alice.did}`])
    })
  })

  it.each(['ENOTFOUND', 'ENODATA'])('takes %s for no records, and nothing else', async (code) => {
    await withDns(
      () => Promise.reject(dnsError(code)),
      async () => expect(await systemResolveTxt(1000)!('_atproto.x.dev', {})).toEqual([]),
    )
    await withDns(
      () => Promise.reject(dnsError('ESERVFAIL')),
      async () => await expect(systemResolveTxt(1000)!('_atproto.x.dev', {})).rejects.toThrow('ESERVFAIL'),
    )
  })

  it('ends with its caller', async () => {
    const controller = new AbortController()
    await withDns(
      () => new Promise(() => {}),
      async (cancelled) => {
        const waiting = systemResolveTxt(1000)!('_atproto.x.dev', { signal: controller.signal })
        controller.abort(new Error('left'))
        await expect(waiting).rejects.toThrow('left')
        expect(cancelled()).toBe(1)
      },
    )
  })
})

describe('the resolution of a DID', () => {
  it('asks the directory for did:plc, one of the user’s where it is configured', async () => {
    const { network, resolver } = aResolver({ plcDirectoryUrl: 'https://plc.own.dev/' })
    await expect(resolver.resolveDid(alice.did)).rejects.toMatchObject({ code: 'did_not_found' })
    network.set(`https://plc.own.dev/${alice.did}`, network.document())
    expect((await resolver.resolveDid(alice.did)).pds).toBe(pds)
  })

  it('asks the host for did:web', async () => {
    const { network, resolver } = aResolver()
    network.set('https://alice.dev/.well-known/did.json', { ...network.document(), id: 'did:web:alice.dev' })
    expect((await resolver.resolveDid('did:web:alice.dev')).did).toBe('did:web:alice.dev')
  })

  it.each([404, 410])('says of a %i that there is none', async (status) => {
    const { network, resolver } = aResolver()
    network.set(`${plc}/${alice.did}`, () => new Response('gone', { status }))
    await expect(resolver.resolveDid(alice.did)).rejects.toMatchObject({ code: 'did_not_found' })
  })

  it.each([
    ['an error', () => new Response('', { status: 500 }), 'unexpected_status'],
    ['a status near 200', () => Response.json({}, { status: 203 }), 'unexpected_status'],
    ['no JSON', () => new Response('<html>'), 'invalid_json'],
    ['JSON of two meanings', () => new Response(`{"id":"${alice.did}","id":"${bob}"}`), 'invalid_json'],
    ['a list', () => Response.json([]), 'invalid_did_document'],
    ['nothing of a DID', () => Response.json({}), 'invalid_did_document'],
    ['the document of another', () => Response.json({ id: bob }), 'id_mismatch'],
  ])('refuses %s', async (_, answer, code) => {
    const { network, resolver } = aResolver()
    network.set(`${plc}/${alice.did}`, answer)
    await expect(resolver.resolveDid(alice.did)).rejects.toMatchObject({ code })
  })
})

describe('the resolution of an account', () => {
  it('checks the handle in both directions', async () => {
    const { resolver } = aResolver()
    expect(await resolver.resolve(alice.handle)).toMatchObject({ did: alice.did, handle: alice.handle, pds })
    expect(await resolver.resolve(alice.did)).toMatchObject({ did: alice.did, handle: alice.handle, pds })
  })

  it('refuses a handle that the DID does not claim, and one that claims to be somebody’s', async () => {
    const { network, resolver } = aResolver()
    network.txt.set('_atproto.mallory.dev', [`did=${alice.did}`])
    await expect(resolver.resolve('mallory.dev')).rejects.toMatchObject({
      code: 'handle_mismatch',
      actual: alice.handle,
    })
    network.set(`${plc}/${alice.did}`, network.document({ alsoKnownAs: [] }))
    await expect(resolver.resolve(alice.handle, { fresh: true })).rejects.toMatchObject({
      code: 'handle_mismatch',
      actual: 'none',
    })
  })

  it('leaves a handle out that does not point back, where a DID was asked for', async () => {
    const { network, resolver } = aResolver()
    network.txt.set(`_atproto.${alice.handle}`, [`did=${bob}`])
    expect(await resolver.resolve(alice.did)).not.toHaveProperty('handle')
    network.txt.clear()
    expect(await resolver.resolve(alice.did, { fresh: true })).not.toHaveProperty('handle')
  })
})

describe('what was found', () => {
  it('is kept for an hour, told of, and passed over where fresh is asked for', async () => {
    const { resolver, events, clock, network } = aResolver()
    await resolver.resolveDid(alice.did)
    clock.advance(60 * 60_000 - 1)
    await resolver.resolveDid(alice.did)
    expect(network.sentTo(`${plc}/${alice.did}`)).toHaveLength(1)
    await resolver.resolveDid(alice.did, { fresh: true })
    clock.advance(60 * 60_000)
    await resolver.resolveDid(alice.did)
    expect(network.sentTo(`${plc}/${alice.did}`)).toHaveLength(3)
    expect(events.map(({ kind }) => kind)).toEqual([
      'identity_cache_miss',
      'identity_cache_hit',
      'identity_cache_miss',
      'identity_cache_miss',
    ])
    expect(events[0]).toEqual({ kind: 'identity_cache_miss', subject: 'did', name: alice.did })
  })

  it('serves no longer than the caller allows', async () => {
    const { resolver, clock, network } = aResolver()
    await resolver.resolveHandle(alice.handle)
    clock.advance(1001)
    network.txt.set(`_atproto.${alice.handle}`, [`did=${bob}`])
    expect(await resolver.resolveHandle(alice.handle, { maxAge: 2000 })).toBe(alice.did)
    expect(await resolver.resolveHandle(alice.handle, { maxAge: 1000 })).toBe(bob)
  })

  it('is not used when the clock was set back, and failures are not kept', async () => {
    const { resolver, clock, network } = aResolver()
    await resolver.resolveDid(alice.did)
    clock.advance(-1)
    await resolver.resolveDid(alice.did)
    expect(network.sentTo(`${plc}/${alice.did}`)).toHaveLength(2)
    network.down('plc.directory')
    await expect(resolver.resolveDid(alice.did, { fresh: true })).rejects.toMatchObject({ code: 'network_error' })
    network.up('plc.directory')
    await resolver.resolveDid(alice.did, { fresh: true })
  })

  it('is asked for once by all who wait, of whom one may leave', async () => {
    const { resolver, network } = aResolver()
    const controller = new AbortController()
    const leaving = resolver.resolveDid(alice.did, { signal: controller.signal })
    const staying = resolver.resolveDid(alice.did)
    controller.abort(new Error('left'))
    await expect(leaving).rejects.toThrow('left')
    expect((await staying).did).toBe(alice.did)
    expect(network.sentTo(`${plc}/${alice.did}`)).toHaveLength(1)
  })
})

describe('createIdentityResolver', () => {
  it.each([
    ['an unknown option', { plcDirectory: 'https://plc.dev' }],
    ['an unknown strategy', { handleStrategy: 'dns' }],
    ['a directory without TLS', { plcDirectoryUrl: 'http://plc.dev' }],
    ['a resolver without TLS', { dnsOverHttpsUrl: 'http://dns.dev' }],
  ])('refuses %s', (_, options) => {
    expect(() => createIdentityResolver(options as never)).toThrow(TypeError)
  })

  it('takes a directory on this machine in development', () => {
    expect(() =>
      createIdentityResolver({ plcDirectoryUrl: 'http://localhost:2582', allowLoopbackHttp: true }),
    ).not.toThrow()
  })
})

describe('a DID document', () => {
  const document = (changes: object) => parseDidDocument({ id: alice.did, ...changes }, alice.did)
  const service = (serviceEndpoint: unknown, more: object = {}) =>
    document({ service: [{ id: '#atproto_pds', type: 'AtprotoPersonalDataServer', serviceEndpoint, ...more }] })

  it('tells handle, PDS and services', () => {
    const parsed = document({
      alsoKnownAs: ['https://alice.dev', 'at://alice', 'at://Alice.dev', 'at://second.dev', 42],
      service: [
        { id: `${alice.did}#atproto_pds`, type: 'AtprotoPersonalDataServer', serviceEndpoint: 'https://pds.dev:8443' },
        { id: '#atproto_labeler', type: 'AtprotoLabeler', serviceEndpoint: 'https://labels.dev' },
        'nonsense',
        { id: '#x' },
      ],
    })
    expect(parsed.handle).toBe('alice.dev')
    expect(parsed.pds).toBe('https://pds.dev:8443')
    expect(parsed.serviceEndpoint('atproto_labeler')).toBe('https://labels.dev')
    expect(parsed.serviceEndpoint('atproto_labeler', 'Other')).toBeUndefined()
    expect(parsed.services).toHaveLength(2)
  })

  it.each([
    ['none', undefined],
    ['nothing but malformed ones', ['at://alice', 'alice.dev', 'at://handle.invalid']],
    ['one with a path', ['at://alice.dev/app.bsky.feed.post/1']],
  ])('has no handle of %s', (_, alsoKnownAs) => {
    expect(document({ alsoKnownAs }).handle).toBeUndefined()
  })

  it.each([
    'https://pds.dev/xrpc',
    'https://pds.dev/?a',
    'https://pds.dev/#a',
    'https://user@pds.dev',
    'http://pds.dev',
    'http://localhost:2583',
    'ftp://pds.dev',
    'pds.dev',
    'https://pds.dev//',
    'https://pds.dev/./',
    42,
    undefined,
    ['https://pds.dev'],
  ])('with %j for a PDS has an invalid one', (endpoint) => {
    expect(caught(AtprotoError, () => service(endpoint).pds).code).toBe('invalid_pds')
  })

  it('takes a bare slash for no path, and a loopback PDS in development', () => {
    expect(service('https://pds.dev/').pds).toBe('https://pds.dev')
    const body = {
      id: alice.did,
      service: [{ id: '#atproto_pds', type: 'AtprotoPersonalDataServer', serviceEndpoint: 'http://localhost:2583' }],
    }
    expect(parseDidDocument(body, alice.did, { allowLoopbackHttp: true }).pds).toBe('http://localhost:2583')
  })

  it('takes a service of several types for what each of them says (DID Core 5.4)', () => {
    expect(service('https://pds.dev', { type: ['Other', 'AtprotoPersonalDataServer', 5] }).pds).toBe('https://pds.dev')
    expect(() => service('https://pds.dev', { type: ['Other'] }).pds).toThrow(AtprotoError)
  })

  it('takes no service of another name or type for the PDS', () => {
    expect(() => service('https://pds.dev', { type: 'Other' }).pds).toThrow(AtprotoError)
    expect(() => service('https://pds.dev', { id: '#pds' }).pds).toThrow(AtprotoError)
    expect(() => service('https://pds.dev', { id: `${bob}#atproto_pds` }).pds).toThrow(AtprotoError)
  })

  it('cannot be changed', () => {
    const parsed = service('https://pds.dev')
    expect(() => Object.assign(parsed, { did: bob })).toThrow(TypeError)
    expect(() => Object.assign(parsed.services[0]!, { endpoint: 'https://evil.dev' })).toThrow(TypeError)
  })

  it.each([
    ['verificationMethod', {}],
    ['service', 'x'],
    ['alsoKnownAs', 1],
  ])('whose %s is no list is refused', (name, value) => {
    expect(caught(AtprotoError, () => document({ [name]: value })).code).toBe('invalid_did_document')
  })
})
