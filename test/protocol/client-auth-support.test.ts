import { describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../src/errors/index.ts'
import { type ClientAuth, clientSecretBasic, clientSecretPost, none } from '../../src/protocol/client-auth.ts'
import {
  type AuthenticatedEndpoint,
  assertClientAuthSupported,
  type ClientAuthMetadata,
} from '../../src/protocol/client-auth-support.ts'
import { caught } from '../support/caught.ts'

const assertion: ClientAuth = { method: 'private_key_jwt', signingAlg: 'ES256', authenticate: () => ({}) }

function refusal(metadata: ClientAuthMetadata, endpoint: AuthenticatedEndpoint, auth: ClientAuth): ConfigurationError {
  return caught(ConfigurationError, () => assertClientAuthSupported(metadata, endpoint, auth))
}

function accepts(metadata: ClientAuthMetadata, endpoint: AuthenticatedEndpoint, auth: ClientAuth): void {
  expect(() => assertClientAuthSupported(metadata, endpoint, auth)).not.toThrow()
}

describe('assertClientAuthSupported', () => {
  const onlyAssertions = { token_endpoint_auth_methods_supported: ['private_key_jwt', 'tls_client_auth'] }

  it('names both lists when client and server have nothing in common', () => {
    const error = refusal(onlyAssertions, 'token', clientSecretBasic('hunter2'))
    expect(error).toMatchObject({
      code: 'unsupported_by_server',
      field: 'token_endpoint_auth_methods_supported',
      expected: ['client_secret_basic'],
      actual: ['private_key_jwt', 'tls_client_auth'],
    })
    expect(error.message).toContain('[client_secret_basic]')
    expect(error.message).toContain('[private_key_jwt, tls_client_auth]')
    expect(error.message).not.toContain('hunter2')
  })

  it('reads an absent list as client_secret_basic (RFC 8414 2), and says so', () => {
    accepts({}, 'token', clientSecretBasic('s'))
    expect(refusal({}, 'token', clientSecretPost('s')).message).toContain('default of RFC 8414 2')
    expect(refusal({}, 'token', assertion).actual).toEqual(['client_secret_basic'])
  })

  it('lets a public client pass whatever is listed: it does not authenticate', () => {
    accepts({}, 'token', none())
    accepts(onlyAssertions, 'token', none())
    accepts(onlyAssertions, 'pushed_authorization_request', none())
    accepts({ revocation_endpoint_auth_methods_supported: ['client_secret_basic'] }, 'revocation', none())
  })

  it('refuses a public client at introspection that lists methods without none (RFC 7662 2.1)', () => {
    const listed = { introspection_endpoint_auth_methods_supported: ['client_secret_basic'] }
    expect(refusal(listed, 'introspection', none()).actual).toEqual(['client_secret_basic'])
    accepts({ introspection_endpoint_auth_methods_supported: ['none'] }, 'introspection', none())
    accepts({}, 'introspection', none())
  })

  it('goes by the token endpoint for pushed requests (RFC 9126 2)', () => {
    accepts(onlyAssertions, 'pushed_authorization_request', assertion)
    expect(refusal(onlyAssertions, 'pushed_authorization_request', clientSecretPost('s')).field).toBe(
      'token_endpoint_auth_methods_supported',
    )
  })

  it('goes by its own list for revocation, and by the token endpoint where there is none', () => {
    const own = { ...onlyAssertions, revocation_endpoint_auth_methods_supported: ['client_secret_post'] }
    accepts(own, 'revocation', clientSecretPost('s'))
    expect(refusal(own, 'revocation', assertion).field).toBe('revocation_endpoint_auth_methods_supported')
    accepts(onlyAssertions, 'revocation', assertion)
    accepts({}, 'revocation', clientSecretBasic('s'))
    expect(refusal({}, 'revocation', assertion).actual).toEqual(['client_secret_basic'])
  })

  it('goes by its own list for introspection, and assumes nothing where there is none', () => {
    accepts(onlyAssertions, 'introspection', clientSecretPost('s'))
    const own = { introspection_endpoint_auth_methods_supported: ['private_key_jwt', 'Bearer'] }
    accepts(own, 'introspection', assertion)
    expect(refusal(own, 'introspection', clientSecretBasic('s')).field).toBe(
      'introspection_endpoint_auth_methods_supported',
    )
  })

  it('holds the algorithm of assertions against the list of the endpoint', () => {
    const metadata = {
      ...onlyAssertions,
      token_endpoint_auth_signing_alg_values_supported: ['PS256'],
      introspection_endpoint_auth_methods_supported: ['private_key_jwt'],
      introspection_endpoint_auth_signing_alg_values_supported: ['ES256'],
    }
    expect(refusal(metadata, 'token', assertion)).toMatchObject({
      field: 'token_endpoint_auth_signing_alg_values_supported',
      expected: ['ES256'],
      actual: ['PS256'],
    })
    expect(refusal(metadata, 'revocation', assertion).actual).toEqual(['PS256'])
    accepts(metadata, 'introspection', assertion)
  })

  it('takes no list of algorithms for no statement (RFC 8414 2)', () => {
    accepts(onlyAssertions, 'token', assertion)
  })
})
