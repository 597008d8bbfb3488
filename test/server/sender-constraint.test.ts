import { createSign, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { generateSigningKey } from '#signatures'
import type { ClientMetadata } from '../../generated/models.ts'
import type { TokenEndpointOptions } from '../../src/server/index.ts'
import { claimsOf, clients, codeParams, createRig, refusalOf, signed, tokensOf, tokenUrl } from './rig.ts'

const grant = { grant_type: 'client_credentials' }
/** SEQUENCE { SEQUENCE { INTEGER 1 } INTEGER 2 }: the outline of a certificate. */
const der = Uint8Array.from([0x30, 0x08, 0x30, 0x03, 0x02, 0x01, 0x01, 0x02, 0x01, 0x02])
const certificate = { certificate: der }

function as(metadata: ClientMetadata): Partial<TokenEndpointOptions> {
  return { loadClient: (clientId) => ({ clientId, metadata: { ...clients.web, ...metadata } }) }
}

describe('DPoP at the token endpoint', () => {
  it.each([
    ['for another method', { htm: 'post' }],
    ['for another URL', { htu: 'https://issuer.example/other' }],
    ['too old', { iat: -61 }],
    ['too far ahead', { iat: 61 }],
    ['without jti', { jti: undefined }],
    ['with a jti of 257 bytes', { jti: 'j'.repeat(257) }],
  ])('refuses a proof %s', async (_name, change: Record<string, unknown>) => {
    const rig = await createRig()
    const now = rig.clock.now() / 1000
    const iat = typeof change.iat === 'number' ? now + change.iat : now
    const claims = { htm: 'POST', htu: tokenUrl, jti: 'j', ...change, iat }
    const proof = await signed(rig.key, { typ: 'dpop+jwt', jwk: rig.key.publicJwk }, claims)
    expect(refusalOf(await rig.token(grant, { dpop: proof }))).toMatch(/^invalid_dpop_proof/)
  })

  it.each([
    ['another typ', { typ: 'JWT' }],
    ['crit', { crit: ['x'], x: 1 }],
    ['no key', { jwk: undefined }],
  ])('refuses a header with %s', async (_name, change) => {
    const rig = await createRig()
    const claims = { htm: 'POST', htu: tokenUrl, jti: 'j', iat: rig.clock.now() / 1000 }
    const proof = await signed(rig.key, { typ: 'dpop+jwt', jwk: rig.key.publicJwk, ...change }, claims)
    expect(refusalOf(await rig.token(grant, { dpop: proof }))).toMatch(/^invalid_dpop_proof/)
  })

  it('refuses a proof with a private key, by another key, and two proofs in one field', async () => {
    const rig = await createRig()
    const stranger = await generateSigningKey('ES256')
    const claims = { htm: 'POST', htu: tokenUrl, jti: 'j', iat: rig.clock.now() / 1000 }
    const leaking = await signed(rig.key, { typ: 'dpop+jwt', jwk: { ...rig.key.publicJwk, d: 'AAAA' } }, claims)
    const forged = await signed(stranger, { typ: 'dpop+jwt', jwk: rig.key.publicJwk }, claims)
    const two = `${await rig.proof()}, ${await rig.proof()}`
    for (const dpop of [leaking, forged, two, 'nonsense']) {
      expect(refusalOf(await rig.token(grant, { dpop }))).toMatch(/^invalid_dpop_proof/)
    }
  })

  it('refuses a key of fewer than 2048 bits, and a MAC', async () => {
    const rig = await createRig()
    const claims = { htm: 'POST', htu: tokenUrl, jti: 'j', iat: rig.clock.now() / 1000 }
    const sign = (bits: number) => {
      const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: bits })
      const header = { typ: 'dpop+jwt', alg: 'RS256', jwk: publicKey.export({ format: 'jwk' }) }
      const data = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
      return `${data}.${createSign('RSA-SHA256').update(data).sign(privateKey).toString('base64url')}`
    }
    const jwk = { kty: 'oct', k: 'AAAA' }
    const mac = await signed(rig.key, { alg: 'HS256', typ: 'dpop+jwt', jwk }, claims)
    for (const dpop of [sign(1024), mac])
      expect(refusalOf(await rig.token(grant, { dpop }))).toMatch(/^invalid_dpop_proof/)
    expect(tokensOf(await rig.token(grant, { dpop: sign(2048) })).token_type).toBe('DPoP')
  })

  it('ignores query and fragment of htu, and takes a normalised one', async () => {
    const rig = await createRig()
    const proof = await rig.proof(rig.key, { url: 'https://ISSUER.example:443/%74oken?x=1' })
    expect(tokensOf(await rig.token(grant, { dpop: proof })).token_type).toBe('DPoP')
  })

  it('takes an expired but unswept jti for a replay', async () => {
    const rig = await createRig()
    const dpop = await rig.proof()
    tokensOf(await rig.token(grant, { dpop }))
    rig.clock.advance(60)
    expect(refusalOf(await rig.token(grant, { dpop }))).toBe('invalid_dpop_proof: replayed dpop_proof')
  })

  it('demands a nonce where one is required, and sends a fresh one whenever the used one is not the newest', async () => {
    const rig = await createRig({ dpop: { nonceSecret: new Uint8Array(32).fill(1), requireNonce: true } })
    const demanded = await rig.token(grant, { dpop: await rig.proof() })
    if (demanded.ok) throw new Error('expected an error')
    expect(demanded.error).toMatchObject({ error: 'use_dpop_nonce', status: 400 })
    const nonce = demanded.error.headers['dpop-nonce']!
    const good = await rig.token(grant, { dpop: await rig.proof(rig.key, { nonce }) })
    expect(good.ok && good.headers['dpop-nonce']).toBeUndefined()
    rig.clock.advance(300)
    const old = await rig.token(grant, { dpop: await rig.proof(rig.key, { nonce }) })
    expect(old.ok && old.headers['dpop-nonce']).not.toBe(nonce)
    expect(old.ok && old.headers['dpop-nonce']).toBeTypeOf('string')
    rig.clock.advance(300)
    const outdated = await rig.token(grant, { dpop: await rig.proof(rig.key, { nonce }) })
    expect(refusalOf(outdated)).toBe('use_dpop_nonce: another DPoP nonce')
  })

  it('sends a nonce on success too, where none is required', async () => {
    const rig = await createRig({ dpop: { nonceSecret: new Uint8Array(32).fill(1) } })
    const outcome = await rig.token(grant, { dpop: await rig.proof() })
    expect(outcome.ok && outcome.headers['dpop-nonce']).toBeTypeOf('string')
  })

  it('ignores a proof where DPoP is switched off', async () => {
    const rig = await createRig({ dpop: false })
    const tokens = tokensOf(await rig.token(grant, { dpop: 'anything' }))
    expect(tokens.token_type).toBe('Bearer')
    expect(claimsOf(tokens.access_token).cnf).toBeUndefined()
  })
})

