// Every writer of a request, a token or a record, over whatever an application may give it: what was written reads back
// as it was meant, by the other side's reader or by the platform's own.
import { webcrypto } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { generateSigningKey, importVerificationKey, verify } from '#signatures'
import { buildRequest } from '../../src/http/build-request.ts'
import { createDpopNonces } from '../../src/http/dpop-nonces.ts'
import { buildUrl } from '../../src/http/request-url.ts'
import { decodeBase64url } from '../../src/lib/base64url.ts'
import { systemRuntime } from '../../src/lib/runtime.ts'
import type { SigningKey } from '../../src/lib/signatures/types.ts'
import { authenticateClient } from '../../src/lib/wire/authenticate-client.ts'
import { writeForm } from '../../src/lib/wire/write-form.ts'
import {
  buildAuthorizationParameters,
  buildAuthorizationUrl,
  buildPushedUrl,
} from '../../src/protocol/authorization-request.ts'
import { signBackchannelRequest } from '../../src/protocol/backchannel-signed-request.ts'
import { privateKeyJwt } from '../../src/protocol/client-assertion.ts'
import { clientSecretPost } from '../../src/protocol/client-auth.ts'
import { clientSecretJwt } from '../../src/protocol/client-secret-jwt.ts'
import { createDecryptor } from '../../src/protocol/decryption.ts'
import { createDpopProof } from '../../src/protocol/dpop-proof.ts'
import { createEncryptor } from '../../src/protocol/encryption.ts'
import { createKeyRing, generateSealingKey } from '../../src/protocol/key-ring.ts'
import { deriveCodeChallenge, isCodeVerifier } from '../../src/protocol/pkce.ts'
import { protectedResourceMetadataUrl } from '../../src/protocol/protected-resource-metadata.ts'
import { createRequestObjectMaker } from '../../src/protocol/request-object.ts'
import { buildRevocationRequest } from '../../src/protocol/revocation.ts'
import { buildTokenExchangeRequest } from '../../src/protocol/token-exchange.ts'
import { buildRefreshRequest } from '../../src/protocol/token-request.ts'
import { createTransaction, parseTransaction, serializeTransaction } from '../../src/protocol/transaction.ts'
import { buildWebFingerQuery } from '../../src/protocol/webfinger.ts'
import { createFakeRuntime, fakeNow } from '../support/fake-runtime.ts'

const issuer = 'https://op.example'
/** Signatures and encryption take their time; the long run tries them as often as all else. */
const few = process.env.PROPERTY_RUNS ? {} : { numRuns: 50 }
const clientId = 'my-app'
const runtime = createFakeRuntime()
/** Lone surrogates are no text that UTF-8 can carry. */
const isWellFormed = (text: string) => !/\p{Cs}/u.test(text)
const text = fc.string({ unit: 'binary', minLength: 1 }).filter(isWellFormed)
const scopeToken = fc.stringMatching(/^[\x21\x23-\x5b\x5d-\x7e]{1,20}$/)
const scope = fc.array(scopeToken, { minLength: 1, maxLength: 5 }).map((tokens) => tokens.join(' '))
const uri = fc.webUrl({ withQueryParameters: true })
const resources = fc.uniqueArray(uri, { minLength: 1, maxLength: 3 })
const key = (await generateSigningKey('ES256')) as SigningKey
const publicKey = await importVerificationKey(key.publicJwk, 'ES256')

/** Header and claims of a JWT that the key has signed. */
async function opened(token: string): Promise<{ header: Record<string, unknown>; claims: Record<string, unknown> }> {
  const [head = '', body = '', signature = '', ...more] = token.split('.')
  expect(more).toEqual([])
  expect(await verify(publicKey, `${head}.${body}`, decodeBase64url(signature)!)).toBe(true)
  const [header, claims] = [head, body].map((part) => JSON.parse(new TextDecoder().decode(decodeBase64url(part))))
  return { header, claims }
}

const request = fc.record(
  {
    scope,
    state: text,
    nonce: text,
    loginHint: text,
    resource: resources,
    claims: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.constant({ essential: true }), {
      noNullPrototype: true,
    }),
    maxAge: fc.nat(),
    extraParameters: fc.dictionary(fc.stringMatching(/^x_[a-z]{1,8}$/), text, { noNullPrototype: true }),
  },
  { requiredKeys: ['scope', 'state'] },
)
const parametersOf = (wishes: object) =>
  buildAuthorizationParameters({
    ...{ clientId, redirectUri: 'https://app.example/callback', responseType: 'code', responseMode: 'query' },
    codeChallenge: 'c'.repeat(43),
    ...wishes,
  } as never)

