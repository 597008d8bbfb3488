import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../src/errors/index.ts'
import { assertEndpointUrl, assertRedirectUri, isLoopbackHost } from '../../src/protocol/url-rules.ts'
import { caught } from '../support/caught.ts'

const field = 'token_endpoint'

function refusal(url: unknown, allowLoopbackHttp = false): ProtocolError {
  return caught(ProtocolError, () => assertEndpointUrl(url, { field, allowLoopbackHttp }))
}

describe('assertEndpointUrl', () => {
  it('accepts https and keeps a query', () => {
    const url = assertEndpointUrl('https://as.example/token?tenant=a%20b', { field })
    expect(url.href).toBe('https://as.example/token?tenant=a%20b')
  })

  it.each(['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', 'ftp://as.example/', 'ws://as.example/'])(
    'refuses the scheme of %s',
    (url) => {
      const error = refusal(url, true)
      expect(error.code).toBe('insecure_endpoint')
      expect(error.message).toContain('token_endpoint')
      expect(error.clause).toBe('RFC 6749 3.1')
    },
  )

  it('refuses http, to a loopback address, too, unless it is asked for', () => {
    expect(refusal('http://as.example/token', true).code).toBe('insecure_endpoint')
    expect(refusal('http://127.0.0.1:3000/token').code).toBe('insecure_endpoint')
    expect(refusal('http://127.0.0.1:3000/token').message).toContain('for development there is allowLoopbackHttp')
    expect(refusal('http://as.example/token').message).not.toContain('allowLoopbackHttp')
    for (const host of ['127.0.0.1:3000', 'localhost', '[::1]:8080', 'as.localhost', '127.1']) {
      expect(assertEndpointUrl(`http://${host}/token`, { field, allowLoopbackHttp: true }).protocol).toBe('http:')
    }
  })

  it.each(['http://127.0.0.1.evil.example/', 'http://localhost.evil.example/', 'http://evil.example/#localhost'])(
    'does not take %s for a loopback address',
    (url) => {
      expect(refusal(url, true).code).toBe('insecure_endpoint')
    },
  )

  it.each([
    ['a fragment', 'https://as.example/token#a'],
    ['an empty fragment', 'https://as.example/token#'],
    ['user information', 'https://user:secret@as.example/token'],
    ['a relative reference', '/token'],
    ['a scheme-relative reference', '//as.example/token'],
    ['no host', 'https:///token'],
    ['a scheme without slashes', 'https:as.example/token'],
    ['a line break', 'https://as.exa\nmple/token'],
    ['white space around', ' https://as.example/token '],
    ['backslashes', 'https:\\\\as.example\\token'],
    ['a port out of range', 'https://as.example:99999/'],
    ['nothing', ''],
    ['no string', 42],
    ['no value', undefined],
  ])('refuses %s as malformed', (_, url) => {
    expect(refusal(url).code).toBe('invalid_metadata')
  })

  it('does not repeat a password, nor a whole megabyte', () => {
    expect(refusal('https://user:hunter2@as.example/').message).not.toContain('hunter2')
    expect(refusal(`x${'a'.repeat(1_000_000)}`).message.length).toBeLessThan(400)
  })
})

describe('isLoopbackHost', () => {
  it('knows the machine itself, and nothing that only looks like it', () => {
    for (const host of ['localhost', 'LOCALHOST', 'localhost.', 'app.localhost', '127.0.0.1', '127.255.0.3', '[::1]']) {
      expect(isLoopbackHost(host), host).toBe(true)
    }
    for (const host of [
      'notlocalhost',
      'localhost.example',
      '128.0.0.1',
      '10.0.0.1',
      '[::2]',
      '127.0.0.1.nip.io',
      '',
    ]) {
      expect(isLoopbackHost(host), host).toBe(false)
    }
  })
})

describe('assertRedirectUri', () => {
  it.each([
    'https://app.example/callback',
    'https://app.example/callback?tenant=1',
    'http://127.0.0.1:51004/callback',
    'http://[::1]/callback',
    'http://localhost:3000/callback',
    'com.example.app:/callback',
  ])('accepts %s', (uri) => {
    expect(() => assertRedirectUri(uri)).not.toThrow()
  })

  it.each([
    ['', 'absolute'],
    ['/callback', 'absolute'],
    ['https://app.example/callback#here', 'fragment'],
    ['https://app.example/callback#', 'fragment'],
    ['http://app.example/callback', 'RFC 8252 7.3'],
    ['https://me@app.example/callback', 'user name'],
    ['javascript:alert(1)', 'RFC 8252 7.1'],
    ['data:text/html,x', 'RFC 8252 7.1'],
    ['myapp:/callback', 'RFC 8252 7.1'],
    ['https://app.example/é', 'ASCII'],
    ['https://中文.example/callback', 'ASCII'],
  ])('refuses %j', (uri, reason) => {
    expect(() => assertRedirectUri(uri)).toThrow(TypeError)
    expect(() => assertRedirectUri(uri)).toThrow(reason)
    expect(() => assertRedirectUri(uri)).toThrow('"redirectUri"')
  })
})