describe('which constraint a token gets', () => {
  it('requires DPoP where the client does, and a certificate does not stand in', async () => {
    const rig = await createRig({ ...as({ dpop_bound_access_tokens: true }), mtls: true })
    expect(refusalOf(await rig.token(grant))).toBe('invalid_request: missing DPoP proof')
    expect(refusalOf(await rig.token(grant, { certificate }))).toBe('invalid_request: missing DPoP proof')
    expect(tokensOf(await rig.token(grant, { dpop: await rig.proof() })).token_type).toBe('DPoP')
  })

  it('requires a certificate where the client does, and DPoP does not stand in', async () => {
    const rig = await createRig({ ...as({ tls_client_certificate_bound_access_tokens: true }), mtls: true })
    expect(refusalOf(await rig.token(grant))).toBe('invalid_client: missing client certificate')
    expect(refusalOf(await rig.token(grant, { dpop: await rig.proof() }))).toBe(
      'invalid_client: missing client certificate',
    )
    const tokens = tokensOf(await rig.token(grant, { certificate, dpop: await rig.proof() }))
    expect(tokens.token_type).toBe('Bearer')
    expect(claimsOf(tokens.access_token).cnf).toEqual({ 'x5t#S256': expect.any(String) })
  })

  it('prefers DPoP to a certificate, and binds to both where both are required', async () => {
    const rig = await createRig({ mtls: true })
    const dpop = tokensOf(await rig.token(grant, { certificate, dpop: await rig.proof() }))
    expect(claimsOf(dpop.access_token).cnf).toEqual({ jkt: rig.key.thumbprint })
    expect(tokensOf(await rig.token(grant, { certificate })).token_type).toBe('Bearer')
    const both = await createRig({
      ...as({ tls_client_certificate_bound_access_tokens: true, dpop_bound_access_tokens: true }),
      mtls: true,
    })
    const bound = tokensOf(await both.token(grant, { certificate, dpop: await both.proof() }))
    expect(claimsOf(bound.access_token).cnf).toEqual({ jkt: both.key.thumbprint, 'x5t#S256': expect.any(String) })
  })

  it('says invalid_request for a certificate that cannot be read, and ignores it where mTLS is off', async () => {
    const unreadable = { certificate: Uint8Array.from([1, 2, 3]) }
    const rig = await createRig({ mtls: true })
    expect(refusalOf(await rig.token(grant, { certificate: unreadable }))).toMatch(/^invalid_request/)
    const off = await createRig()
    expect(tokensOf(await off.token(grant, { certificate: unreadable })).token_type).toBe('Bearer')
  })

  it('shows the constraint in the events, attempted or proven', async () => {
    const rig = await createRig()
    const good = await rig.token(codeParams(await rig.code()), { dpop: await rig.proof() })
    expect(good.events[0]?.metadata).toMatchObject({
      senderConstraint: 'dpop',
      tokenType: 'DPoP',
      cnf: { jkt: rig.key.thumbprint },
    })
    const bad = await rig.token(codeParams('nonsense'), { dpop: await rig.proof() })
    expect(bad.events[0]?.metadata).toMatchObject({
      senderConstraint: 'dpop',
      error: 'invalid_grant',
      httpStatus: 400,
      clientIp: '192.0.2.1',
      clientId: 'web',
    })
  })
})

