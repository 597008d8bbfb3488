import { describe, expect, it } from 'vitest'
import { createDpopNonces, type DpopNonceRole } from '../../src/http/dpop-nonces.ts'
import { withClientAuth } from '../../src/http/with-client-auth.ts'
import { withDpop } from '../../src/http/with-dpop.ts'
import { type NonceRetryOptions, withNonceRetry } from '../../src/http/with-nonce-retry.ts'
import { failure, type Handler, json, serve } from './serve.ts'
import { aSigningKey, proofOf } from './signing-key.ts'

async function proving(role: DpopNonceRole, options: Partial<NonceRetryOptions> = {}) {
  const nonces = createDpopNonces()
  const key = await aSigningKey()
  return { nonces, send: withNonceRetry(withDpop(fetch, { key, nonces, role }), { nonces, role, ...options }) }
}

/** A token endpoint that demands the nonce "good". */
const demanding: Handler = (request, response) => {
  if (proofOf(request).nonce === 'good') json(response, 200, { ok: true }, { 'dpop-nonce': 'next' })
  else json(response, 400, { error: 'use_dpop_nonce' }, { 'dpop-nonce': 'good' })
}

const post = (url: string, body: BodyInit = 'a=b') =>
  new Request(url, { method: 'POST', body, duplex: 'half' } as RequestInit)

describe('withDpop (RFC 9449 4.2)', () => {
  it('proves method and URL without query and fragment, with the nonce of the origin and the hash of the token', async () => {
    const { origin, received } = await serve(
      (_, response) => void response.writeHead(200, { 'dpop-nonce': 'n2' }).end(),
    )
    const nonces = createDpopNonces({ stored: { [`resource_server ${origin}`]: 'n1' } })
    const key = await aSigningKey()
    const send = withDpop(fetch, {
      key,
      nonces,
      role: 'resource_server',
      accessToken: 'token',
      claims: { x: 1, htm: 'no' },
    })
    await send(new Request(`${origin}/a/b?q=1#f`, { method: 'DELETE' }))
    expect(proofOf(received[0]!)).toMatchObject({
      htm: 'DELETE',
      htu: `${origin}/a/b`,
      nonce: 'n1',
      x: 1,
      ath: 'PEaenWxYddN6Q_NT1PiOYfz4EsZu7jRXRlpAsNpBU-A',
    })
    expect(nonces.get('resource_server', origin)).toBe('n2')
  })
})

describe('withNonceRetry (RFC 9449 8, 9)', () => {
  it('repeats once with the new nonce and a fresh proof, and uses the nonce afterwards', async () => {
    const { origin, received } = await serve(demanding)
    const { send, nonces } = await proving('authorization_server')
    const response = await send(post(`${origin}/token`))
    expect(response.status).toBe(200)
    expect(received.map(({ body }) => body)).toEqual(['a=b', 'a=b'])
    const [first, second] = received.map(proofOf)
    expect(first!.nonce).toBeUndefined()
    expect(second!.nonce).toBe('good')
    expect(second!.jti).not.toBe(first!.jti)
    expect(nonces.get('authorization_server', origin)).toBe('next')
  })

  it('takes a 401 challenge, at either kind of server and wherever it stands', async () => {
    for (const role of ['authorization_server', 'resource_server'] as const) {
      const { origin, received } = await serve((request, response) => {
        if (proofOf(request).nonce === 'good') response.end()
        else {
          const challenge = ['Bearer realm="x", error="invalid_token"', 'DPoP algs="ES256", error="use_dpop_nonce"']
          response.writeHead(401, { 'www-authenticate': challenge, 'dpop-nonce': 'good' }).end()
        }
      })
      const { send } = await proving(role)
      expect((await send(new Request(origin))).status).toBe(200)
      expect(received).toHaveLength(2)
    }
  })

  it('does not take a 400 body of a resource server for a challenge', async () => {
    const { origin, received } = await serve(demanding)
    const { send } = await proving('resource_server')
    expect((await send(new Request(origin))).status).toBe(400)
    expect(received).toHaveLength(1)
  })

  it('repeats exactly once, however often a new nonce is demanded', async () => {
    let count = 0
    const { origin, received } = await serve((_, response) =>
      json(response, 400, { error: 'use_dpop_nonce' }, { 'dpop-nonce': `n${count++}` }),
    )
    const { send } = await proving('authorization_server')
    const response = await send(post(origin))
    expect(await response.json()).toEqual({ error: 'use_dpop_nonce' })
    expect(received).toHaveLength(2)
  })

  it('does not repeat without a nonce, or for the one that was just refused', async () => {
    const { origin, received } = await serve(({ url }, response) =>
      json(response, 400, { error: 'use_dpop_nonce' }, url === '/none' ? {} : { 'dpop-nonce': 'same' }),
    )
    const { send } = await proving('authorization_server')
    await send(post(`${origin}/none`))
    expect(received).toHaveLength(1)
    await send(post(`${origin}/same`))
    expect(received).toHaveLength(3)
    await send(post(`${origin}/same`))
    expect(received).toHaveLength(4)
  })

  it('does not repeat for another error that comes with a new nonce', async () => {
    const { origin, received } = await serve((_, response) =>
      json(response, 400, { error: 'invalid_grant' }, { 'dpop-nonce': 'new' }),
    )
    const { send, nonces } = await proving('authorization_server')
    expect(await (await send(post(origin))).json()).toEqual({ error: 'invalid_grant' })
    expect(received).toHaveLength(1)
    expect(nonces.get('authorization_server', origin)).toBe('new')
  })

  it('refuses a malformed nonce that it is asked to use', async () => {
    const { origin } = await serve((_, response) =>
      json(response, 400, { error: 'use_dpop_nonce' }, { 'dpop-nonce': 'not a nonce' }),
    )
    const { send } = await proving('authorization_server')
    const error = await failure(send(post(origin)))
    expect(error).toMatchObject({ code: 'invalid_dpop_nonce', clause: 'RFC 9449 8.1' })
    expect(error.message).not.toContain('not a nonce')
  })

  it('reads no more than it needs of an error body that never ends', async () => {
    const { origin } = await serve((_, response) => {
      response.writeHead(400, { 'content-type': 'application/json', 'dpop-nonce': 'n' })
      const pour = () => {
        while (!response.destroyed && response.write('x'.repeat(10_000)));
        if (!response.destroyed) response.once('drain', pour)
      }
      pour()
    })
    const { send } = await proving('authorization_server')
    const response = await send(post(origin))
    expect(response.status).toBe(400)
    await response.body?.cancel()
  })

  it('makes a fresh assertion for each attempt, since authentication is inside', async () => {
    const { origin, received } = await serve(demanding)
    const nonces = createDpopNonces()
    const role = 'authorization_server'
    let count = 0
    const clientAuth = {
      method: 'private_key_jwt',
      authenticate: () => ({ parameters: { client_assertion: `a${count++}` } }),
    }
    const proven = withDpop(fetch, { key: await aSigningKey(), nonces, role })
    const send = withNonceRetry(withClientAuth(proven, { clientId: 'c', clientAuth, issuer: origin }), { nonces, role })
    const init = { method: 'POST', body: new URLSearchParams({ grant_type: 'x' }) }
    expect((await send(new Request(origin, init))).status).toBe(200)
    expect(received.map(({ body }) => body)).toEqual([
      'grant_type=x&client_id=c&client_assertion=a0',
      'grant_type=x&client_id=c&client_assertion=a1',
    ])
  })
})
