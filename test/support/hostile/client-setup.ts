import { generateKeyPairSync } from 'node:crypto'
import type { JsonObject } from './patch.ts'

/** What a scenario asks of the client under test; the provider has it registered so. */
export interface ClientSetup {
  /** @default client_secret_basic */
  readonly auth?: 'none' | 'client_secret_basic' | 'client_secret_post' | 'client_secret_jwt' | 'private_key_jwt'
  /** Tokens are bound to a key, and the server demands nonces. @default false */
  readonly dpop?: boolean
  /** @default openid profile */
  readonly scope?: string
  /** `id_token_signed_response_alg`, as registered. @default not registered */
  readonly idTokenAlg?: string
  /** @default code */
  readonly responseType?: 'code' | 'code id_token'
  /** @default that of the response type */
  readonly responseMode?: 'query' | 'fragment' | 'form_post' | 'jwt' | 'fragment.jwt' | 'form_post.jwt'
  /** Requests are signed with the client's key. @default false */
  readonly requestObject?: boolean
  /** id_tokens and JARM responses are encrypted by dir with A128GCM, to a key made of the client secret. @default false */
  readonly encrypted?: boolean
  /** Userinfo and introspection come as JWTs signed by ES256. @default false */
  readonly signedAnswers?: boolean
  /** `max_age` of the authorization request, seconds. */
  readonly maxAge?: number
  /** Milliseconds that an answer may take. @default 5000 */
  readonly timeout?: number
  /** The name of an option that loosens a rule, for scenarios that show it to work. */
  readonly allow?: 'bearer-downgrade'
}

// Colon, percent, plus, space and a letter beyond ASCII: what form encoding (RFC 6749 2.3.1) is there for.
const secret = 'a:b%c+d é and the length of a digest 0123456789'

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const kid = 'app-1'

/** The one client that every hostile provider knows. */
export const registeredClient = {
  clientId: 'app',
  clientSecret: secret,
  redirectUri: 'https://app.example/callback',
  publicKey,
  privateJwk: { ...privateKey.export({ format: 'jwk' }), kid, alg: 'ES256' } as JsonObject & {
    kty: string
    kid: string
  },
} as const
