import { describe, expect, it } from 'vitest'
import { createIdentityResolver } from '../../src/atproto/index.ts'
import { alice, createFakeNetwork } from '../support/atproto/fake-network.ts'
import { aResolver, bob, wellKnown } from './identity-rig.ts'

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
