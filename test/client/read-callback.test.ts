import { describe, expect, it } from 'vitest'
import { readCallback } from '../../src/client/read-callback.ts'

const url = 'https://app.example/callback'
const post = (body: BodyInit, headers?: HeadersInit) =>
  new Request(url, { method: 'POST', body, ...(headers && { headers }) })

describe('readCallback', () => {
  it.each([
    ['a URL', () => new URL(`${url}?state=s&code=c`), 'query'],
    ['an absolute URL as text', () => `${url}?state=s&code=c`, 'query'],
    ['a GET', () => new Request(`${url}?state=s&code=c`), 'query'],
    ['a fragment', () => `${url}#state=s&code=c`, 'fragment'],
    ['a fragment beside a query of another kind', () => `${url}?tenant=1#state=s&code=c`, 'fragment'],
    ['a query beside a fragment', () => `${url}?state=s&code=c#state=evil&code=evil`, 'query'],
    ['a form', () => post(new URLSearchParams({ state: 's', code: 'c' })), 'form_post'],
    ['parameters', () => new URLSearchParams({ state: 's', code: 'c' }), undefined],
  ])('reads %s', async (_name, make, carrier) => {
    const response = await readCallback(make())
    expect(Object.fromEntries(response.parameters)).toEqual({ state: 's', code: 'c' })
    expect(response.carrier).toBe(carrier)
  })

  it('reads nothing from the query of a POST', async () => {
    const request = new Request(`${url}?state=s&code=c`, { method: 'POST', body: new URLSearchParams('x=1') })
    expect((await readCallback(request)).parameters.size).toBe(0)
  })

  it.each([
    ['JSON', () => post('{"state":"s"}', { 'content-type': 'application/json' })],
    ['a body without a type', () => post(new Uint8Array([1]))],
    ['more than 256 KiB', () => post(new URLSearchParams({ state: 's'.repeat(300_000) }))],
  ])('refuses %s', async (_name, make) => {
    await expect(readCallback(make())).rejects.toMatchObject({ code: 'invalid_authorization_response' })
  })

  it.each(['HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('takes no %s for a callback', async (method) => {
    const refusal = {
      code: 'invalid_authorization_response',
      clause: 'RFC 6749 3.1.2',
      expected: 'GET or POST',
      actual: method,
    }
    await expect(readCallback(new Request(`${url}?state=s&code=c`, { method }))).rejects.toMatchObject(refusal)
  })

  it('says that a body was read before, and what a callback is', async () => {
    const request = post(new URLSearchParams({ state: 's' }))
    await request.text()
    await expect(readCallback(request)).rejects.toThrow(/read before/)
    for (const none of ['/callback?code=c', undefined, null, 3])
      await expect(readCallback(none as string)).rejects.toThrow(/^handleCallback: "request" must be a Request/)
  })
})
