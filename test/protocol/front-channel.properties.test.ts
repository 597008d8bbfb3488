// Whatever a browser brings, reading it gives a value or a typed refusal.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AuthorizationResponseError, ProtocolError } from '../../src/errors/protocol.ts'
import {
  type AuthorizationResponse,
  findResponseJwt,
  judgeAuthorizationResponse,
  parseAuthorizationResponse,
  responseOfClaims,
} from '../../src/protocol/authorization-response.ts'
import { parseAuthorizationResponseJwt } from '../../src/protocol/authorization-response-jwt.ts'
import { createDecryptor } from '../../src/protocol/decryption.ts'

const name = fc.oneof(
  fc.constantFrom('state', 'code', 'iss', 'error', 'error_description', 'error_uri', 'id_token', 'response'),
  fc.string(),
)
const value = fc.oneof(fc.constantFrom('s', 'https://op.example', ''), fc.string({ unit: 'binary' }))
const parameters = fc.array(fc.tuple(name, value)).map((pairs) => new URLSearchParams(pairs))
const expected = { issuer: 'https://op.example', state: 's' }

function typed(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    if (error instanceof ProtocolError || error instanceof AuthorizationResponseError) return error
    throw error
  }
}

describe('an answer of any content', () => {
  it('is judged, or refused with a type and without control characters', () => {
    fc.assert(
      fc.property(parameters, fc.constantFrom('code', 'code id_token'), (search, responseType) => {
        const response = parseAuthorizationResponse(search)
        const judged = typed(() => judgeAuthorizationResponse(response, { ...expected, responseType } as never, {}))
        if (judged instanceof Error) expect(judged.message).not.toMatch(/[\p{Cc}\p{Cf}]/u)
        else expect(judged).toMatchObject({ code: response.parameters.get('code') })
        typed(() => findResponseJwt(response))
      }),
    )
  })

  it('reads the same from a query, a fragment and by itself', () => {
    fc.assert(
      fc.property(parameters, (search) => {
        search.set('state', 's')
        const text = search.toString()
        const [query, fragment, plain] = [
          parseAuthorizationResponse(new URL(`https://app.example/?${text}`)),
          parseAuthorizationResponse(new URL(`https://app.example/#${text}`)),
          parseAuthorizationResponse(search),
        ].map(({ parameters: found, repeated }: AuthorizationResponse) => ({ found, repeated }))
        expect(query).toEqual(plain)
        expect(fragment).toEqual(plain)
      }),
    )
  })
})

describe('a token of any content', () => {
  it('is no JARM response and no JWE unless it has the form of one', async () => {
    const decryptor = createDecryptor([], { clientSecret: 'secret' })
    const part = fc.oneof(
      fc.json().map((text) => Buffer.from(text).toString('base64url')),
      fc.constant(Buffer.from('{"alg":"dir","enc":"A128GCM"}').toString('base64url')),
      fc.string(),
    )
    const token = fc.oneof(
      fc.string(),
      fc.array(part, { maxLength: 6 }).map((parts) => parts.join('.')),
    )
    await fc.assert(
      fc.asyncProperty(token, async (text) => {
        typed(() =>
          responseOfClaims(
            parseAuthorizationResponseJwt(text).claims,
            parseAuthorizationResponse(new URLSearchParams()),
          ),
        )
        const error = await decryptor.decrypt(text, { alg: 'dir', enc: 'A128GCM' }).catch((cause: unknown) => cause)
        expect(error).toBeInstanceOf(ProtocolError)
      }),
    )
  })
})
