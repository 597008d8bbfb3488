import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { ProtocolError, StoreError } from '../../src/errors/index.ts'
import {
  assertTransactionLive,
  createTransaction,
  parseTransaction,
  serializeTransaction,
  type Transaction,
  type TransactionInput,
  transactionKey,
} from '../../src/protocol/transaction.ts'
import { caught } from '../support/caught.ts'
import { createFakeRuntime, fakeNow } from '../support/fake-runtime.ts'

const input: TransactionInput = {
  issuer: 'https://as.example',
  clientId: 'my-app',
  authorizationEndpoint: 'https://as.example/authorize',
  tokenEndpoint: 'https://as.example/token',
  redirectUri: 'https://app.example/callback',
  responseMode: 'query',
  scope: 'openid profile',
  resource: ['https://api.example/'],
  maxAge: 300,
  acrValues: ['gold'],
  dpopKey: { alg: 'ES256', jwk: { kty: 'EC', d: 'private-half' } },
  applicationData: { returnTo: '/cart-4711' },
}

function aTransaction(changes: Partial<TransactionInput> = {}): Transaction {
  return createTransaction({ ...input, ...changes }, createFakeRuntime())
}

describe('createTransaction', () => {
  it('makes state, verifier and nonce of 32 bytes, each another', () => {
    const { state, codeVerifier, nonce } = aTransaction()
    for (const secret of [state, codeVerifier, nonce]) expect(secret).toMatch(/^[\w-]{43}$/)
    expect(new Set([state, codeVerifier, nonce]).size).toBe(3)
  })

  it('makes a nonce for OpenID only', () => {
    expect(aTransaction({ scope: 'profile' }).nonce).toBeUndefined()
    expect(aTransaction({ scope: 'profile openid' }).nonce).toBeDefined()
  })

  it('lives for ten minutes', () => {
    const runtime = createFakeRuntime()
    const transaction = createTransaction(input, runtime)
    expect(transaction).toMatchObject({ createdAt: fakeNow, expiresAt: fakeNow + 600_000 })
    runtime.advance(599_999)
    expect(() => assertTransactionLive(transaction, runtime)).not.toThrow()
    runtime.advance(1)
    const error = caught(ProtocolError, () => assertTransactionLive(transaction, runtime))
    expect(error).toMatchObject({ code: 'expired_transaction', expected: 'at most 600 s', actual: '600 s' })
  })

  it('shows no secret to whoever prints, spreads or clones it', () => {
    const transaction = aTransaction()
    const printed = [
      inspect(transaction, { depth: 9 }),
      JSON.stringify(transaction),
      inspect({ ...transaction }),
    ].join()
    const { state, codeVerifier, nonce = '' } = transaction
    for (const secret of [state, codeVerifier, nonce, 'private-half', 'cart-4711'])
      expect(printed).not.toContain(secret)
    expect(printed).toContain('https://app.example/callback')
    expect(Object.keys(structuredClone(transaction))).not.toContain('state')
  })

  it('cannot be changed', () => {
    const transaction = aTransaction()
    expect(() => Object.assign(transaction, { redirectUri: 'https://evil.example' })).toThrow(TypeError)
    expect(() => Object.assign(transaction, { state: 'x' })).toThrow(TypeError)
  })
})

describe('a stored transaction', () => {
  it.each([
    ['JSON', (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown],
    ['structured cloning', (value: unknown) => structuredClone(value)],
  ])('survives %s, secrets included', (_, store) => {
    const transaction = aTransaction()
    const again = parseTransaction(store(serializeTransaction(transaction)))
    expect(serializeTransaction(again)).toEqual(serializeTransaction(transaction))
    expect(again).toEqual(transaction)
    for (const name of ['state', 'codeVerifier', 'nonce', 'dpopKey', 'applicationData'] as const) {
      expect(again[name]).toEqual(transaction[name])
    }
    expect(JSON.stringify(again)).not.toContain(transaction.state)
  })

  it('has a key that tells nothing of its state', async () => {
    const { state } = aTransaction()
    const key = await transactionKey(state)
    expect(key).toMatch(/^transaction:\{[\w-]{43}\}$/)
    expect(key).not.toContain(state)
    expect(await transactionKey(state)).toBe(key)
    expect(await transactionKey(`${state}x`)).not.toBe(key)
  })

  const record = () => JSON.parse(JSON.stringify(serializeTransaction(aTransaction())))

  it.each<[string, (record: ReturnType<typeof serializeTransaction>) => unknown]>([
    ['nothing', () => undefined],
    ['text', () => 'transaction'],
    ['another version', (record) => ({ ...record, version: 2 })],
    ['no secrets', ({ secrets: _, ...record }) => record],
    ['no issuer', (record) => ({ ...record, facts: { ...record.facts, issuer: undefined } })],
    ['a token endpoint of another type', (record) => ({ ...record, facts: { ...record.facts, tokenEndpoint: 1 } })],
    ['an unknown response mode', (record) => ({ ...record, facts: { ...record.facts, responseMode: 'x' } })],
    ['no expiry', (record) => ({ ...record, facts: { ...record.facts, expiresAt: null } })],
    ['an empty state', (record) => ({ ...record, secrets: { ...record.secrets, state: '' } })],
    ['a short verifier', (record) => ({ ...record, secrets: { ...record.secrets, codeVerifier: 'x' } })],
    ['a lost nonce', (record) => ({ ...record, secrets: { ...record.secrets, nonce: undefined } })],
    ['a nonce without openid', (record) => ({ ...record, facts: { ...record.facts, scope: 'profile' } })],
    ['a resource of another type', (record) => ({ ...record, facts: { ...record.facts, resource: 'x' } })],
  ])('is refused with %s', (_, change) => {
    const error = caught(StoreError, () => parseTransaction(change(record())))
    expect(error).toMatchObject({ code: 'invalid_record', record: 'transaction' })
  })
})