describe('authorization requests', () => {
  it('arrive in a URL as they were meant, beside the query that the endpoint has', () => {
    fc.assert(
      fc.property(request, uri, (wishes, endpoint) => {
        fc.pre(!endpoint.includes('#') && !new URL(endpoint).searchParams.has('state'))
        const url = buildAuthorizationUrl(endpoint, parametersOf(wishes))
        const { searchParams: query } = url
        expect(query.getAll('state')).toEqual([wishes.state])
        expect(query.get('scope')).toBe(wishes.scope)
        expect(query.get('login_hint')).toBe(wishes.loginHint ?? null)
        expect(query.getAll('resource')).toEqual(wishes.resource ?? [])
        if (wishes.claims) expect(JSON.parse(query.get('claims')!)).toEqual(wishes.claims)
        for (const [name, value] of Object.entries(wishes.extraParameters ?? {})) expect(query.get(name)).toBe(value)
        for (const [name, value] of new URL(endpoint).searchParams) expect(query.getAll(name)).toContain(value)
        expect([url.origin, url.hash]).toEqual([new URL(endpoint).origin, ''])
      }),
    )
  })

  it('are named by a reference whatever it holds', () => {
    fc.assert(
      fc.property(text, text, (id, reference) => {
        const { searchParams } = buildPushedUrl(`${issuer}/authorize?a=b`, id, reference)
        expect([searchParams.get('client_id'), searchParams.get('request_uri'), searchParams.get('a')]).toEqual([
          id,
          reference,
          'b',
        ])
      }),
    )
  })

  it('arrive in a signed object as they were meant', async () => {
    const { make } = createRequestObjectMaker({ key })
    await fc.assert(
      fc.asyncProperty(request, fc.boolean(), async (wishes, pushed) => {
        const parameters = parametersOf(wishes)
        const { header, claims } = await opened(
          await make(parameters, { clientId, issuer, runtime, pushed, keys: () => [] }),
        )
        expect(header).toEqual({ alg: 'ES256', typ: 'oauth-authz-req+jwt' })
        expect(claims).toMatchObject({
          iss: clientId,
          aud: issuer,
          client_id: clientId,
          state: wishes.state,
          scope: wishes.scope,
        })
        expect([claims.resource ?? []].flat()).toEqual(wishes.resource ?? [])
        if (wishes.claims) expect(claims.claims).toEqual(wishes.claims)
        expect('jti' in claims).toBe(!pushed)
      }),
      few,
    )
  })

  it('to a user’s own device arrive in a signed object as they were meant', async () => {
    const metadata = { backchannel_authentication_request_signing_alg_values_supported: ['ES256'] }
    await fc.assert(
      fc.asyncProperty(text, scope, async (hint, asked) => {
        const parameters = { login_hint: hint, scope: asked }
        const sent = await signBackchannelRequest(parameters, { key }, { clientId, issuer, runtime, metadata })
        expect((await opened(sent.request)).claims).toMatchObject({ ...parameters, iss: clientId, aud: issuer })
      }),
      few,
    )
  })
})

