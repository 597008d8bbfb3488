/** An id_token of a usual size, verified again and again with metadata and keys in memory. */
import { constants, type KeyObject, sign, verify } from 'node:crypto'
import { createVerifier } from 'fast-jwt'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import * as openid from 'openid-client'
import { aKeyPair, kindOf, publicJwk, signRaw } from '../test/support/id-token.ts'
import type { Library } from './library.ts'
import { type Contender, measure, type Result } from './measure.ts'

const issuer = 'https://op.example'
const clientId = 's6BhdRkqt3'
const nonce = 'n-0S6_WzA2Mj-abcdefghijklmnopqrst'
const algorithms = ['ES256', 'RS256', 'EdDSA', 'PS256'] as const

interface Setting {
  readonly alg: (typeof algorithms)[number]
  readonly token: string
  readonly signingInput: string
  readonly publicKey: KeyObject
  readonly jwks: JSONWebKeySet
}

export async function benchVerifyIdToken(library: Library): Promise<Result[]> {
  const results: Result[] = []
  for (const alg of algorithms) {
    const setting = createSetting(alg)
    const contenders = [
      rawVerify(setting),
      await authentype(setting, library),
      jose(setting),
      fastJwt(setting),
      await openidClient(setting),
    ]
    results.push(...(await measure(`verify id_token, ${alg}`, contenders)))
  }
  return results
}

function createSetting(alg: Setting['alg']): Setting {
  const { privateKey, publicKey } = aKeyPair(kindOf(alg))
  const iat = Math.floor(Date.now() / 1000)
  const claims = {
    iss: issuer,
    sub: '248289761001',
    aud: clientId,
    nonce,
    exp: iat + 3600,
    iat,
    auth_time: iat - 5,
    amr: ['pwd', 'otp'],
    name: 'Jane Doe',
    email: 'janedoe@example.com',
    email_verified: true,
  }
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signingInput = `${encode({ alg, kid: 'k1', typ: 'JWT' })}.${encode(claims)}`
  const token = `${signingInput}.${signRaw(alg, privateKey, signingInput).toString('base64url')}`
  const jwks = { keys: [publicJwk(kindOf(alg), { kid: 'k1', alg, use: 'sig' })] } as JSONWebKeySet
  return { alg, token, signingInput, publicKey, jwks }
}

/** The limit: the signature alone, in the form that OpenSSL likes best, with everything else done beforehand. */
function rawVerify({ alg, signingInput, publicKey }: Setting): Contender {
  const { privateKey } = aKeyPair(kindOf(alg))
  const data = Buffer.from(signingInput)
  const hash = alg === 'EdDSA' ? null : 'sha256'
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
  const key = alg === 'PS256' ? { key: publicKey, ...pss } : publicKey
  const signature = sign(hash, data, alg === 'PS256' ? { key: privateKey, ...pss } : privateKey)
  return {
    name: 'node:crypto alone',
    run() {
      if (!verify(hash, data, key, signature)) throw new Error('not verified')
    },
  }
}

const answers = ({ alg, jwks }: Setting) => ({
  metadata: {
    issuer,
    jwks_uri: `${issuer}/jwks`,
    authorization_endpoint: `${issuer}/authorize`,
    id_token_signing_alg_values_supported: [alg],
  },
  jwks,
})

async function authentype(setting: Setting, { verifyIdToken }: Library): Promise<Contender> {
  const { metadata, jwks } = answers(setting)
  const fetch = async (request: Request) => Response.json(request.url.endsWith('/jwks') ? jwks : metadata)
  const options = { issuer, clientId, nonce, maxAge: 3600, fetch }
  const run = () => verifyIdToken(setting.token, options)
  const { checks } = await run()
  if (checks.length < 20) throw new Error('not verified')
  return { name: 'authentype', run }
}

/** Signature, iss, aud, exp; the nonce by hand. */
function jose({ alg, token, jwks }: Setting): Contender {
  const keys = createLocalJWKSet(jwks)
  const options = { issuer, audience: clientId, algorithms: [alg], maxTokenAge: 3600 }
  return {
    name: 'jose',
    async run() {
      const { payload } = await jwtVerify(token, keys, options)
      if (payload.nonce !== nonce) throw new Error('not verified')
    },
  }
}

/** Signature, iss, aud, nonce, exp; synchronous, its cache of verified tokens switched off. */
function fastJwt({ alg, token, publicKey }: Setting): Contender {
  const key = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const options = {
    key,
    algorithms: [alg],
    allowedIss: issuer,
    allowedAud: clientId,
    allowedNonce: nonce,
    cache: false,
  }
  const check = createVerifier(options)
  return { name: 'fast-jwt', run: () => check(token) }
}

/** By the one call of it that takes an id_token and nothing else. */
async function openidClient(setting: Setting): Promise<Contender> {
  const { metadata, jwks } = answers(setting)
  const config = new openid.Configuration(metadata, clientId, { id_token_signed_response_alg: setting.alg })
  config[openid.customFetch] = async () => Response.json(jwks)
  openid.useIdTokenResponseType(config)
  const url = new URL(`https://client.example/callback#id_token=${setting.token}`)
  const run = () => openid.implicitAuthentication(config, url, nonce, { maxAge: 3600 })
  if ((await run()).nonce !== nonce) throw new Error('not verified')
  return { name: 'openid-client', run }
}
