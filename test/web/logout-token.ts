import { randomUUID, sign } from 'node:crypto'
import type { Runtime } from '../../src/lib/runtime.ts'
import { registeredClient } from '../support/hostile/client-setup.ts'
import { keyPair } from '../support/hostile/keys.ts'

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A logout token as the hostile provider would sign it (OpenID Connect Back-Channel Logout 1.0 2.4). */
export function signedLogoutToken(issuer: string, clock: Runtime, claims: Record<string, unknown>): string {
  const iat = Math.floor(clock.now() / 1000)
  const payload = {
    iss: issuer,
    aud: registeredClient.clientId,
    iat,
    exp: iat + 120,
    jti: randomUUID(),
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    ...claims,
  }
  const input = `${encode({ alg: 'ES256', typ: 'logout+jwt', kid: 'es256' })}.${encode(payload)}`
  const key = { key: keyPair('es256').privateKey, dsaEncoding: 'ieee-p1363' } as const
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
}
