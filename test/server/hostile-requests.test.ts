// Every grant under requests that are wrong in every way: nothing is burned, nothing echoed, nothing thrown.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { endpointErrorStatus, handleTokenRequest, supportedGrants } from '../../src/server/index.ts'
import { grantRequests, startWatched } from './grant-requests.ts'
import { issuer } from './rig.ts'

/** In every text that a mutation puts in: it must come out nowhere. */
const marker = 'zq9'

interface Attempt {
  params: Record<string, string | string[]>
  client: string | null
  url: string
  headers: Record<string, string | string[]>
}

type Mutation = (attempt: Attempt) => void

const names = [
  ...['grant_type', 'code', 'code_verifier', 'redirect_uri', 'refresh_token', 'scope', 'resource', 'audience'],
  ...['client_id', 'client_secret', 'client_assertion', 'client_assertion_type', 'assertion', 'device_code'],
  ...['auth_req_id', 'pre-authorized_code', 'tx_code', 'subject_token', 'subject_token_type', 'actor_token'],
  ...['actor_token_type', 'requested_token_type', 'authorization_details', 'dpop_jkt', '__proto__', 'constructor'],
]

const garbage = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }).map((text) => marker + text),
  fc.constantFrom(`${marker} `, `${marker}\u0000`, `${marker}%zz`, `https://${marker}.example/#x`, `["${marker}"]`),
  fc.constantFrom(`${marker}.${marker}.${marker}`, `{"type":"${marker}"}`, `ac_${'A'.repeat(22)}.${'A'.repeat(43)}`),
)

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.nat().map(
    (n): Mutation =>
      ({ params }) => {
        const keys = Object.keys(params)
        delete params[keys[n % keys.length]!]
      },
  ),
  fc.tuple(fc.constantFrom(...names), garbage).map(
    ([name, value]): Mutation =>
      ({ params }) => {
        Object.defineProperty(params, name, { value, enumerable: true, configurable: true, writable: true })
      },
  ),
  fc.nat().map(
    (n): Mutation =>
      ({ params }) => {
        const keys = Object.keys(params)
        const key = keys[n % keys.length]!
        params[key] = [params[key]!, params[key]!].flat()
      },
  ),
  fc.tuple(fc.nat(), fc.nat(), fc.constantFrom('A', 'b', '_', ' ', '.')).map(
    ([n, at, by]): Mutation =>
      ({ params }) => {
        const keys = Object.keys(params)
        const key = keys[n % keys.length]!
        const text = String(params[key])
        params[key] = text.slice(0, at % (text.length + 1)) + by + text.slice((at % (text.length + 1)) + 1)
      },
  ),
  fc.tuple(fc.nat(), fc.nat()).map(
    ([n, m]): Mutation =>
      ({ params }) => {
        const keys = Object.keys(params)
        const [one, other] = [keys[n % keys.length]!, keys[m % keys.length]!]
        ;[params[one], params[other]] = [params[other]!, params[one]!]
      },
  ),
  fc.constantFrom('other', 'spa', 'plain', null).map(
    (client): Mutation =>
      (attempt) => {
        attempt.client = client
      },
  ),
  fc.constantFrom('?x=1', '/token', '#part').map(
    (more): Mutation =>
      (attempt) => {
        attempt.url += more
      },
  ),
  fc.constant<Mutation>((attempt) => {
    attempt.url = attempt.url.replace('https', 'http')
  }),
  fc
    .tuple(
      fc.constantFrom('authorization', 'dpop'),
      fc.oneof(
        garbage,
        garbage.map((one) => [one, one]),
      ),
    )
    .map(
      ([name, value]): Mutation =>
        ({ headers }) => {
          headers[name] = value
        },
    ),
)

describe.each(supportedGrants)('a hostile request for %s', (grant) => {
  it('throws nothing, echoes nothing, uses nothing up: the right request is answered all the same', async () => {
    const { rig, commits } = await startWatched()
    let refused = 0
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 3 }), async (mutations) => {
        const params = await grantRequests[grant](rig)
        const attempt: Attempt = {
          params: structuredClone(params) as Attempt['params'],
          client: 'web',
          url: `${issuer}/token`,
          headers: {},
        }
        for (const mutate of mutations) if (Object.keys(attempt.params).length > 0) mutate(attempt)
        const { client, url, headers } = attempt
        commits.length = 0
        const outcome = await handleTokenRequest(
          rig.config,
          await rig.request(attempt.params, { client, url, headers }),
        )
        if (outcome.ok) {
          // The change was harmless: no more than what was there to be had.
          expect(outcome.events.every(({ result }) => result === 'success')).toBe(true)
          return
        }
        refused++
        const { error, status, headers: sent } = outcome.error
        expect(status).toBe(endpointErrorStatus[error])
        expect(sent['cache-control']).toBe('no-store')
        expect(outcome.events.map(({ name }) => name)).toEqual(['token_denied'])
        expect(outcome.events[0]!.metadata).toMatchObject({ error, httpStatus: status, clientIp: '192.0.2.1' })
        expect(error).not.toBe('server_error')
        expect(JSON.stringify(outcome)).not.toContain(marker)
        // Polls and guesses are what these two count.
        expect(commits.filter((kind) => kind !== 'polled' && kind !== 'pre_authorized')).toEqual([])
        const right = await rig.token(params)
        expect(right.ok ? '' : right.events.at(-1)?.metadata.reason).toBe('')
      }),
      { numRuns: Number(process.env.PROPERTY_RUNS ?? 150) },
    )
    expect(refused).toBeGreaterThan(75)
  })

  it('is answered once of ten at once, but where nothing is used up', async () => {
    const { rig } = await startWatched()
    const params = await grantRequests[grant](rig)
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => rig.token(params)))
    const good = outcomes.filter(({ ok }) => ok).length
    // client_credentials and exchange use nothing up; a confidential client's refresh has its grace.
    const isRepeatable = ['client_credentials', 'refresh_token'].includes(grant) || grant.endsWith('token-exchange')
    if (!isRepeatable) expect(good).toBe(1)
    else if (grant !== 'refresh_token') expect(good).toBe(10)
    const successors = outcomes.flatMap((outcome) => (outcome.ok ? (outcome.response.refresh_token ?? []) : []))
    expect(new Set(successors).size).toBe(grant === 'refresh_token' || grant === 'authorization_code' ? 1 : 0)
  })
})
