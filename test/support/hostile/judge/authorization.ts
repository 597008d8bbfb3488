import { registeredClient } from '../client-setup.ts'
import { blame, expectUnused, type ProviderState } from '../state.ts'

/** 128 bits in base64url: what RFC 9700 asks of values that must not be guessed. */
const unguessable = /^[A-Za-z0-9._~-]{22,}$/

/** The parameters of the authorization request, wherever they came. */
export function judgeAuthorizationRequest(state: ProviderState, parameters: URLSearchParams): void {
  const value = (name: string) => parameters.get(name) ?? ''
  const scopes = value('scope').split(' ')
  if (value('client_id') !== registeredClient.clientId) blame(state, 'RFC 6749 4.1.1', 'client_id missing or another')
  if (value('redirect_uri') !== registeredClient.redirectUri) {
    blame(state, 'RFC 9700 4.1.3', 'redirect_uri is not the registered one')
  }
  if (value('code_challenge_method') !== 'S256') blame(state, 'RFC 9700 2.1.1', 'no PKCE with S256')
  if (!/^[A-Za-z0-9_-]{43}$/.test(value('code_challenge'))) blame(state, 'RFC 7636 4.2', 'code_challenge is no S256')
  if (!unguessable.test(value('state'))) blame(state, 'RFC 9700 4.7.1', 'state can be guessed')
  expectUnused(state, 'state', value('state'), 'RFC 9700 4.7.1')
  expectUnused(state, 'code_challenge', value('code_challenge'), 'RFC 7636 7.1')
  if (scopes.includes('openid')) {
    if (!unguessable.test(value('nonce'))) blame(state, 'OpenID Connect Core 15.5.2', 'nonce can be guessed')
    expectUnused(state, 'nonce', value('nonce'), 'OpenID Connect Core 15.5.2')
  }
  const once = ['state', 'nonce', 'code_challenge'].map(value).filter(Boolean)
  if (new Set(once).size < once.length) blame(state, 'RFC 9700 4.7.1', 'state, nonce or challenge are the same value')
}

/** The URL that the browser was sent to, when the provider has a PAR endpoint. */
export function judgeFrontChannel(state: ProviderState, query: URLSearchParams): void {
  const known = ['client_id', 'request_uri', 'tenant']
  const other = [...query.keys()].filter((name) => !known.includes(name))
  if (other.length > 0) blame(state, 'RFC 9126 4', `pushed, and yet ${other.join(', ')} in the authorization URL`)
}