describe('proofs and assertions', () => {
  it('say what they are for, whatever further claims are given (RFC 9449 4.2)', async () => {
    const further = fc.dictionary(
      fc.oneof(text, fc.constantFrom('htu', 'htm', 'jti', 'iat', 'ath', 'nonce')),
      fc.jsonValue(),
    )
    const methods = fc.stringMatching(/^[A-Z]{3,7}$/)
    await fc.assert(
      fc.asyncProperty(uri, methods, further, fc.option(text, { nil: undefined }), async (url, method, more, nonce) => {
        const input = { url, method, claims: more, ...(nonce !== undefined && { nonce }) }
        const { header, claims } = await opened(await createDpopProof(key, input, runtime))
        const { origin, pathname } = new URL(url)
        expect(header).toMatchObject({ typ: 'dpop+jwt', alg: 'ES256', jwk: key.publicJwk })
        expect(header.jwk).not.toHaveProperty('d')
        expect(claims).toMatchObject({ htm: method, htu: origin + pathname, iat: Math.floor(fakeNow / 1000) })
        expect(claims.nonce).toBe(nonce)
        expect(claims.ath).toBeUndefined()
      }),
      few,
    )
  })

  it('are made out to one audience, by and about the client (RFC 7523 3)', async () => {
    const { authenticate } = privateKeyJwt(key)
    const seen = new Set<unknown>()
    await fc.assert(
      fc.asyncProperty(text, text, async (id, audience) => {
        const { parameters } = await authenticate({ clientId: id, issuer: audience, runtime: systemRuntime })
        const { claims } = await opened(parameters!.client_assertion!)
        expect(claims).toMatchObject({ iss: id, sub: id, aud: audience })
        expect(Number(claims.exp) - Number(claims.iat)).toBe(60)
        expect(seen.has(claims.jti)).toBe(false)
        seen.add(claims.jti)
      }),
      few,
    )
  })

  it('by a secret have the MAC that the platform computes over them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 32, unit: 'binary' }).filter(isWellFormed), async (secret) => {
        const { parameters } = await clientSecretJwt(secret).authenticate({ clientId, issuer, runtime })
        const [head, body, mac] = parameters!.client_assertion!.split('.')
        const material = await webcrypto.subtle.importKey(
          'raw',
          Buffer.from(secret),
          { name: 'HMAC', hash: 'SHA-256' },
          false,
          ['verify'],
        )
        const holds = await webcrypto.subtle.verify(
          'HMAC',
          material,
          Buffer.from(mac!, 'base64url'),
          Buffer.from(`${head}.${body}`),
        )
        expect(holds).toBe(true)
      }),
      few,
    )
  })

  it('join any form and change nothing else of it', async () => {
    const forms = fc.array(fc.tuple(fc.stringMatching(/^[a-z]{1,8}$/), text), { maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(forms, text, async (pairs, secret) => {
        const init = { method: 'POST', body: new URLSearchParams(pairs) }
        const options = { clientId, clientAuth: clientSecretPost(secret), issuer, runtime }
        const sent = new URLSearchParams(
          await (await authenticateClient(new Request(`${issuer}/token`, init), options)).text(),
        )
        expect([...sent]).toEqual([...pairs, ['client_id', clientId], ['client_secret', secret]])
      }),
    )
  })
})

describe('forms of the token endpoint', () => {
  const sentForm = (body: object) => {
    const written = writeForm(body, 'application/x-www-form-urlencoded')
    return new URLSearchParams(String(written.body))
  }

  it('arrive as they were meant', () => {
    fc.assert(
      fc.property(text, resources, scope, (token, resource, asked) => {
        const refresh = sentForm(buildRefreshRequest(token, { resource, scope: asked }))
        expect([refresh.get('refresh_token'), refresh.get('scope'), refresh.getAll('resource')]).toEqual([
          token,
          asked,
          resource,
        ])
        expect(sentForm(buildRevocationRequest(token, 'refresh_token')).get('token')).toBe(token)
        const exchange = sentForm(
          buildTokenExchangeRequest({
            subjectToken: token,
            subjectTokenType: 'jwt',
            audience: [token, `${token} b`],
            resource,
          }),
        )
        expect([exchange.get('subject_token'), exchange.getAll('audience')]).toEqual([token, [token, `${token} b`]])
      }),
    )
  })
})

describe('addresses', () => {
  it('of a resource’s metadata name its path and query (RFC 9728 3.1)', () => {
    fc.assert(
      fc.property(uri, (resource) => {
        fc.pre(resource.startsWith('https://'))
        const { origin, pathname, search } = new URL(resource)
        const url = new URL(protectedResourceMetadataUrl(resource))
        expect([url.origin, url.search]).toEqual([origin, search])
        expect(url.pathname).toBe(`/.well-known/oauth-protected-resource${pathname === '/' ? '' : pathname}`)
      }),
    )
  })

  it('of WebFinger are of the host of the identifier', () => {
    // What begins with one of =@+$! is an XRI (OIDC Discovery 2.1.1), and none of ours.
    fc.assert(
      fc.property(
        fc.emailAddress().filter((one) => /^[\w.+-]+@/.test(one) && !/^\+/.test(one)),
        (address) => {
          const { resource, origin } = buildWebFingerQuery(address)
          expect(resource).toBe(`acct:${address}`)
          expect(new URL(origin).hostname).toBe(
            new URL(`https://${address.slice(address.lastIndexOf('@') + 1)}`).hostname,
          )
        },
      ),
    )
  })

  it('of nonces are origins: the same for every path of one', () => {
    fc.assert(
      fc.property(
        uri,
        fc.webPath().filter((path) => !path.startsWith('//')),
        fc.stringMatching(/^[\x21\x23-\x5b\x5d-\x7e]{1,80}$/),
        (url, path, nonce) => {
          const nonces = createDpopNonces()
          nonces.learn('resource_server', url, new Response(null, { headers: { 'dpop-nonce': nonce } }))
          expect(nonces.get('resource_server', new URL(path || '/', url).href)).toBe(nonce)
          expect(nonces.get('authorization_server', url)).toBeUndefined()
          expect(createDpopNonces({ stored: nonces.export() }).get('resource_server', url)).toBe(nonce)
        },
      ),
    )
  })
})

