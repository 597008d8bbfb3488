import { describe, expect, it } from 'vitest'
import { AtprotoError, parseDidDocument } from '../../src/atproto/index.ts'
import { alice } from '../support/atproto/fake-network.ts'
import { caught } from '../support/caught.ts'
import { bob } from './identity-rig.ts'

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
