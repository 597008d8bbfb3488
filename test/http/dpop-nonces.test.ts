import { describe, expect, it, vi } from 'vitest'
import { createDpopNonces, isDpopNonce } from '../../src/http/dpop-nonces.ts'

const answer = (nonce: string) => new Response(null, { headers: { 'dpop-nonce': nonce } })

describe('createDpopNonces (RFC 9449 8)', () => {
  it('keeps the newest nonce of each role and origin', () => {
    const nonces = createDpopNonces()
    nonces.learn('authorization_server', 'https://a.example/token', answer('n1'))
    nonces.learn('authorization_server', 'https://a.example/par', answer('n2'))
    nonces.learn('resource_server', 'https://a.example/userinfo', answer('n3'))
    expect(nonces.get('authorization_server', 'https://a.example/other')).toBe('n2')
    expect(nonces.get('resource_server', 'https://a.example/')).toBe('n3')
    expect(nonces.get('resource_server', 'https://a.example:8443/')).toBeUndefined()
  })

  it.each(['', 'a b', 'a"b', 'a\\b', 'n1, n2', 'ü', 'x'.repeat(1025)])('ignores the malformed nonce %j', (nonce) => {
    const nonces = createDpopNonces()
    nonces.learn('resource_server', 'https://a.example/', answer(nonce))
    expect(nonces.get('resource_server', 'https://a.example/')).toBeUndefined()
    expect(isDpopNonce(nonce)).toBe(false)
  })

  it('goes out and in again as plain data, malformed entries dropped', () => {
    const nonces = createDpopNonces({ stored: { 'resource_server https://a.example': 'n1', x: 'bad nonce' } })
    expect(nonces.get('resource_server', 'https://a.example/x')).toBe('n1')
    expect(JSON.parse(JSON.stringify(nonces.export()))).toEqual({ 'resource_server https://a.example': 'n1' })
  })

  it('tells of changes, and of changes only', () => {
    const onChange = vi.fn()
    const nonces = createDpopNonces({ onChange })
    for (const nonce of ['n1', 'n1', 'n2']) nonces.learn('resource_server', 'https://a.example/', answer(nonce))
    expect(onChange).toHaveBeenCalledTimes(2)
  })

  it('is bounded: a server with endless origins pushes out the oldest', () => {
    const nonces = createDpopNonces()
    for (let i = 0; i < 60; i++) nonces.learn('resource_server', `https://${i}.example/`, answer(`n${i}`))
    expect(Object.keys(nonces.export())).toHaveLength(50)
    expect(nonces.get('resource_server', 'https://59.example/')).toBe('n59')
    expect(nonces.get('resource_server', 'https://0.example/')).toBeUndefined()
  })
})