describe('what is kept', () => {
  const facts = fc.record({
    ...{ issuer: uri, clientId: text, authorizationEndpoint: uri, tokenEndpoint: uri, redirectUri: uri, scope },
    applicationData: fc.jsonValue(),
  })

  it('of a login under way comes back as it was, and its secrets show in no print', () => {
    fc.assert(
      fc.property(facts, (input) => {
        const transaction = createTransaction({ ...input, responseMode: 'query' } as never, createFakeRuntime())
        const back = parseTransaction(JSON.parse(JSON.stringify(serializeTransaction(transaction))))
        expect(serializeTransaction(back)).toEqual(JSON.parse(JSON.stringify(serializeTransaction(transaction))))
        for (const secret of [transaction.state, transaction.codeVerifier])
          expect(JSON.stringify(back)).not.toContain(secret)
      }),
    )
  })

  it('sealed opens in its own place only', async () => {
    const ring = createKeyRing([generateSealingKey(runtime)])
    const places = fc.tuple(text, text).filter(([a, b]) => a !== b)
    await fc.assert(
      fc.asyncProperty(text, places, async (secret, [here, there]) => {
        const sealed = await ring.seal(secret, here)
        expect(sealed).not.toContain(secret.length > 8 ? secret : '\u0000')
        expect([await ring.open(sealed, here), await ring.open(sealed, there)]).toEqual([secret, undefined])
      }),
      few,
    )
  })

  it('encrypted to a key is opened by it', async () => {
    const pair = await webcrypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits'])
    const [publicJwk, privateJwk] = await Promise.all(
      [pair.publicKey, pair.privateKey].map((one) => webcrypto.subtle.exportKey('jwk', one)),
    )
    const encryptor = createEncryptor({ alg: 'ECDH-ES', enc: 'A128GCM' })
    const { key_ops, ext, ...jwk } = privateJwk as Record<string, unknown>
    const decryptor = createDecryptor({ ...jwk, kid: 'e' } as never)
    const [x, y] = [publicJwk!.x, publicJwk!.y]
    const parts = fc.array(fc.stringMatching(/^[\w-]{1,40}$/), { minLength: 3, maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(parts, async (segments) => {
        const inner = segments.join('.')
        const jwe = await encryptor.encrypt(inner, [{ kty: 'EC', crv: 'P-256', x, y, kid: 'e', use: 'enc' }])
        expect(jwe.split('.')).toHaveLength(5)
        expect(await decryptor.decrypt(jwe, { alg: 'ECDH-ES', enc: 'A128GCM', noun: 'token' })).toBe(inner)
      }),
      few,
    )
  })

  it('as a PKCE verifier has the challenge that the platform computes (RFC 7636 4.2)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[\w.~-]{43,128}$/), async (verifier) => {
        expect(isCodeVerifier(verifier)).toBe(true)
        const hash = await webcrypto.subtle.digest('SHA-256', Buffer.from(verifier))
        expect(await deriveCodeChallenge(verifier)).toBe(Buffer.from(hash).toString('base64url'))
      }),
    )
  })
})

describe('requests of operations', () => {
  it('have the header fields of the call over those of the API, and go where the API is', () => {
    const field = fc.stringMatching(/^[\x21-\x7e]{1,30}$/)
    fc.assert(
      fc.property(field, field, fc.boolean(), (common, own, isOwn) => {
        const operation = { id: 'x', method: 'GET', path: '/me', responses: {} } as const
        const url = buildUrl(operation, {}, {}, { baseUrl: 'https://api.example/v1' })
        const sent = buildRequest(
          operation,
          {},
          url,
          new Headers({ 'x-a': common }),
          isOwn ? { 'x-a': own } : undefined,
          new AbortController().signal,
        )
        expect(sent.headers.get('x-a')).toBe(isOwn ? own : common)
        expect([sent.url, sent.redirect]).toEqual(['https://api.example/v1/me', 'manual'])
      }),
    )
  })
})
