import { describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../src/errors/configuration.ts'
import {
  assertResponse,
  assertResponseSupported,
  carrierOf,
  isJarmMode,
  isResponseMode,
} from '../../src/protocol/response-mode.ts'
import { caught } from '../support/caught.ts'

describe('response modes', () => {
  it.each([
    ['query', 'code', 'query', false],
    ['form_post', 'code id_token', 'form_post', false],
    ['jwt', 'code', 'query', true],
    ['jwt', 'code id_token', 'fragment', true],
    ['fragment.jwt', 'code', 'fragment', true],
    ['form_post.jwt', 'code', 'form_post', true],
  ] as const)('%s with %s travels by %s', (mode, type, carrier, jarm) => {
    expect(carrierOf(mode, type)).toBe(carrier)
    expect(isJarmMode(mode)).toBe(jarm)
  })

  it.each(['web_message', 'toString', '', undefined, 7])('%o is none', (mode) => {
    expect(isResponseMode(mode)).toBe(false)
    expect(() => assertResponse('code', mode as never)).toThrow(/"responseMode"/)
  })

  it('lets no id_token into a query, and knows no implicit flow', () => {
    for (const mode of ['query', 'query.jwt'] as const) {
      expect(() => assertResponse('code id_token', mode)).toThrow(/fragment or form_post/)
    }
    expect(() => assertResponse('token' as never, 'fragment')).toThrow(/"responseType"/)
    expect(() => assertResponse('code id_token', 'jwt')).not.toThrow()
  })

  it('holds type and mode against the lists of the server, where it has them', () => {
    const field = (metadata: object, type: 'code' | 'code id_token', mode: 'query' | 'jwt' | 'fragment') =>
      caught(ConfigurationError, () => assertResponseSupported(metadata, type, mode)).field
    expect(field({ response_types_supported: ['id_token'] }, 'code', 'query')).toBe('response_types_supported')
    expect(field({ response_modes_supported: ['query'] }, 'code', 'jwt')).toBe('response_modes_supported')
    assertResponseSupported({ response_types_supported: ['id_token code'] }, 'code id_token', 'fragment')
    assertResponseSupported({ response_modes_supported: ['form_post'] }, 'code', 'query')
    assertResponseSupported({}, 'code', 'jwt')
  })
})