describe('mTLS client authentication', () => {
  const subject = { token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_subject_dn: 'CN=web' }

  it('takes the registered subject of a trusted chain', async () => {
    const rig = await createRig({ ...as(subject), mtls: true })
    const send = (more: object) =>
      rig.token({ ...grant, client_id: 'web' }, { client: null, certificate: { ...certificate, ...more } })
    expect((await send({ chainTrusted: true, subjectDn: 'CN=web' })).ok).toBe(true)
    expect(refusalOf(await send({ chainTrusted: true, subjectDn: 'CN=other' }))).toMatch(/^invalid_client/)
    expect(refusalOf(await send({ subjectDn: 'CN=web' }))).toMatch(/^invalid_client/)
    expect(refusalOf(await rig.token({ ...grant, client_id: 'web' }, { client: null }))).toBe(
      'invalid_client: missing client certificate',
    )
  })

  it('takes a certificate that the client registered by itself', async () => {
    const jwks = { keys: [{ kty: 'EC', x5c: [btoa(String.fromCharCode(...der))] }] }
    const rig = await createRig({
      ...as({ token_endpoint_auth_method: 'self_signed_tls_client_auth', jwks }),
      mtls: true,
    })
    const params = { ...grant, client_id: 'web' }
    expect((await rig.token(params, { client: null, certificate })).ok).toBe(true)
    const other = Uint8Array.from(der, (byte, i) => (i === 9 ? 3 : byte))
    expect(refusalOf(await rig.token(params, { client: null, certificate: { certificate: other } }))).toMatch(
      /^invalid_client/,
    )
  })
})
