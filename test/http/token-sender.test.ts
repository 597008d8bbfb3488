import { describe, expect, it } from 'vitest'
import type { AccessToken, TokenSource } from '../../src/http/token-source.ts'
import { createTokenSender, withAccessToken } from '../../src/http/with-access-token.ts'
import type { Fetch } from '../../src/lib/fetch.ts'
import { aSigningKey } from './signing-key.ts'

const url = 'https://api.example/notes'
const refusal = () => new Response(null, { status: 401, headers: { 'www-authenticate': 'DPoP error="invalid_token"' } })

/** Gives one token, and another once that was refused. */
function sourceOf(first: AccessToken, second: AccessToken): TokenSource {
  return { getAccessToken: async (wanted) => (wanted?.rejected === undefined ? first : second) }
}

/** Keeps the very requests that it got; the first is refused. */
function refusingOnce(): { readonly fetch: Fetch; readonly sent: Request[] } {
  const sent: Request[] = []
  return { sent, fetch: async (request) => (sent.push(request) === 1 ? refusal() : new Response('ok')) }
}

describe('a request that is given away', () => {
  it('is sent as it is, once; what is sent again is another, so that nobody sees a request change', async () => {
    const key = await aSigningKey()
    const { fetch, sent } = refusingOnce()
    const source = sourceOf(
      { kind: 'dpop', key, value: 't1', scope: '' },
      { kind: 'dpop', key, value: 't2', scope: '' },
    )
    const request = new Request(url, { redirect: 'manual' })
    const response = await createTokenSender(fetch, { origins: [url] })(request, source, 'own')
    expect(response.status).toBe(200)
    expect(sent[0]).toBe(request)
    expect(sent[1]).not.toBe(request)
    expect(sent.map(({ headers }) => headers.get('authorization'))).toEqual(['DPoP t1', 'DPoP t2'])
    expect(sent[0]!.headers.get('dpop')).not.toBe(sent[1]!.headers.get('dpop'))
  })

  it('takes no proof along to a token that needs none', async () => {
    const key = await aSigningKey()
    const { fetch, sent } = refusingOnce()
    const source = sourceOf({ kind: 'dpop', key, value: 't1', scope: '' }, { kind: 'bearer', value: 't2', scope: '' })
    const request = new Request(url, { method: 'POST', redirect: 'manual', body: 'note' })
    const send = createTokenSender(fetch, { origins: [url] })
    await send(request, source, 'own')
    expect(sent[1]!.headers.get('authorization')).toBe('Bearer t2')
    expect(sent[1]!.headers.has('dpop')).toBe(false)
    expect(await sent[1]!.text()).toBe('note')
  })
})

describe('a request that is not given away', () => {
  it('is never changed: no token stays in the hands of whoever made it', async () => {
    const { fetch, sent } = refusingOnce()
    const token = { kind: 'bearer', value: 't1', scope: '' } as const
    const request = new Request(url)
    await withAccessToken(fetch, sourceOf(token, { ...token, value: 't2' }), { origins: [url] })(request)
    expect(sent).toHaveLength(2)
    expect(request.headers.has('authorization')).toBe(false)
    expect(sent.every(({ redirect }) => redirect === 'manual')).toBe(true)
  })
})
