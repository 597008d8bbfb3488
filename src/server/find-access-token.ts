import { epochSeconds } from '../lib/runtime.ts'
import type { JwtClaims } from '../protocol/jwt.ts'
import { accessTokenProfile } from '../protocol/jwt-profiles.ts'
import { splitScope } from '../protocol/scope.ts'
import type { TokenEndpointConfig } from './config.ts'
import { readFamily } from './families.ts'
import { reservedAccessClaims } from './mint-access-token.ts'
import { type AccessRecord, findRecords, indexes, keys, readRecord, type Versioned } from './records.ts'
import { locateSecret } from './secrets.ts'
import { readOwnJwt } from './sign-jwt.ts'

/** An access token of this server, as its record or its claims say. */
export interface FoundAccessToken {
  readonly record: AccessRecord
  /** Where and at which version it is stored; absent for a JWT that is not remembered. */
  readonly stored?: Versioned<AccessRecord>
  /** Neither expired nor revoked, by itself or with its family. */
  readonly isActive: boolean
}

/** The access token behind a text, opaque or JWT; `undefined` for what is none of this server's. */
export async function findAccessToken(
  config: TokenEndpointConfig,
  text: string,
): Promise<FoundAccessToken | undefined> {
  const found = (await findOpaque(config, text)) ?? (await findJwt(config, text))
  if (!found) return undefined
  const { record } = found
  const isAlive = record.status === 'active' && record.expiresAt > epochSeconds(config.runtime)
  return { ...found, isActive: isAlive && (await isFamilyActive(config, record)) }
}

type Found = Omit<FoundAccessToken, 'isActive'>

async function findOpaque(config: TokenEndpointConfig, text: string): Promise<Found | undefined> {
  const secret = await locateSecret('at', text)
  if (!secret || !config.store) return undefined
  const stored = await config.store.get(keys.access(secret.partition, secret.hash))
  const versioned = readRecord<AccessRecord>(stored, 'access-1')
  return versioned && { record: versioned.value, stored: versioned }
}

async function findJwt(config: TokenEndpointConfig, text: string): Promise<Found | undefined> {
  const jwt = await readOwnJwt(config.keys, text, accessTokenProfile, config.issuer)
  if (!jwt || typeof jwt.claims.jti !== 'string') return undefined
  const by = [indexes.jti, jwt.claims.jti] as const
  const [stored] = config.store ? await findRecords<AccessRecord>(config.store, 'access', by, 'access-1') : []
  if (stored) return { record: stored.value, stored }
  const record = recordOf(jwt.claims)
  return record && { record }
}

/** A family outlives everything in it, so one that is not there cannot vouch for anything. */
async function isFamilyActive(config: TokenEndpointConfig, { family }: AccessRecord): Promise<boolean> {
  if (family === undefined) return true
  return (await readFamily(config, family))?.value.status === 'active'
}

/** A JWT that is not remembered is a client's own: everything is in its claims. */
function recordOf(claims: JwtClaims): AccessRecord | undefined {
  const { sub, jti, client_id: clientId, aud, exp, iat, scope, cnf } = claims
  if (typeof sub !== 'string' || typeof jti !== 'string' || typeof clientId !== 'string') return undefined
  // Every token about somebody else is remembered; one whose record is not found is good for nothing.
  if (sub !== clientId) return undefined
  const extra = Object.entries(claims).filter(([name]) => !reservedAccessClaims.includes(name))
  const details = claims.authorization_details as AccessRecord['authorizationDetails']
  return {
    format: 'access-1',
    jti,
    clientId,
    subject: sub,
    sub,
    ofClient: true,
    scope: typeof scope === 'string' ? splitScope(scope) : [],
    audience: typeof aud === 'string' ? [aud] : (aud as readonly string[]),
    issuedAt: iat!,
    expiresAt: exp!,
    tokenType: (cnf as AccessRecord['cnf'])?.jkt === undefined ? 'Bearer' : 'DPoP',
    status: 'active',
    ...(cnf !== undefined && { cnf: cnf as NonNullable<AccessRecord['cnf']> }),
    ...(details !== undefined && { authorizationDetails: details }),
    ...(extra.length > 0 && { extra: Object.fromEntries(extra) }),
  }
}
