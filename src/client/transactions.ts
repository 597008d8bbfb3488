import { ProtocolError } from '../errors/protocol.ts'
import { StoreError } from '../errors/session.ts'
import { reachStore } from '../lib/reach-store.ts'
import type { RecordStore } from '../lib/record-store.ts'
import { parseTransaction, serializeTransaction, type Transaction, transactionKey } from '../protocol/transaction.ts'

/** Milliseconds that an expired transaction is still known, so that a late callback is told why it fails. */
const keptAfterExpiry = 10 * 60_000

/** Keeps a login under way. One state stands for one login: putting it never replaces a live one. */
export async function putTransaction(store: RecordStore, transaction: Transaction): Promise<void> {
  const key = await transactionKey(transaction.state)
  const result = await reachStore('write', 'transaction', () =>
    store.commit([
      {
        kind: 'put',
        key,
        value: serializeTransaction(transaction),
        expect: null,
        expiresAt: transaction.expiresAt + keptAfterExpiry,
      },
    ]),
  )
  if (!result.ok) {
    throw new StoreError(
      'version_conflict',
      'a login with this state is under way already; is the random source broken?',
      {
        record: 'transaction',
      },
    )
  }
}

/** A login under way, left where it is; `undefined` for a state that was never sent, was used, or is too old. */
export async function findTransaction(store: RecordStore, state: string): Promise<Transaction | undefined> {
  const key = await transactionKey(state)
  const record = await reachStore('read', 'transaction', () => store.get(key))
  return record && parseTransaction(record.value)
}

/**
 * Takes a login out, once: of two callbacks with the same state the second finds nothing.
 *
 * @throws ProtocolError `unknown_transaction`
 */
export async function takeTransaction(store: RecordStore, state: string): Promise<Transaction> {
  const key = await transactionKey(state)
  const record = await reachStore('read', 'transaction', () => store.get(key))
  if (!record) throw unknownTransaction()
  const taken = await reachStore('write', 'transaction', () =>
    store.commit([{ kind: 'delete', key, expect: record.version }]),
  )
  if (!taken.ok) throw unknownTransaction()
  return parseTransaction(record.value)
}

/** What is said of a callback that belongs to no login under way. */
export function unknownTransaction(): ProtocolError {
  return new ProtocolError(
    'unknown_transaction',
    'no login with this "state" is under way: the callback was used before, comes from elsewhere, or its transaction store is not the one that the login began with',
    { clause: 'RFC 6749 10.12', expected: 'a state that was sent and not yet used', actual: 'another' },
  )
}
