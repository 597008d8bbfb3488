import { describe, expect, it } from 'vitest'
import { normaliseResources } from '../../src/protocol/resource-indicators.ts'

describe('normaliseResources', () => {
  it('makes a list of one or several, each once, and nothing of none', () => {
    expect(normaliseResources('https://api.example/?a=1')).toEqual(['https://api.example/?a=1'])
    expect(normaliseResources(['urn:a:b', 'https://x.example', 'urn:a:b'])).toEqual(['urn:a:b', 'https://x.example'])
    expect(normaliseResources(undefined)).toBeUndefined()
    expect(normaliseResources([])).toBeUndefined()
  })

  it('leaves a URI as it was written: it is compared as text', () => {
    expect(normaliseResources('HTTPS://API.example')).toEqual(['HTTPS://API.example'])
  })

  it.each([
    '',
    'api',
    '/api',
    '//api.example',
    'https://api.example#',
    'https://api.example/#x',
    ' https://api.example',
  ])('refuses %j (RFC 8707 2)', (resource) => {
    expect(() => normaliseResources(resource)).toThrow('"resource"')
  })
})
