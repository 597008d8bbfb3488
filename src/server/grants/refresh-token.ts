import { andThen, type MaybePromise } from '../../lib/maybe-promise.ts'
import { splitScope } from '../../protocol/scope.ts'
import { type AuthorizedTokens, mintAuthorizedTokens } from '../authorized-tokens.ts'
import type { CommitPlan } from '../commit.ts'
import { familyRecordEnd, logoutAddresses, readFamily, touchFamily } from '../families.ts'
import type { GrantContext, PreparedGrant } from '../grant.ts'
import { storeOf } from '../guard-store.ts'
import { requireParam } from '../params.ts'
import {
  type FamilyRecord,
  keys,
  put,
  type RefreshRecord,
  type RefreshUse,
  readRecord,
  type Versioned,
} from '../records.ts'
import { createRefreshToken, type NewRefreshToken } from '../refresh-issue.ts'
import { refuseGrant, refuseRequest } from '../refusal.ts'
import { narrowScope, readScope } from '../scope-policy.ts'
import { endReusedFamily } from '../secret-reuse.ts'
import { type LocatedSecret, locateSecret } from '../secrets.ts'
import { isSameConfirmation } from '../sender-constraint.ts'

/** Seconds. */
const skew = 60

interface FoundRefreshToken {
  readonly secret: LocatedSecret
  readonly record: Versioned<RefreshRecord>
  readonly family: Versioned<FamilyRecord>
}

/**
 * RFC 6749 6, RFC 9700 4.14.2. Everything is judged before anything is consumed, so a bad request burns nothing.
 *
 * Three cases: a token not yet used, shown wrongly, is an error; a used one shown by its own client beyond the
 * grace, or differently, is reuse and ends the family; one shown by another client is an error and nothing more.
 */
export async function prepareRefreshToken(context: GrantContext): Promise<PreparedGrant> {
  const found = await findRefreshToken(context)
  judgeClient(context, found)
  judgeFamily(found)
  if (found.record.value.use) return retry(context, found, found.record.value.use)
  judgeExpiry(context, found)
  judgeBinding(context, found)
  return rotate(context, found, narrowScope(requestedScope(context), found.family.value.authorization.scope))
}

async function findRefreshToken({ config, params, known }: GrantContext): Promise<FoundRefreshToken> {
  const secret = await locateSecret('rt', requireParam(params, 'refresh_token'))
  if (!secret) throw refuseGrant('unknown refresh token')
  const [stored, family] = await Promise.all([
    storeOf(config).get(keys.refresh(secret.partition, secret.hash)),
    readFamily(config, secret.partition),
  ])
  const record = readRecord<RefreshRecord>(stored, 'refresh-1')
  if (!record || !family) throw refuseGrant('unknown refresh token')
  known.subject = family.value.authorization.subject
  known.scope = family.value.authorization.scope.join(' ')
  return { secret, record, family }
}

function judgeClient({ client }: GrantContext, { record }: FoundRefreshToken): void {
  if (record.value.clientId !== client.clientId) throw refuseGrant('refresh token of another client')
}

function judgeFamily({ family }: FoundRefreshToken): void {
  if (family.value.status === 'revoked') throw refuseGrant('family revoked')
}

function judgeExpiry({ now }: GrantContext, { record, family }: FoundRefreshToken): void {
  if (record.value.expiresAt <= now) throw refuseGrant('refresh token expired')
  if (family.value.endsAt <= now) throw refuseGrant('family ended')
}

/** RFC 9449 5: a public client proves its key again. A confidential client is bound by its authentication and may bring a fresh key. */
function judgeBinding({ constraint }: GrantContext, { family }: FoundRefreshToken): void {
  const { binding } = family.value
  if (!binding) return
  if (constraint.kind === 'none') throw refuseRequest(binding.jkt ? 'missing DPoP proof' : 'missing client certificate')
  if (!isSameConfirmation(binding, constraint.cnf)) throw refuseGrant('another key')
}

function requestedScope({ config, params }: GrantContext): readonly string[] | undefined {
  return readScope(config, params.get('scope'))
}

/** Mints the tokens and the successor, and seals that for the grace. */
function rotate(
  context: GrantContext,
  found: FoundRefreshToken,
  scope: readonly string[],
): MaybePromise<PreparedGrant> {
  const { family, secret } = found
  return andThen(mint(context, family, secret.partition, scope), (tokens) =>
    andThen(createRefreshToken(context, secret.partition, family.value), (successor) =>
      andThen(sealSuccessor(context, secret, successor.secret), (sealed) =>
        planRotation(context, found, { scope, tokens, successor, sealed }),
      ),
    ),
  )
}

