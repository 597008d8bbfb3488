import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parsePkcs8 } from '../../src/atproto/client/pkcs8.ts'
import { judgeServerMetadata } from '../../src/atproto/discovery/server-metadata-rules.ts'
import {
  AtprotoError,
  createClientMetadata,
  parseDidDocument,
  validateClientMetadata,
} from '../../src/atproto/index.ts'
import { ConfigurationError } from '../../src/errors/index.ts'
import { metadataOf } from '../support/atproto/fake-authorization-server.ts'

const did = 'did:plc:ewvi7nxzyoun6zhxrhs64oiz'
const clientId = 'https://app.hoster.dev/client-metadata.json'
const issuer = 'https://auth.hoster.dev'

/** Anything, in the place of any member of a document that is otherwise good, and members that nobody knows. */
const bent = (good: object) =>
  fc.oneof(
    fc.jsonValue(),
    fc
      .tuple(fc.constantFrom(...Object.keys(good)), fc.jsonValue())
      .map(([name, value]) => ({ ...good, [name]: value })),
    fc.dictionary(fc.string(), fc.jsonValue()).map((more) => ({ ...more, ...good })),
  )

const runs = { numRuns: 500 }

describe('documents that anybody may write', () => {
  const method = {
    id: '#atproto',
    type: 'Multikey',
    controller: did,
    publicKeyMultibase: 'zQ3shqwJEJyMBsBXCWyCBpUBMqxcon9oHB7mCvx4sSpMdLJwc',
  }
  const service = { id: '#atproto_pds', type: 'AtprotoPersonalDataServer', serviceEndpoint: 'https://pds.hoster.dev' }
  const entries = fc.array(fc.oneof(bent(method), bent(service)), { maxLength: 4 })
  const document = fc.oneof(
    bent({ id: did, alsoKnownAs: ['at://alice.dev'], verificationMethod: [method], service: [service] }),
    fc.record({
      id: fc.constant(did),
      alsoKnownAs: fc.array(fc.jsonValue()),
      verificationMethod: entries,
      service: entries,
    }),
  )

  it('are DID documents or refused, and so are all that they say', () => {
    const own = (read: () => unknown) => {
      try {
        return read()
      } catch (error) {
        expect(error).toBeInstanceOf(AtprotoError)
        return undefined
      }
    }
    fc.assert(
      fc.property(document, (body) => {
        const parsed = own(() => parseDidDocument(body, did)) as ReturnType<typeof parseDidDocument> | undefined
        if (!parsed) return
        const pds = own(() => parsed.pds)
        if (pds !== undefined) expect(new URL(pds as string).origin).toBe(pds)
        own(() => parsed.signingKey)
        expect(parsed.handle ?? 'a.bc').toMatch(/^[a-z\d.-]+$/)
      }),
      runs,
    )
  })

  it('are client metadata or refused', () => {
    const good = createClientMetadata({ clientId, redirectUri: 'https://app.hoster.dev/callback' })
    fc.assert(
      fc.property(bent(good), (body) => {
        try {
          expect(validateClientMetadata(body, clientId)).toMatchObject({
            client_id: clientId,
            dpop_bound_access_tokens: true,
          })
        } catch (error) {
          expect(error).toBeInstanceOf(AtprotoError)
        }
      }),
      runs,
    )
  })

  it('are the metadata of a server or refused', () => {
    fc.assert(
      fc.property(bent(metadataOf(issuer)), (body) => {
        try {
          const metadata = judgeServerMetadata(body, { issuer, allowLoopbackHttp: false })
          expect(metadata.issuer).toBe(issuer)
          expect(new URL(metadata.token_endpoint!).protocol).toBe('https:')
        } catch (error) {
          expect(error).toBeInstanceOf(AtprotoError)
        }
      }),
      runs,
    )
  })

  it('are keys in DER or refused', () => {
    const start = Uint8Array.from(
      Buffer.from('308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420', 'hex'),
    )
    fc.assert(
      fc.property(fc.nat(start.length), fc.uint8Array({ maxLength: 160 }), (kept, rest) => {
        expect(() => parsePkcs8(Uint8Array.from([...start.subarray(0, kept), ...rest]))).toThrow(ConfigurationError)
      }),
      runs,
    )
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => parsePkcs8(`-----BEGIN PRIVATE KEY-----${text}-----END PRIVATE KEY-----`)).toThrow(
          ConfigurationError,
        )
      }),
    )
  })
})
