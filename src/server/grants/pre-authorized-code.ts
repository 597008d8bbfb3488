import type { TokenEndpointConfig } from '../config.ts'
import { familyRecordEnd } from '../families.ts'
import { prepareFirstTokens } from '../first-tokens.ts'
import type { GrantContext, PreparedGrant } from '../grant.ts'
import { storeOf } from '../guard-store.ts'
import { requireParam } from '../params.ts'
import { isTxCode, mostTxCodeFailures, type PreAuthorizedRecord, preAuthorizedKey } from '../pre-authorized-codes.ts'
import { put, readRecord, type Versioned } from '../records.ts'
import { missing, refuseGrant, refuseRequest } from '../refusal.ts'
import { type LocatedSecret, locateSecret } from '../secrets.ts'

/** OpenID4VCI 1.0 6.1, 6.3. Public clients may use it; the code, and the transaction code, are what is proven. */
export async function preparePreAuthorizedCode(context: GrantContext): Promise<PreparedGrant> {
  const { config, client, params, now, known } = context
  const secret = await locateSecret('pc', requireParam(params, 'pre-authorized_code'))
  if (!secret) throw refuseGrant('unknown code')
  const stored = await storeOf(config).get(preAuthorizedKey(secret))
  const found = readRecord<PreAuthorizedRecord>(stored, 'pre-authorized-1')
  if (!found) throw refuseGrant('unknown code')
  const { value } = found
  known.subject = value.authorization.subject
  known.scope = value.authorization.scope.join(' ')
  if (value.clientId !== undefined && value.clientId !== client.clientId) throw refuseGrant('code of another client')
  if (value.usedAt !== undefined) throw refuseGrant('code used before')
  if (value.expiresAt <= now) throw refuseGrant('code expired')
  await judgeTxCode(context, secret, found)
  const authorization = { ...value.authorization, clientId: client.clientId }
  const input = { authorization, family: secret.partition, scope: authorization.scope }
  return prepareFirstTokens(context, input, (family) => {
    const used: PreAuthorizedRecord = { ...value, usedAt: now }
    return [put(found.key, used, found.version, familyRecordEnd(config, family))]
  })
}

/** OpenID4VCI 1.0 6.3: expected and absent, or there and not expected, is invalid_request; wrong is invalid_grant. */
async function judgeTxCode(
  { config, params }: GrantContext,
  secret: LocatedSecret,
  found: Versioned<PreAuthorizedRecord>,
): Promise<void> {
  const { value } = found
  const txCode = params.get('tx_code')
  if (value.txCodeHash === undefined) {
    if (txCode !== undefined) throw refuseRequest('tx_code is not expected')
    return
  }
  if (txCode === undefined) throw missing('tx_code')
  if (value.failures >= mostTxCodeFailures) throw refuseGrant('too many wrong transaction codes')
  if (await isTxCode(secret, value.txCodeHash, txCode)) return
  await countFailure(config, found)
  throw refuseGrant('another transaction code')
}

/**
 * A short code can be guessed, so every wrong guess is counted, those of parallel requests too. The count changes
 * the record, so a right guess among many wrong ones at once loses its race and reads as wrong as the others.
 */
async function countFailure(
  config: TokenEndpointConfig,
  { key, value, version }: Versioned<PreAuthorizedRecord>,
): Promise<void> {
  if (value.failures >= mostTxCodeFailures || value.usedAt !== undefined) return
  const counted: PreAuthorizedRecord = { ...value, failures: value.failures + 1 }
  const change = put(key, counted, version, value.expiresAt + config.lifetimes.preAuthorizedCode)
  if ((await storeOf(config).commit([change])).ok) return
  const newer = readRecord<PreAuthorizedRecord>(await storeOf(config).get(key), 'pre-authorized-1')
  if (newer) await countFailure(config, newer)
}
