import { describe, expect, it } from 'vitest'
import { parseDid } from '../../src/atproto/identity/did.ts'
import { AtprotoError } from '../../src/atproto/index.ts'
import { alice } from '../support/atproto/fake-network.ts'
import { caught } from '../support/caught.ts'

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
