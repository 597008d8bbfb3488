import { createHash } from 'node:crypto'
import { registeredClient } from '../client-setup.ts'
import type { IdTokenFault } from '../faults.ts'
import { encryptTo } from '../jwe.ts'
import { makeIdToken } from '../jws.ts'
import { algOf } from '../keys.ts'
import type { JsonObject } from '../patch.ts'
import { factsOf, type Login, type ProviderState } from '../state.ts'

/** OpenID Connect Core 3.3.2.11: the id_token that comes with the code, and vouches for it and for the state. */
export function frontIdToken(state: ProviderState, login: Login): string {
  const { now } = factsOf(state)
  const claims: JsonObject = {
    iss: state.issuer,
    sub: login.subject,
    aud: registeredClient.clientId,
    exp: now + 300,
    iat: now,
    auth_time: login.authTime,
    nonce: login.parameters.get('nonce'),
    c_hash: halfHash(state, login.code),
    s_hash: halfHash(state, login.parameters.get('state') ?? ''),
  }
  return sign(state, claims, state.faults.frontIdToken)
}

/** JARM 2.1: the parameters as claims, with issuer, audience and expiry. */
export function responseJwt(state: ProviderState, answer: URLSearchParams, fault?: IdTokenFault): string {
  const { iss, ...parameters } = Object.fromEntries(answer)
  const claims = { iss: state.issuer, aud: registeredClient.clientId, exp: factsOf(state).now + 300, ...parameters }
  return sign(state, iss === undefined ? claims : { ...claims, iss }, fault)
}

function sign(state: ProviderState, claims: JsonObject, fault: IdTokenFault = {}): string {
  const setup = { alg: algOf[state.signingKey], key: state.signingKey, clientSecret: registeredClient.clientSecret }
  const signed = makeIdToken(claims, setup, fault, factsOf(state))
  return state.client.encrypted ? encryptTo(registeredClient.clientSecret, signed, state.faults.encryption) : signed
}

function halfHash(state: ProviderState, value: string): string {
  const alg = algOf[state.signingKey]
  const bits = alg === 'EdDSA' ? 512 : Number(alg.slice(2))
  const hash = createHash(`sha${bits}`).update(value).digest()
  return hash.subarray(0, bits / 16).toString('base64url')
}
