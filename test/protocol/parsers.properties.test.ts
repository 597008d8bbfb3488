// Every reader of untrusted text or JSON, each over the members that it knows and over anything else: it gives a value
// or a typed refusal, in words that a terminal can show. A reader that is added belongs into this table.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AuthentypeError } from '../../src/errors/index.ts'
import { isDpopNonce } from '../../src/http/dpop-nonces.ts'
import { documentFreshness, freshFor } from '../../src/issuer/freshness.ts'
import { mediaTypeOf } from '../../src/lib/media-type.ts'
import { parseRetryAfter } from '../../src/lib/retry-after.ts'
import { ecdsaDerToRaw, ecdsaRawToDer } from '../../src/lib/signatures/ecdsa-der.ts'
import { readSigningKeyInput } from '../../src/lib/signatures/signing-key-input.ts'
import { judgeBackchannelResponse, judgePingNotification } from '../../src/protocol/backchannel-authentication.ts'
import { readClaimSources, readSourceIssuer } from '../../src/protocol/claim-sources.ts'
import { judgeRegistration } from '../../src/protocol/client-registration.ts'
import { judgeDeviceAuthorizationResponse } from '../../src/protocol/device-authorization.ts'
import { judgeLogoutReturn } from '../../src/protocol/end-session.ts'
import { judgeFrontChannelLogout } from '../../src/protocol/front-channel-logout.ts'
import { judgeIdToken } from '../../src/protocol/id-token.ts'
import { judgeIntrospectionJwt } from '../../src/protocol/introspection-jwt.ts'
import { createKeyring, parseJwks } from '../../src/protocol/jwks.ts'
import { judgeLogoutToken } from '../../src/protocol/logout-token.ts'
import { judgeMetadata, metadataUrls } from '../../src/protocol/metadata.ts'
import { judgeResourceMetadata, readResourceMetadataUrl } from '../../src/protocol/resource-discovery.ts'
import { judgeRevocationResponse } from '../../src/protocol/revocation.ts'
import { readStepUpChallenge } from '../../src/protocol/step-up.ts'
import { judgeTokenExchangeResponse } from '../../src/protocol/token-exchange.ts'
import { parseTransaction } from '../../src/protocol/transaction.ts'
import { assertEndpointUrl } from '../../src/protocol/url-rules.ts'
import { judgeUserInfoJwt } from '../../src/protocol/userinfo-jwt.ts'
import { judgeUserInfoResponse } from '../../src/protocol/userinfo-response.ts'
import { createFakeRuntime, fakeNow } from '../support/fake-runtime.ts'
import { anIdToken, clientId, issuer, issuerKeys, now, publicJwk } from '../support/id-token.ts'

