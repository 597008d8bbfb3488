// Limits that are no numbers are refused where they are given, not silently without effect where they are used.
import { describe, expect, it } from 'vitest'
import { createServiceAuthVerifier } from '../../src/atproto/index.ts'
import { createOAuthClient, deleteClient, discoverResource, registerClient, webFinger } from '../../src/client/index.ts'
import { createApi } from '../../src/http/create-api.ts'
import { createKyTransport } from '../../src/http/ky-transport.ts'
import { createScreenedFetch } from '../../src/http/screened-fetch.ts'
import { withAccessToken } from '../../src/http/with-access-token.ts'
import { verifyIdToken } from '../../src/issuer/index.ts'
import { createLeaseLock } from '../../src/lib/lease-lock.ts'
import { assertNumbers } from '../../src/lib/options.ts'
import { createProtectedResource } from '../../src/resource/index.ts'
import { createMemoryStore } from '../../src/stores/memory/index.ts'
import { isTokenValid } from '../../src/tokens/index.ts'
import { createFakeRuntime } from '../support/fake-runtime.ts'

const noFetch = () => Promise.reject(new Error('nothing is to be sent'))
const runtime = createFakeRuntime()
const store = createMemoryStore()
const issuer = 'https://op.example'
const registration = {
  issuer,
  clientId: 'c',
  registrationClientUri: `${issuer}/register/c`,
  registrationAccessToken: 't',
}
const client = (more: object) => createOAuthClient({ issuer, clientId: 'c', redirectUri: `${issuer}/cb`, ...more })
const operation = { id: 'ping', method: 'GET', path: '/', responses: { 200: {} } } as const
const api = createApi({ baseUrl: issuer, fetch: noFetch })
const backend = { acquire: async () => true, renew: async () => true, release: async () => true }
const lease = { lease: 1000, maxWait: 1000, runtime }

/** Each place that takes a limit, by the name of the option. */
const limits: Record<string, (value: never) => unknown> = {
  'verifyIdToken timeout': (timeout) => verifyIdToken('t', { issuer, clientId: 'c', timeout, fetch: noFetch }),
  'createOAuthClient timeout': (timeout) => client({ timeout }),
  'webFinger timeout': (timeout) => webFinger('alice@op.example', { timeout, fetch: noFetch }),
  'discoverResource timeout': (timeout) => discoverResource('https://a.example', { timeout, fetch: noFetch }),
  'registerClient timeout': (timeout) => registerClient(issuer, {}, { timeout, fetch: noFetch }),
  'deleteClient timeout': (timeout) => deleteClient(registration as never, { timeout, fetch: noFetch }),
  'createApi timeout': (timeout) => createApi({ timeout }),
  "a call's timeout": (timeout) => api.send(operation, {}, { timeout }),
  'createScreenedFetch timeout': (timeout) => createScreenedFetch({ timeout }),
  'createScreenedFetch maxBytes': (maxBytes) => createScreenedFetch({ maxBytes }),
  'createProtectedResource timeout': (timeout) => createProtectedResource({ issuer, audience: 'a', timeout }),
  'a lock lease': (value) => createLeaseLock(backend, { ...lease, lease: value }),
}

/** Each place that takes a number which may be 0. */
const lengths: Record<string, (value: never) => unknown> = {
  'createOAuthClient clockTolerance': (clockTolerance) => client({ clockTolerance }),
  'verifyIdToken tolerance': (tolerance) => verifyIdToken('t', { issuer, clientId: 'c', tolerance, fetch: noFetch }),
  'createKyTransport retries': (retries) => createKyTransport({ retries }),
  'createKyTransport maxRetryAfter': (maxRetryAfter) => createKyTransport({ maxRetryAfter }),
  'createKyTransport backoff': (backoff) => createKyTransport({ backoff }),
  'withAccessToken bufferLimit': (bufferLimit) =>
    withAccessToken(noFetch, { getAccessToken: noFetch }, { origins: [issuer], bufferLimit }),
  'isTokenValid minRemainingLife': (minRemainingLife) => isTokenValid({}, { minRemainingLife }),
  'createServiceAuthVerifier tolerance': (tolerance) =>
    createServiceAuthVerifier({
      audience: 'did:web:a.example',
      identity: { resolveDid: noFetch },
      replayStore: store,
      tolerance,
    }),
  'a lock maxWait': (maxWait) => createLeaseLock(backend, { ...lease, maxWait }),
}

const refuses = async (use: () => unknown, what: string) => {
  await expect((async () => use())(), what).rejects.toThrow(TypeError)
}

describe('a number among options', () => {
  const rows = Object.entries({ ...limits, ...lengths })
  it.each(rows)('%s is refused where it is none', async (name, use) => {
    const option = name.split(' ').at(-1)!
    for (const value of [Number.NaN, -1, '5', null, {}]) {
      await refuses(() => use(value as never), `${name}: ${value}`)
      await expect((async () => use(value as never))()).rejects.toThrow(new RegExp(option))
    }
  })

  it.each(Object.entries(limits))('%s is refused where it is 0, which would end everything', async (name, use) => {
    await refuses(() => use(0 as never), name)
  })

  it.each(Object.entries(lengths))('%s is refused where it has no end', async (name, use) => {
    await refuses(() => use(Number.POSITIVE_INFINITY as never), name)
  })

  it('may be left out, and a limit may be none by name', () => {
    expect(() => assertNumbers('f', { a: undefined }, ['a'])).not.toThrow()
    expect(() => assertNumbers('f', { a: Number.POSITIVE_INFINITY }, ['a'])).not.toThrow()
    expect(() => assertNumbers('f', { a: 0 }, ['a'], '0 or more')).not.toThrow()
  })
})