/** The one commit: the token used at the version that was read, its successor, the family. */
function planRotation(
  { config, constraint, now }: GrantContext,
  { record, family }: FoundRefreshToken,
  minted: {
    readonly scope: readonly string[]
    readonly tokens: MintedTokens
    readonly successor: NewRefreshToken
    readonly sealed: string | undefined
  },
): PreparedGrant {
  const { scope, tokens, successor, sealed } = minted
  const use: RefreshUse = {
    at: now,
    scope,
    successorHash: successor.secret.hash,
    ...(constraint.cnf && { cnf: constraint.cnf }),
    ...(sealed !== undefined && { sealedSuccessor: sealed }),
  }
  const { clientId, expiresAt } = record.value
  const marked: RefreshRecord = { format: 'refresh-1', clientId, expiresAt, use }
  const used = put(record.key, marked, record.version, familyRecordEnd(config, family.value))
  const plan: CommitPlan = {
    claims: constraint.claims,
    changes: [used, tokens.touch.change, successor.change, ...tokens.changes],
    rebase: tokens.touch.rebase,
  }
  return prepare(tokens, successor.secret.text, plan)
}

/** A used token shown again by its own client: within the grace and in the same way it gets the same successor. */
async function retry(context: GrantContext, found: FoundRefreshToken, use: RefreshUse): Promise<PreparedGrant> {
  const { family, secret } = found
  const asked = splitScope(context.params.get('scope') ?? '')
  const scope = asked.length > 0 ? asked : family.value.authorization.scope
  const successor = isWithinGrace(context, found, use, scope) ? await openSuccessor(context, found, use) : undefined
  if (!successor) throw await endReusedFamily(context, 'refresh token', secret.partition, family.value.authorization)
  // The used token's record is left as it is, so that no retry extends the grace.
  const tokens = await mint(context, family, secret.partition, scope)
  const plan: CommitPlan = {
    claims: context.constraint.claims,
    changes: [tokens.touch.change, ...tokens.changes],
    rebase: {
      key: tokens.touch.rebase.key,
      // The use of the successor changes the family, too: so a retry that comes after it is seen here, and several
      // retries at once do not stand in each other's way.
      change: async (newer) => {
        if (!(await openSuccessor(context, found, use))) throw refuseGrant('lost the race')
        return tokens.touch.rebase.change(newer)
      },
    },
  }
  return prepare(tokens, successor, plan)
}

/** RFC 9700 4.14.2: no grace for an unbound token of a public client, whose thief could replay it unseen. */
function isWithinGrace(
  { config, client, constraint, now }: GrantContext,
  { record, family }: FoundRefreshToken,
  use: RefreshUse,
  scope: readonly string[],
): boolean {
  const isBound = family.value.binding !== undefined || !client.isPublic
  const until = Math.min(use.at + config.refreshTokens.grace, record.value.expiresAt)
  // A clock that was set back must not make the grace longer; clocks of several hosts may differ by the skew.
  if (!isBound || now >= until || now < use.at - skew) return false
  const sameScope = scope.length === use.scope.length && scope.every((one) => use.scope.includes(one))
  return sameScope && isSameConfirmation(use.cnf, constraint.cnf)
}

/** The successor, opened, while it is unused and of the same family. */
async function openSuccessor(
  { config, now }: GrantContext,
  { secret }: FoundRefreshToken,
  use: RefreshUse,
): Promise<string | undefined> {
  const { seal } = config.refreshTokens
  if (!seal || use.sealedSuccessor === undefined) return undefined
  const text = await seal.open(use.sealedSuccessor, secret.hash)
  const successor = text === undefined ? undefined : await locateSecret('rt', text)
  if (successor?.hash !== use.successorHash || successor.partition !== secret.partition) return undefined
  const stored = await storeOf(config).get(keys.refresh(successor.partition, successor.hash))
  const record = readRecord<RefreshRecord>(stored, 'refresh-1')
  if (!record || record.value.use || record.value.expiresAt <= now) return undefined
  return successor.text
}

function sealSuccessor(
  { config }: GrantContext,
  parent: LocatedSecret,
  successor: LocatedSecret,
): MaybePromise<string | undefined> {
  const { seal, grace } = config.refreshTokens
  return seal && grace > 0 ? seal.close(successor.text, parent.hash) : undefined
}

/** The tokens beside the refresh token, and the change of their family. */
interface MintedTokens extends Pick<AuthorizedTokens, 'response' | 'changes'> {
  readonly subject: string
  /** As granted. */
  readonly scope: string
  readonly touch: ReturnType<typeof touchFamily>
}

function mint(
  context: GrantContext,
  family: Versioned<FamilyRecord>,
  partition: string,
  scope: readonly string[],
): MaybePromise<MintedTokens> {
  const { config, client } = context
  const { authorization } = family.value
  // OIDC Core 12.2: the original auth_time, and no nonce.
  return andThen(mintAuthorizedTokens(context, { authorization, family: partition, scope }), (tokens) => {
    const logout = tokens.hasIdToken ? logoutAddresses(config, client, authorization) : undefined
    return {
      response: tokens.response,
      changes: tokens.changes,
      subject: authorization.subject,
      scope: tokens.scope.join(' '),
      touch: touchFamily(config, family, logout),
    }
  })
}

function prepare({ response, subject, scope }: MintedTokens, refreshToken: string, plan: CommitPlan): PreparedGrant {
  return { response: { ...response, refresh_token: refreshToken }, plan, subject, scope, events: ['refresh_rotated'] }
}