const text = fc.string({ unit: 'binary' })
const url = fc.oneof(
  fc.webUrl({ withFragments: true, withQueryParameters: true }),
  fc.constantFrom(issuer, `${issuer}/`, 'http://127.0.0.1', 'javascript:alert(1)', 'https://u:p@a.example', '//a', ''),
)
/** What stands in the place of a member's value: something near the right one, or anything. */
const value: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(issuer, clientId, 'Bearer', 'DPoP', true, null, 0, 5, 1e21, -1, [], {}) },
  { weight: 2, arbitrary: url },
  { weight: 2, arbitrary: text },
  { weight: 1, arbitrary: fc.array(text, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
)

/** An object with some of the members that a reader knows; now and then something else altogether. */
function bodies(...members: string[]): fc.Arbitrary<unknown> {
  const known = fc.record(Object.fromEntries(members.map((name) => [name, value])), { requiredKeys: [] })
  const more = fc.dictionary(fc.oneof(text, fc.constant('__proto__')), value, { maxKeys: 3 })
  return fc.oneof({ weight: 6, arbitrary: fc.tuple(known, more).map(([a, b]) => ({ ...b, ...a })) }, fc.jsonValue())
}

/** Field values as a server can send them: Latin-1 without line ends. */
const fieldValue = fc.string({
  unit: fc
    .integer({ min: 0x20, max: 0xff })
    .filter((code) => code !== 0x7f)
    .map((code) => String.fromCharCode(code)),
})
const headers = (...names: string[]) =>
  fc
    .record(Object.fromEntries(names.map((name) => [name, fieldValue])), { requiredKeys: [] })
    .map((fields) => new Headers(fields as Record<string, string>))

/** Tokens from honest to none: claims and header changed, parts swapped, cut or spoilt. */
const claims = bodies(
  'iss',
  'sub',
  'aud',
  'exp',
  'iat',
  'nbf',
  'nonce',
  'azp',
  'acr',
  'at_hash',
  'events',
  'sid',
  'jti',
)
const jwt = fc.oneof(
  fc
    .tuple(claims, bodies('typ', 'crit', 'b64', 'kid'))
    .map(([some, header]) => anIdToken(some as Record<string, unknown>, { header: header as Record<string, unknown> })),
  fc.tuple(fc.nat(400), fc.nat(255)).map(([at, byte]) => spoilt(anIdToken(), at, byte)),
  fc.array(fc.base64String(), { maxLength: 6 }).map((parts) => parts.join('.')),
  text,
)
const spoilt = (token: string, at: number, byte: number) =>
  token.slice(0, at % token.length) + String.fromCharCode(byte) + token.slice((at % token.length) + 1)

const keyring = createKeyring(issuerKeys())
const sources = { selectKeys: keyring.select }
const jwtRules = { issuer, audience: clientId, serverAlgorithms: ['ES256'], now }

interface Reader {
  readonly input: fc.Arbitrary<never>
  readonly read: (input: never) => unknown
  /** What misuse is told by. @default no TypeError is allowed */
  readonly allows?: typeof TypeError
}
const reader = <T>(input: fc.Arbitrary<T>, read: (input: T) => unknown, allows?: typeof TypeError): Reader =>
  ({ input, read, ...(allows && { allows }) }) as unknown as Reader

const endpoints = ['issuer', 'authorization_endpoint', 'token_endpoint', 'jwks_uri', 'mtls_endpoint_aliases']
const lists = ['scopes_supported', 'code_challenge_methods_supported', 'id_token_signing_alg_values_supported']
const state = { state: 's', postLogoutRedirectUri: 'https://app.example/bye' }

const readers: Readonly<Record<string, Reader>> = {
  metadata: reader(bodies(...endpoints, ...lists, 'require_pushed_authorization_requests'), (document) =>
    judgeMetadata(document, { issuer }),
  ),
  'an issuer identifier': reader(fc.oneof(url, text), (one) => metadataUrls(one)),
  'the URL of an endpoint': reader(value, (one) =>
    assertEndpointUrl(one as string, { field: 'x', allowLoopbackHttp: true }),
  ),
  'metadata of a resource': reader(bodies('resource', 'authorization_servers', 'jwks_uri'), (document) =>
    judgeResourceMetadata(document, { resource: issuer }),
  ),
  'where a resource has its metadata': reader(headers('www-authenticate'), readResourceMetadataUrl),
  'a step-up challenge': reader(headers('www-authenticate'), readStepUpChallenge),
  'a key set': reader(
    fc.oneof(
      bodies('keys'),
      fc.array(bodies('kty', 'crv', 'x', 'y', 'n', 'e', 'kid', 'use', 'alg', 'key_ops', 'd')).map((keys) => ({ keys })),
    ),
    parseJwks,
  ),
  'the keys of a set': reader(
    fc.array(
      bodies('x', 'y', 'kid', 'use', 'key_ops').map((part) => ({ ...publicJwk('P-256'), ...(part as object) })),
      { maxLength: 6 },
    ),
    (keys) => createKeyring({ keys }).select({ alg: 'ES256', kid: 'k' }),
  ),
  'a private key': reader(
    bodies('kty', 'crv', 'd', 'x', 'y', 'alg', 'jwk', 'keyPair', 'kid'),
    (key) => readSigningKeyInput(key as never),
    TypeError,
  ),
  'an id_token': reader(jwt, (token) =>
    judgeIdToken(
      token,
      { issuer, clientId, nonce: 'n-1' },
      { ...sources, signingAlgs: () => ['ES256'], runtime: createFakeRuntime() },
    ),
  ),
  'a logout token': reader(jwt, (token) => judgeLogoutToken(token, jwtRules, sources)),
  'a userinfo JWT': reader(jwt, (token) => judgeUserInfoJwt(token, jwtRules, sources)),
  'an introspection JWT': reader(jwt, (token) => judgeIntrospectionJwt(token, jwtRules, sources)),
  'the issuer of a claim source': reader(jwt, (token) => readSourceIssuer(token, [issuer])),
  'claim sources': reader(
    fc
      .tuple(bodies('a', 'b'), bodies('JWT', 'endpoint', 'access_token'))
      .map(([names, source]) => ({ _claim_names: names, _claim_sources: { [issuer]: source, s: source } })),
    readClaimSources,
  ),
  'a userinfo answer': reader(bodies('sub', 'email'), (body) => judgeUserInfoResponse(body, 'alice')),
  'a token exchange answer': reader(
    bodies('access_token', 'token_type', 'issued_token_type', 'expires_in', 'scope', 'refresh_token'),
    (body) => judgeTokenExchangeResponse(body, { issuer, grant: 'x', dpop: false, receivedAt: fakeNow }),
  ),
  'a device authorization': reader(
    bodies('device_code', 'user_code', 'verification_uri', 'verification_uri_complete', 'expires_in', 'interval'),
    (body) => judgeDeviceAuthorizationResponse(body, { receivedAt: fakeNow }),
  ),
  'a CIBA acknowledgement': reader(bodies('auth_req_id', 'expires_in', 'interval'), (body) =>
    judgeBackchannelResponse(body, fakeNow),
  ),
  'a CIBA ping': reader(fc.tuple(fc.option(text), bodies('auth_req_id')), ([authorization, body]) =>
    judgePingNotification({ authorization, body }, { authReqId: 'r', notificationToken: 't' }),
  ),
  'a registration': reader(
    bodies(
      'client_id',
      'client_secret',
      'client_secret_expires_at',
      'client_id_issued_at',
      'registration_client_uri',
      'registration_access_token',
      'redirect_uris',
    ),
    (body) => judgeRegistration(body, { issuer, requested: { redirect_uris: ['https://app.example'] } }),
  ),
  'a return from logout': reader(
    fc.tuple(fc.constantFrom('https://app.example/bye', 'https://b.example'), text, text),
    ([base, a, b]) =>
      judgeLogoutReturn(
        new URL(
          `${base}?${new URLSearchParams(
            [
              ['state', a],
              ['state', b],
            ].slice(0, a.length % 3) as never,
          )}`,
        ),
        state,
      ),
  ),
  'a front-channel logout': reader(fc.array(fc.tuple(fc.constantFrom('iss', 'sid', 'x'), text)), (pairs) =>
    judgeFrontChannelLogout(new URL(`https://app.example/?${new URLSearchParams(pairs)}`), issuer),
  ),
  'a kept transaction': reader(bodies('version', 'facts', 'secrets'), parseTransaction),
}

describe('every reader of what others send gives a value or a typed refusal:', () => {
  it.each(Object.entries(readers))('%s', async (_, { input, read, allows }) => {
    await fc.assert(
      fc.asyncProperty(input, async (given) => {
        const before = fc.stringify(given)
        try {
          await read(given)
        } catch (error) {
          const isTyped = error instanceof AuthentypeError || (allows !== undefined && error instanceof allows)
          if (!isTyped) throw error
          expect((error as Error).message).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
          expect((error as Error).message.length).toBeLessThan(1500)
        }
        // What is read is not changed, and nothing else is either.
        expect(fc.stringify(given)).toBe(before)
        expect(({} as Record<string, unknown>).polluted).toBeUndefined()
      }),
    )
  })

  it('the status of a revocation, of three outcomes', () => {
    fc.assert(
      fc.property(fc.integer(), fc.option(text, { nil: undefined }), (status, error) => {
        expect(['revoked', 'unsupported', 'failed']).toContain(judgeRevocationResponse(status, error))
      }),
    )
  })
})

describe('readers of header fields', () => {
  it('give a wait that can be waited for, or none, of any Retry-After', () => {
    fc.assert(
      fc.property(headers('retry-after'), (fields) => {
        const wait = parseRetryAfter(fields, fakeNow)
        if (wait !== undefined) expect(wait).toBeGreaterThanOrEqual(0)
        expect(Number.isNaN(wait)).toBe(false)
      }),
    )
  })

  it('give back the seconds and the date of an honest Retry-After', () => {
    fc.assert(
      fc.property(fc.nat(999_999_999), (seconds) => {
        expect(parseRetryAfter(new Headers({ 'retry-after': String(seconds) }), fakeNow)).toBe(seconds * 1000)
        const date = new Date(fakeNow + seconds * 1000).toUTCString()
        expect(parseRetryAfter(new Headers({ 'retry-after': date }), fakeNow)).toBe(seconds * 1000)
      }),
    )
  })

  it('count the wait for a date by the clock of who named it, unless a cache answered', () => {
    fc.assert(
      fc.property(fc.nat(86_400), fc.integer({ min: -86_400, max: 86_400 }), (seconds, ahead) => {
        const named = (now: number) => new Date(now + ahead * 1000).toUTCString()
        const fields = { 'retry-after': named(fakeNow + seconds * 1000), date: named(fakeNow) }
        expect(parseRetryAfter(new Headers(fields), fakeNow)).toBe(seconds * 1000)
        const cached = new Headers({ ...fields, age: '0' })
        expect(parseRetryAfter(cached, fakeNow)).toBe(Math.max(0, (seconds + ahead) * 1000))
      }),
    )
  })

  it('keep a document within the bounds, whatever its cache headers say', () => {
    fc.assert(
      fc.property(headers('cache-control', 'age', 'expires', 'date'), (fields) => {
        const { least, most } = documentFreshness
        const freshness = freshFor(fields, documentFreshness)
        expect(freshness).toBeGreaterThanOrEqual(least)
        expect(freshness).toBeLessThanOrEqual(most)
      }),
    )
  })

  it('give a media type in lower case and without parameters', () => {
    fc.assert(
      fc.property(headers('content-type'), (fields) => {
        const type = mediaTypeOf(fields)
        expect(type).toBe(type.toLowerCase().trim())
        expect(type).not.toContain(';')
      }),
    )
  })

  it('take a DPoP nonce of NQCHAR alone (RFC 9449 8.1)', () => {
    fc.assert(
      fc.property(text, (nonce) => {
        const isGood = /^[!#-[\]-~]+$/.test(nonce)
        expect(isDpopNonce(nonce)).toBe(isGood)
      }),
    )
  })
})

describe('ECDSA signatures', () => {
  const sizes = fc.constantFrom(32, 48, 66)
  it('are the same raw after a way through DER, whatever zeros they begin with', () => {
    const raw = sizes.chain((size) =>
      fc.tuple(
        fc.constant(size),
        fc.array(fc.oneof(fc.constant(0), fc.nat(255)), { minLength: 2 * size, maxLength: 2 * size }),
      ),
    )
    fc.assert(
      fc.property(raw, ([size, bytes]) => {
        const signature = Uint8Array.from(bytes)
        expect([...ecdsaDerToRaw(ecdsaRawToDer(signature), size)]).toEqual(bytes)
      }),
    )
  })
})
