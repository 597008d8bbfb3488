/** A proof for one call of an API with a token that was used before, as a session makes them. */
import { sign, webcrypto } from 'node:crypto'
import { importJWK, type JWK, SignJWT } from 'jose'
import * as oauth from 'oauth4webapi'
import { aKeyPair, privateJwk, publicJwk } from '../test/support/id-token.ts'
import type { Library } from './library.ts'
import { type Contender, measure, type Result } from './measure.ts'

const url = 'https://api.example/me?page=1'
const accessToken = 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU'
const nonce = 'eyJ7S_zG.eyJH0-Z.HX4w-7v'

export async function benchDpopProof(library: Library): Promise<Result[]> {
  return measure('DPoP proof, ES256', [rawSign(), await authentype(library), await jose(), await oauth4webapi()])
}

/** The limit: the signature alone, of an input of the same size. */
function rawSign(): Contender {
  const { privateKey } = aKeyPair('P-256')
  const data = Buffer.alloc(480, 'x')
  return { name: 'node:crypto alone', run: () => sign('sha256', data, privateKey) }
}

async function authentype({ importSigningKey, createDpopProof, systemRuntime }: Library): Promise<Contender> {
  const key = await importSigningKey(privateJwk('P-256') as Parameters<typeof importSigningKey>[0])
  const input = { method: 'GET', url, accessToken, nonce }
  return { name: 'authentype', run: () => createDpopProof(key, input, systemRuntime) }
}

async function jose(): Promise<Contender> {
  const jwk = publicJwk('P-256') as JWK
  const key = await importJWK(privateJwk('P-256') as JWK, 'ES256')
  return {
    name: 'jose',
    async run() {
      const hash = await webcrypto.subtle.digest('SHA-256', Buffer.from(accessToken))
      const claims = {
        jti: webcrypto.randomUUID(),
        htm: 'GET',
        htu: 'https://api.example/me',
        ath: Buffer.from(hash).toString('base64url'),
        nonce,
      }
      return new SignJWT(claims).setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk }).setIssuedAt().sign(key)
    },
  }
}

/** It has no call for a proof alone, so this is a whole request, to a fetch that answers at once. */
async function oauth4webapi(): Promise<Contender> {
  const handle = oauth.DPoP({}, await oauth.generateKeyPair('ES256'))
  const answer = new Response(null, { status: 204 })
  const target = new URL(url)
  const options = { DPoP: handle, [oauth.customFetch]: async () => answer }
  return {
    name: 'oauth4webapi (as a request)',
    run: () => oauth.protectedResourceRequest(accessToken, 'GET', target, undefined, undefined, options),
  }
}
