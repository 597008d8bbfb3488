import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { privateKeyJwt } from '../../src/protocol/client-assertion.ts'
import { clientSecretBasic, clientSecretPost, none } from '../../src/protocol/client-auth.ts'
import { createFakeRuntime } from '../support/fake-runtime.ts'

const context = { clientId: 'my-app', issuer: 'https://as.example', runtime: createFakeRuntime() }

async function basicCredentials(clientId: string, secret: string): Promise<string> {
  const { headers = {} } = await clientSecretBasic(secret).authenticate({ ...context, clientId })
  const [scheme, encoded] = (headers.authorization ?? '').split(' ')
  expect(scheme).toBe('Basic')
  return atob(encoded ?? '')
}

describe('none', () => {
  it('names the client and proves nothing', async () => {
    expect(none().method).toBe('none')
    expect(await none().authenticate(context)).toEqual({ parameters: { client_id: 'my-app' } })
  })
})

describe('clientSecretBasic', () => {
  it('gives the example of RFC 6749 2.3.1', async () => {
    const { headers } = await clientSecretBasic('7Fjfp0ZBr1KtDRbnfVdmIw').authenticate({
      ...context,
      clientId: 's6BhdRkqt3',
    })
    expect(headers).toEqual({ authorization: 'Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3' })
  })

  it('form-encodes both parts before it joins them', async () => {
    expect(await basicCredentials('https://app.example/id', ' %&+£€')).toBe(
      'https%3A%2F%2Fapp.example%2Fid:+%25%26%2B%C2%A3%E2%82%AC',
    )
    expect(await basicCredentials('a:b', 'c:d')).toBe('a%3Ab:c%3Ad')
  })

  it('round trips any client id and secret', async () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 })
    await fc.assert(
      fc.asyncProperty(text, text, async (clientId, secret) => {
        const parts = (await basicCredentials(clientId, secret)).split(':')
        const decoded = parts.map((part) => new URLSearchParams(`v=${part}`).get('v'))
        expect(decoded).toEqual([clientId, secret])
      }),
    )
  })

  it('leaves the form alone: one method of authentication a request (RFC 6749 2.3)', async () => {
    expect(await clientSecretBasic('secret').authenticate(context)).not.toHaveProperty('parameters')
  })
})

describe('clientSecretPost', () => {
  it('puts id and secret into the form, and nothing into the headers', async () => {
    expect(clientSecretPost('secret').method).toBe('client_secret_post')
    expect(await clientSecretPost('secret').authenticate(context)).toEqual({
      parameters: { client_id: 'my-app', client_secret: 'secret' },
    })
  })
})

describe('every method', () => {
  it('refuses an empty or missing secret', () => {
    expect(() => clientSecretBasic('')).toThrow(TypeError)
    expect(() => clientSecretPost('')).toThrow(TypeError)
    expect(() => clientSecretBasic(undefined as unknown as string)).toThrow('"secret"')
    // It would be sent as another character.
    for (const make of [clientSecretBasic, clientSecretPost]) expect(() => make('a\ud800')).toThrow('lone surrogate')
    expect(() => privateKeyJwt(undefined as never)).toThrow('"key"')
  })

  it('shows no secret to whoever prints it', () => {
    const d = 'jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI'
    const key = { kty: 'EC', crv: 'P-256', d, x: 'a', y: 'b' }
    for (const clientAuth of [clientSecretBasic('hunter2'), clientSecretPost('hunter2'), privateKeyJwt(key)]) {
      const printed = inspect(clientAuth, { showHidden: true, depth: 9 }) + JSON.stringify(clientAuth)
      expect(printed).not.toContain('hunter2')
      expect(printed).not.toContain(d)
      expect(printed).toContain(clientAuth.method)
    }
  })

  it('cannot be changed afterwards', () => {
    expect(Object.isFrozen(none()) && Object.isFrozen(clientSecretBasic('s'))).toBe(true)
  })
})
