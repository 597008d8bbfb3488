import { describe, expect, it } from 'vitest'
import {
  clientSecretBasic,
  createOAuthClient,
  requestBackchannelAuthentication,
  requestDeviceAuthorization,
} from '../../src/client/index.ts'
import { createFakeRuntime } from '../support/fake-runtime.ts'
import { createFakeServer } from '../support/fake-server.ts'
import { anIdToken, issuer, issuerKeys } from '../support/id-token.ts'

const pending = { error: 'authorization_pending' }
const slowDown = { error: 'slow_down' }
const tokens = { access_token: 'at', token_type: 'Bearer', id_token: anIdToken({ nonce: undefined }) }
const reason = new Error('enough')
const ciba = { auth_req_id: 'req', expires_in: 600, interval: 5 }

/** A server that gives these answers in turn, and a clock whose waits the test ends. */
function setUp(...answers: object[]) {
  const clock = createFakeRuntime()
  const waits: number[] = []
  const server = createFakeServer()
  server.set(`${issuer}/.well-known/openid-configuration`, {
    issuer,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    device_authorization_endpoint: `${issuer}/device`,
    backchannel_authentication_endpoint: `${issuer}/ciba`,
    id_token_signing_alg_values_supported: ['ES256'],
  })
  server.set(`${issuer}/jwks`, issuerKeys())
  const where = { verification_uri: `${issuer}/enter`, user_code: 'ABCD' }
  server.set(`${issuer}/device`, { device_code: 'dc', ...where, expires_in: 600, interval: 5 })
  server.set(`${issuer}/ciba`, ciba)
  let held: Promise<void> | undefined
  server.set(`${issuer}/token`, async () => {
    await held
    const answer = answers.shift() ?? tokens
    return Response.json(answer, { status: 'error' in answer ? 400 : 200 })
  })
  let endWait = () => {}
  const runtime = {
    ...clock,
    delay: (milliseconds: number, signal?: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        waits.push(milliseconds)
        signal?.addEventListener('abort', () => reject(signal.reason))
        endWait = resolve
      }),
  }
  const client = createOAuthClient({
    issuer,
    clientId: 'my-app',
    clientAuth: clientSecretBasic('secret'),
    fetch: server.fetch,
    runtime,
  })
  const waited = async (times: number) => {
    await expect.poll(() => waits.length).toBe(times)
    endWait()
  }
  const asked = () => server.asked.filter((url) => url.endsWith('/token')).length
  const holdTokens = (until: Promise<void>) => {
    held = until
  }
  return { client, clock, waits, waited, asked, holdTokens }
}

const flows = {
  'a device': requestDeviceAuthorization,
  CIBA: (client: Parameters<typeof requestBackchannelAuthentication>[0]) =>
    requestBackchannelAuthentication(client, { loginHint: 'alice' }),
}

