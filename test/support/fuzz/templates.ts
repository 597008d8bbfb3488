// For each operation, requests that are right as they are; fuzzing changes them. `$name` stands for a live value.
export type Template = Readonly<Record<string, string>>

const pkce = { code_challenge: '$code_challenge', code_challenge_method: 'S256' }
const authorization: readonly Template[] = [
  { client_id: 'dev-service', response_type: 'code', redirect_uri: '$redirect_uri', scope: 'openid', ...pkce },
  { client_id: 'dev-app', response_type: 'code', redirect_uri: '$redirect_uri', state: 's', nonce: 'n', ...pkce },
  { client_id: 'dev-service', response_type: 'code', redirect_uri: '$redirect_uri', response_mode: 'jwt', ...pkce },
  { client_id: 'dev-service', response_type: 'code', redirect_uri: '$redirect_uri', prompt: 'none', ...pkce },
]
const redirected = { client_id: 'dev-service', request_uri: '$request_uri' }
const code = { grant_type: 'authorization_code', code: '$code' }
const proven = { code_verifier: '$code_verifier', redirect_uri: '$redirect_uri' }
const exchangeType = 'urn:ietf:params:oauth:grant-type:token-exchange'
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
const exchange = { grant_type: exchangeType, subject_token: '$access_token', subject_token_type: accessTokenType }
const deviceType = 'urn:ietf:params:oauth:grant-type:device_code'
const metadata: readonly Template[] = [
  { redirect_uris: '["https://app.example/callback"]' },
  { redirect_uris: '["http://127.0.0.1/callback"]', application_type: 'native', token_endpoint_auth_method: 'none' },
  { redirect_uris: '["https://app.example/callback"]', grant_types: '["authorization_code","refresh_token"]' },
  { redirect_uris: '[]', response_types: '[]', grant_types: '["client_credentials"]' },
]

/** By operationId; the last of each is a request without parameters. */
const templates: Readonly<Record<string, readonly Template[]>> = {
  webfinger: [{ resource: '$resource_uri' }, { resource: '$resource_uri', rel: 'x' }],
  oauthAuthorize: [...authorization, redirected],
  postOAuthAuthorize: [...authorization, redirected],
  pushAuthorizationRequest: authorization,
  oauthToken: [
    { grant_type: 'client_credentials', scope: 'api:read' },
    { ...code, ...proven },
    { grant_type: 'refresh_token', refresh_token: '$refresh_token' },
    exchange,
    { grant_type: deviceType, device_code: '$device_code', client_id: 'dev-app' },
  ],
  oauthIntrospect: [{ token: '$token' }, { token: '$refresh_token', token_type_hint: 'refresh_token' }],
  oauthRevoke: [{ token: '$token' }, { token: '$access_token', token_type_hint: 'access_token' }],
  registerOAuthClient: metadata,
  updateOAuthClient: metadata.map((one) => ({ client_id: '$registered', ...one })),
  authorizeDevice: [{ client_id: 'dev-app', scope: 'openid' }, { client_id: 'dev-app' }],
  backchannelAuthenticate: [{ login_hint: 'alice', scope: 'openid' }],
  endSession: [{ id_token_hint: '$id_token' }, { client_id: 'dev-app', logout_hint: 'alice' }],
  postEndSession: [{ id_token_hint: '$id_token', state: 's' }],
}

export function templatesOf(operationId: string): readonly Template[] {
  return [...(templates[operationId] ?? []), {}]
}
