import { constants, createHmac, sign as cryptoSign } from 'node:crypto'
import type { IdTokenFault } from './faults.ts'
import { type KeyName, keyPair, publishedJwk } from './keys.ts'
import { applyPatch, type FaultContext, type JsonObject } from './patch.ts'

export interface SigningSetup {
  readonly alg: string
  readonly key: KeyName
  readonly clientSecret: string
}

/** An id_token, honest but for the fault. Made by hand, since a library refuses to write most of these. */
export function makeIdToken(
  claims: JsonObject,
  setup: SigningSetup,
  fault: IdTokenFault,
  context: FaultContext,
): string {
  const key = fault.key ?? setup.key
  const named = key === 'client-secret' || key === 'public-key-as-secret' || key === 'embedded-jwk' ? undefined : key
  const honestHeader: JsonObject = { alg: setup.alg, typ: 'JWT', kid: named ?? setup.key }
  if (key === 'embedded-jwk') honestHeader.jwk = publishedJwk('stranger-es256')
  const header = applyPatch(honestHeader, fault.header, context)
  const headerJson = JSON.stringify(header)
  const claimsJson = JSON.stringify(applyPatch(claims, fault.claims, context))
  const protectedPart = encode(fault.headerText?.(headerJson) ?? headerJson)
  const payloadPart = encode(fault.claimsText?.(claimsJson) ?? claimsJson)
  const input = `${protectedPart}.${payloadPart}`
  const signed = fault.signature === 'of-another-token' ? `${protectedPart}.${encode('{}')}` : input
  const signature = spoil(signWith(signed, String(header.alg), key, setup, fault.signature), fault.signature)
  const token = `${input}.${signature.toString('base64url')}`
  return fault.compact?.(token, context) ?? token
}

function signWith(
  input: string,
  alg: string,
  key: NonNullable<IdTokenFault['key']>,
  setup: SigningSetup,
  how: IdTokenFault['signature'],
): Buffer {
  const data = Buffer.from(input)
  if (how === 'none' || alg.toLowerCase() === 'none') return Buffer.alloc(0)
  const hash = `sha${/\d{3}/.exec(alg)?.[0] ?? '256'}`
  if (key === 'client-secret') return createHmac(hash, setup.clientSecret).update(data).digest()
  if (key === 'public-key-as-secret') {
    const pem = keyPair(setup.key).publicKey.export({ type: 'spki', format: 'pem' })
    return createHmac(hash, pem).update(data).digest()
  }
  const { privateKey } = keyPair(key === 'embedded-jwk' ? 'stranger-es256' : key)
  if (privateKey.asymmetricKeyType?.startsWith('ed')) return cryptoSign(null, data, privateKey)
  if (alg.startsWith('PS')) {
    const saltLength = how === 'pss-salt-0' ? 0 : constants.RSA_PSS_SALTLEN_DIGEST
    return cryptoSign(hash, data, { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength })
  }
  return cryptoSign(hash, data, { key: privateKey, dsaEncoding: how === 'der' ? 'der' : 'ieee-p1363' })
}

function spoil(signature: Buffer, how: IdTokenFault['signature']): Buffer {
  switch (how) {
    case 'short':
      return signature.subarray(0, -1)
    case 'long':
      return Buffer.concat([signature, Buffer.alloc(1)])
    case 'zeros':
      return Buffer.alloc(signature.length)
    case 'flipped':
      return Buffer.concat([signature.subarray(0, -1), Buffer.from([signature.at(-1)! ^ 1])])
    default:
      return signature
  }
}

const encode = (text: string | Uint8Array) => Buffer.from(text).toString('base64url')