describe.each(Object.entries(flows))('several who wait for %s', (_name, begin) => {
  it('poll once, and whoever aborts leaves the others theirs', async () => {
    const { client, waits, waited, asked } = setUp(pending)
    const grant = await begin(client)
    const first = new AbortController()
    const aborted = grant.poll({ signal: first.signal })
    const patient = grant.poll()
    await waited(1)
    first.abort(reason)
    await expect(aborted).rejects.toBe(reason)
    await waited(2)
    expect((await patient).tokens.accessToken).toBe('at')
    expect({ waits, asked: asked() }).toEqual({ waits: [5000, 5000], asked: 2 })
  })

  it('end the poll with the last of them, and who comes then begins anew', async () => {
    const { client, waits, waited, asked } = setUp()
    const grant = await begin(client)
    const [one, two] = [new AbortController(), new AbortController()]
    const ended = [grant.poll({ signal: one.signal }), grant.poll({ signal: two.signal })]
    const outcomes = Promise.allSettled(ended)
    await expect.poll(() => waits.length).toBe(1)
    one.abort(reason)
    two.abort(reason)
    expect(await outcomes).toMatchObject([{ reason }, { reason }])
    const next = grant.poll()
    await waited(2)
    expect((await next).tokens.accessToken).toBe('at')
    expect(asked()).toBe(1)
  })

  it('lose nothing to an abort of a moment ago', async () => {
    const { client, waited } = setUp()
    const grant = await begin(client)
    const controller = new AbortController()
    const ended = grant.poll({ signal: controller.signal })
    const outcome = expect(ended).rejects.toBe(reason)
    controller.abort(reason)
    const next = grant.poll()
    await outcome
    await waited(1)
    expect((await next).tokens.accessToken).toBe('at')
  })

  it('go on at the pace that the server asked for, whoever polls (RFC 8628 3.5)', async () => {
    const { client, waits, waited } = setUp(slowDown)
    const grant = await begin(client)
    const controller = new AbortController()
    const ended = grant.poll({ signal: controller.signal })
    await waited(1)
    await expect.poll(() => waits).toEqual([5000, 10_000])
    controller.abort(reason)
    await expect(ended).rejects.toBe(reason)
    const next = grant.poll()
    await waited(3)
    await next
    expect(waits).toEqual([5000, 10_000, 10_000])
    if ('state' in grant) expect(grant.state().interval).toBe(10_000)
  })

  it('get what came of it when they come later: what is good once is not used again', async () => {
    const { client, waits, waited, asked } = setUp()
    const grant = await begin(client)
    const polled = grant.poll()
    await waited(1)
    const login = await polled
    expect(await grant.poll()).toBe(login)
    expect(await grant.poll({ signal: new AbortController().signal })).toBe(login)
    await expect(grant.poll({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect({ waits, asked: asked() }).toEqual({ waits: [5000], asked: 1 })
  })

  it('ask again after a refusal', async () => {
    const { client, waited, asked } = setUp({ error: 'access_denied' })
    const grant = await begin(client)
    const refused = grant.poll()
    const outcome = expect(refused).rejects.toMatchObject({ error: 'access_denied' })
    await waited(1)
    await outcome
    const next = grant.poll()
    await waited(2)
    await next
    expect(asked()).toBe(2)
  })

  it('do not begin for one who has aborted already', async () => {
    const { client, waits } = setUp()
    const grant = await begin(client)
    await expect(grant.poll({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(waits).toEqual([])
  })
})

describe('a ping (CIBA Core 10.2)', () => {
  async function begin(client: Parameters<typeof requestBackchannelAuthentication>[0], answer: object = {}) {
    Object.assign(ciba, { expires_in: 600, interval: 5 }, answer)
    const grant = await requestBackchannelAuthentication(client, { loginHint: 'alice', mode: 'ping' })
    const authorization = `Bearer ${grant.state().notificationToken}`
    const ping = (token = authorization) =>
      grant.handlePing(
        new Request('https://app.example/ping', {
          method: 'POST',
          headers: { authorization: token, 'content-type': 'application/json' },
          body: JSON.stringify({ auth_req_id: 'req' }),
        }),
      )
    return { grant, ping }
  }

  it('ends the wait of a poll that is under way, which asks at once for both', async () => {
    const { client, waits, waited, asked } = setUp(pending)
    const { grant, ping } = await begin(client)
    const polled = grant.poll()
    await waited(1)
    await expect.poll(() => waits.length).toBe(2)
    const pinged = await ping()
    expect(await polled).toBe(pinged)
    expect({ waits, asked: asked() }).toEqual({ waits: [5000, 5000], asked: 2 })
  })

  it('that comes while the poll asks has it ask once more, where the answer was of before', async () => {
    let answer = () => {}
    const { client, waits, waited, asked, holdTokens } = setUp(pending)
    holdTokens(
      new Promise((resolve) => {
        answer = resolve
      }),
    )
    const { grant, ping } = await begin(client)
    const polled = grant.poll()
    await waited(1)
    await expect.poll(asked).toBe(1)
    const pinged = ping()
    await new Promise((resolve) => setTimeout(resolve, 20))
    answer()
    expect((await pinged).tokens.accessToken).toBe('at')
    await polled
    expect({ waits, asked: asked() }).toEqual({ waits: [5000], asked: 2 })
  })

  it('is worth one request: what is still pending goes on at the pace of before', async () => {
    const { client, waits, asked } = setUp(pending)
    const { ping } = await begin(client)
    const pinged = ping()
    await expect.poll(() => waits).toEqual([5000])
    expect(asked()).toBe(1)
    await ping()
    await pinged
    expect(asked()).toBe(2)
  })

  it('that is sent twice fetches the tokens once', async () => {
    const { client, asked } = setUp()
    const { grant, ping } = await begin(client)
    const pinged = await ping()
    expect(await ping()).toBe(pinged)
    expect(await grant.poll()).toBe(pinged)
    expect(asked()).toBe(1)
  })

  it('is waited for until the request expires, however seldom the server wants to be asked', async () => {
    const { client, waits, asked, clock } = setUp(pending, slowDown)
    const { grant, ping } = await begin(client, { expires_in: 120, interval: 300 })
    const polled = grant.poll()
    await expect.poll(() => waits).toEqual([120_000])
    clock.advance(119_000)
    const pinged = ping()
    await expect.poll(() => waits).toEqual([120_000, 1000])
    const again = ping()
    await expect.poll(() => waits).toEqual([120_000, 1000, 1000])
    await ping()
    expect((await polled).tokens.accessToken).toBe('at')
    expect([await pinged, await again]).toEqual([await polled, await polled])
    expect(asked()).toBe(3)
  })

  it('that does not come lets the poll end with the request, and not ask before its time', async () => {
    const { client, waits, waited, asked } = setUp()
    const { grant } = await begin(client, { expires_in: 120, interval: 300 })
    const outcome = expect(grant.poll()).rejects.toMatchObject({ code: 'expired_grant' })
    await waited(1)
    await outcome
    expect({ waits, asked: asked() }).toEqual({ waits: [120_000], asked: 0 })
  })

  it('of a stranger ends no wait', async () => {
    const { client, waits, waited, asked } = setUp()
    const { grant, ping } = await begin(client)
    const polled = grant.poll()
    await expect.poll(() => waits.length).toBe(1)
    await expect(ping('Bearer another')).rejects.toMatchObject({ code: 'invalid_notification' })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(asked()).toBe(0)
    await waited(1)
    await polled
  })

  it('leaves it to the signal to end a wait with its reason', async () => {
    const { client, waits } = setUp()
    const { grant } = await begin(client)
    const controller = new AbortController()
    const polled = grant.poll({ signal: controller.signal })
    await expect.poll(() => waits.length).toBe(1)
    controller.abort(reason)
    await expect(polled).rejects.toBe(reason)
  })
})
