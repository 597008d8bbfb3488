import { timingSafeEqual } from '../../lib/constant-time.ts'
import { deriveCodeChallenge, isCodeVerifier } from '../../protocol/pkce.ts'
import { familyRecordEnd } from '../families.ts'
import { prepareFirstTokens } from '../first-tokens.ts'
import type { GrantContext, PreparedGrant } from '../grant.ts'
import { storeOf } from '../guard-store.ts'
import { requireParam } from '../params.ts'
import { type CodeRecord, keys, put, readRecord, type Versioned } from '../records.ts'
import { missing, refuseGrant, refuseRequest } from '../refusal.ts'
import { endReusedFamily } from '../secret-reuse.ts'
import { type LocatedSecret, locateSecret } from '../secrets.ts'

interface FoundCode {
  readonly secret: LocatedSecret
  readonly record: Versioned<CodeRecord>
}

/**
 * RFC 6749 4.1.3, OAuth 2.1 4.1.3, RFC 7636 4.6, RFC 9449 10.
 *
 * The code is judged in the order of who may know what: another client learns nothing of it and changes nothing;
 * its own client that shows it a second time ends the whole family.
 */
export async function prepareAuthorizationCode(context: GrantContext): Promise<PreparedGrant> {
  const found = await findCode(context)
  judgeClient(context, found)
  await judgeUse(context, found)
  judgeExpiry(context, found)
  judgeRedirectUri(context, found)
  await judgeVerifier(context, found)
  judgeKey(context, found)
  return redeem(context, found)
}

async function findCode({ config, params, known }: GrantContext): Promise<FoundCode> {
  const secret = await locateSecret('ac', requireParam(params, 'code'))
  if (!secret) throw refuseGrant('unknown code')
  const stored = await storeOf(config).get(keys.code(secret.partition, secret.hash))
  const record = readRecord<CodeRecord>(stored, 'code-1')
  if (!record) throw refuseGrant('unknown code')
  const { subject, scope } = record.value.authorization
  known.subject = subject
  known.scope = scope.join(' ')
  return { secret, record }
}

/** A code shown by another client stays good for its owner. */
function judgeClient({ client }: GrantContext, { record }: FoundCode): void {
  if (record.value.authorization.clientId !== client.clientId) throw refuseGrant('code of another client')
}

/** RFC 6749 4.1.2, 10.5; OAuth 2.1 4.1.3: used twice, everything that came of it is revoked. */
async function judgeUse(context: GrantContext, { secret, record }: FoundCode): Promise<void> {
  if (record.value.usedAt === undefined) return
  throw await endReusedFamily(context, 'code', secret.partition, record.value.authorization)
}

function judgeExpiry({ now }: GrantContext, { record }: FoundCode): void {
  if (record.value.expiresAt <= now) throw refuseGrant('code expired')
}

/** RFC 6749 4.1.3: compared exactly. OAuth 2.1 4.1.3: not needed where PKCE binds the code to its client instance. */
function judgeRedirectUri({ params }: GrantContext, { record }: FoundCode): void {
  const { redirectUri, redirectUriSent, codeChallenge } = record.value
  const sent = params.get('redirect_uri')
  if (sent === undefined) {
    if (redirectUriSent && codeChallenge === undefined) throw missing('redirect_uri')
    return
  }
  if (sent !== redirectUri) throw refuseGrant('another redirect_uri')
}

/** RFC 7636 4.6; RFC 9700 2.1.1: a verifier without a challenge is a downgrade that somebody tried. */
async function judgeVerifier({ config, params }: GrantContext, { record }: FoundCode): Promise<void> {
  const { codeChallenge } = record.value
  const verifier = params.get('code_verifier')
  if (codeChallenge === undefined) {
    if (verifier !== undefined) throw refuseGrant('verifier without a challenge')
    if (config.pkceRequired) throw refuseGrant('code without a challenge')
    return
  }
  if (verifier === undefined) throw missing('code_verifier')
  if (!isCodeVerifier(verifier)) throw refuseGrant('malformed verifier')
  if (!timingSafeEqual(codeChallenge, await deriveCodeChallenge(verifier))) throw refuseGrant('another verifier')
}

/** RFC 9449 10: a code bound to a key is redeemed with a proof of that key. */
function judgeKey({ constraint }: GrantContext, { record }: FoundCode): void {
  const { dpopJkt } = record.value
  if (dpopJkt === undefined) return
  // A certificate does not stand in for the key.
  if (constraint.kind !== 'dpop') throw refuseRequest('missing DPoP proof')
  if (constraint.cnf?.jkt !== dpopJkt) throw refuseGrant('another DPoP key')
}

function redeem(context: GrantContext, { secret, record }: FoundCode): Promise<PreparedGrant> {
  const { authorization } = record.value
  const { scope, nonce } = authorization
  const input = { authorization, family: secret.partition, scope, nonce, code: secret.text }
  return prepareFirstTokens(context, input, (family) => {
    // The used marker outlives the code, and everything that a reuse has to revoke.
    const used: CodeRecord = { ...record.value, usedAt: context.now }
    return [put(record.key, used, record.version, familyRecordEnd(context.config, family))]
  })
}
