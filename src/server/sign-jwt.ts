import { sign, verify } from '#signatures'
import { encodeBase64url } from '../lib/base64url.ts'
import { andThen, type MaybePromise } from '../lib/maybe-promise.ts'
import type { Jwt } from '../protocol/jwt.ts'
import { readJwt } from '../protocol/jwt.ts'
import { findClaimsFault, isTypeOf, type JwtProfile } from '../protocol/jwt-profiles.ts'
import type { ServerKey, ServerKeys } from './server-keys.ts'

/** The encoded header of a key and a `typ`: the same for every JWT of it. */
const heads = new WeakMap<ServerKey, Map<string, string>>()

/** A JWT signed by the server, with `typ`, `alg` and `kid` in its header. Members that are undefined are left out. */
export function signJwt(key: ServerKey, typ: string, claims: object): MaybePromise<string> {
  const data = `${headOf(key, typ)}.${encodeBase64url(JSON.stringify(claims))}`
  return andThen(sign(key.signingKey, data), (signature) => `${data}.${encodeBase64url(signature)}`)
}

/** A JWT of this server's own, of one kind, whose signature holds; its times are not judged. */
export async function readOwnJwt(
  keys: ServerKeys,
  token: string,
  profile: JwtProfile,
  issuer: string,
): Promise<Jwt | undefined> {
  const { jwt } = readJwt(token)
  if (!jwt || jwt.header.crit !== undefined) return undefined
  if (!isTypeOf(profile, jwt.header.typ) || findClaimsFault(profile, jwt.claims)) return undefined
  if (jwt.claims.iss !== issuer) return undefined
  const key = keys.verificationKey(jwt.header.alg, jwt.header.kid)
  if (!key || !(await verify(key, jwt.signingInput, jwt.signature))) return undefined
  return jwt
}

function headOf(key: ServerKey, typ: string): string {
  let known = heads.get(key)
  if (!known) {
    known = new Map()
    heads.set(key, known)
  }
  let head = known.get(typ)
  if (head === undefined) {
    head = encodeBase64url(JSON.stringify({ typ, alg: key.alg, kid: key.kid }))
    known.set(typ, head)
  }
  return head
}
