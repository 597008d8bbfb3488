import { createHash } from 'node:crypto'
import { createLocalJWKSet, type JWK, jwtVerify } from 'jose'
import { verifyDpopProof } from '../../../src/protocol/dpop-proof-verification.ts'
import type { FakeRuntime } from '../fake-runtime.ts'
import type { FakeAccount } from './fake-network.ts'

/** What may be told to go wrong; everything else is as it should be. */
export interface ServerFaults {
  /** Members that win over the metadata's; `undefined` takes one away. */
  metadata?: object
  /** Members that win over the token response's; `undefined` takes one away. */
  tokens?: object
  /** The same, at refresh alone. */
  refreshed?: object
  /** Answers without DPoP-Nonce. */
  noNonces?: boolean
  /** `iss` of the callback. */
  callbackIssuer?: string | null
  /** The whole answer of an endpoint. */
  answers?: Partial<Record<'par' | 'token' | 'revoke', (request: Request) => Response | undefined>>
}

interface Grant {
  readonly jkt: string
  readonly clientId: string
  readonly kid: string | undefined
  readonly scope: string
}

export interface FakeAuthorizationServer {
  readonly issuer: string
  readonly handle: (request: Request) => Promise<Response>
  readonly faults: ServerFaults
  /** Client metadata documents by client_id, as the server would fetch them. */
  readonly clients: Map<string, object>
  /** The nonce of this moment; `nextNonce` makes another. */
  nonce(): string
  nextNonce(): void
  /** What the user does with the URL: logs in and says yes. Gives the callback. */
  login(url: URL, changes?: Readonly<Record<string, string | null>>): URL
  /** What the access token was given for, or nothing. */
  grantOf(accessToken: string): Grant | undefined
  readonly accessTokens: Map<string, Grant>
  readonly refreshTokens: Map<string, Grant>
  /** Seconds. */
  lifetime: number
}

export function createFakeAuthorizationServer(options: {
  readonly issuer: string
  readonly clock: FakeRuntime
  readonly account: FakeAccount
}): FakeAuthorizationServer {
  const { issuer, clock, account } = options
  const pushed = new Map<string, { readonly form: URLSearchParams; readonly grant: Grant }>()
  const codes = new Map<string, { readonly form: URLSearchParams; readonly grant: Grant }>()
  const seen = new Set<string>()
  let counter = 0
  let nonceNumber = 1
  const fresh = (kind: string) => `${kind}-${++counter}`
  const self: FakeAuthorizationServer = {
    issuer,
    faults: {},
    clients: new Map(),
    accessTokens: new Map(),
    refreshTokens: new Map(),
    lifetime: 3600,
    nonce: () => `as-nonce-${nonceNumber}`,
    nextNonce: () => {
      nonceNumber++
    },
    grantOf: (token) => self.accessTokens.get(token),
    login(url, changes = {}) {
      const names = [...url.searchParams.keys()].toSorted()
      if (names.join() !== 'client_id,request_uri') throw new Error(`the URL holds ${names.join()}`)
      const request = pushed.get(url.searchParams.get('request_uri')!)
      if (!request) throw new Error('unknown request_uri')
      pushed.delete(url.searchParams.get('request_uri')!)
      const code = fresh('code')
      codes.set(code, request)
      const callback = new URL(request.form.get('redirect_uri')!)
      const iss = self.faults.callbackIssuer === undefined ? issuer : self.faults.callbackIssuer
      const answer = { code, state: request.form.get('state'), iss, ...changes }
      for (const [name, value] of Object.entries(answer)) if (value !== null) callback.searchParams.set(name, value)
      return callback
    },
    async handle(request) {
      const { pathname } = new URL(request.url)
      if (pathname === '/.well-known/oauth-authorization-server') {
        return Response.json({ ...metadataOf(issuer), ...self.faults.metadata })
      }
      const endpoint = ({ '/oauth/par': 'par', '/oauth/token': 'token', '/oauth/revoke': 'revoke' } as const)[pathname]
      if (!endpoint || request.method !== 'POST') return new Response('not found', { status: 404 })
      const response = self.faults.answers?.[endpoint]?.(request) ?? (await answerEndpoint(endpoint, request))
      if (!self.faults.noNonces) response.headers.set('dpop-nonce', self.nonce())
      return response
    },
  }

  async function answerEndpoint(endpoint: 'par' | 'token' | 'revoke', request: Request): Promise<Response> {
    const form = new URLSearchParams(await request.text())
    const proven = await judgeProof(request)
    if ('fault' in proven)
      return refuse(proven.fault === 'nonce' ? 'use_dpop_nonce' : 'invalid_dpop_proof', proven.fault)
    const client = await authenticate(form)
    if ('fault' in client) return refuse('invalid_client', client.fault, 401)
    switch (endpoint) {
      case 'par': {
        const uri = `urn:ietf:params:oauth:request_uri:${fresh('req')}`
        const grant = { jkt: proven.jkt, clientId: client.clientId, kid: client.kid, scope: form.get('scope') ?? '' }
        pushed.set(uri, { form, grant })
        return Response.json({ request_uri: uri, expires_in: 300 }, { status: 201 })
      }
      case 'token':
        return form.get('grant_type') === 'refresh_token'
          ? refresh(form, proven.jkt, client.kid)
          : exchange(form, proven.jkt, client.kid)
      case 'revoke': {
        const token = form.get('token') ?? ''
        self.accessTokens.delete(token)
        self.refreshTokens.delete(token)
        return new Response(null, { status: 200 })
      }
    }
  }

  async function judgeProof(request: Request): Promise<{ readonly jkt: string } | { readonly fault: string }> {
    const field = request.headers.get('dpop')
    if (field === null) return { fault: 'no proof' }
    const { proof, fault } = await verifyDpopProof(field, {
      method: request.method,
      url: request.url,
      now: clock.now() / 1000,
    })
    if (!proof) return { fault }
    if (proof.nonce !== self.nonce()) return { fault: 'nonce' }
    if (seen.has(proof.jti)) return { fault: 'used twice' }
    seen.add(proof.jti)
    return { jkt: proof.jkt }
  }

  async function authenticate(
    form: URLSearchParams,
  ): Promise<{ readonly clientId: string; readonly kid: string | undefined } | { readonly fault: string }> {
    const clientId = form.get('client_id') ?? ''
    const document = self.clients.get(clientId) as { jwks?: { keys: JWK[] } } | undefined
    if (clientId.startsWith('http://localhost?')) {
      return form.has('client_assertion') ? { fault: 'a public client has no assertion' } : { clientId, kid: undefined }
    }
    if (!document?.jwks) return { fault: 'unknown client' }
    try {
      const { protectedHeader, payload } = await jwtVerify(
        form.get('client_assertion') ?? '',
        createLocalJWKSet(document.jwks as { keys: JWK[] }),
        {
          issuer: clientId,
          subject: clientId,
          audience: issuer,
          currentDate: new Date(clock.now()),
          requiredClaims: ['jti', 'exp', 'iat'],
        },
      )
      if (seen.has(payload.jti!)) return { fault: 'assertion used twice' }
      seen.add(payload.jti!)
      return { clientId, kid: protectedHeader.kid }
    } catch (error) {
      return { fault: (error as Error).message }
    }
  }

  function exchange(form: URLSearchParams, jkt: string, kid: string | undefined): Response {
    const found = codes.get(form.get('code') ?? '')
    codes.delete(form.get('code') ?? '')
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    if (!found || found.grant.jkt !== jkt || found.grant.kid !== kid) return refuse('invalid_grant', 'code')
    if (found.form.get('code_challenge') !== challenge) return refuse('invalid_grant', 'verifier')
    if (found.form.get('redirect_uri') !== form.get('redirect_uri')) return refuse('invalid_grant', 'redirect_uri')
    return Response.json({ ...tokensFor(found.grant), ...self.faults.tokens })
  }

  function refresh(form: URLSearchParams, jkt: string, kid: string | undefined): Response {
    const token = form.get('refresh_token') ?? ''
    const grant = self.refreshTokens.get(token)
    if (!grant || grant.jkt !== jkt || grant.kid !== kid) return refuse('invalid_grant', 'refresh token')
    self.refreshTokens.delete(token)
    return Response.json({ ...tokensFor(grant), ...self.faults.tokens, ...self.faults.refreshed })
  }

  function tokensFor(grant: Grant): object {
    const [access_token, refresh_token] = [fresh('access'), fresh('refresh')]
    self.accessTokens.set(access_token, grant)
    self.refreshTokens.set(refresh_token, grant)
    return {
      access_token,
      refresh_token,
      token_type: 'DPoP',
      scope: grant.scope,
      sub: account.did,
      expires_in: self.lifetime,
    }
  }

  return self
}

function refuse(error: string, description: string, status = 400): Response {
  return Response.json({ error, error_description: description }, { status })
}

export function metadataOf(issuer: string): object {
  return {
    issuer,
    authorization_endpoint: `${issuer}/oauth/authorize`,
    token_endpoint: `${issuer}/oauth/token`,
    pushed_authorization_request_endpoint: `${issuer}/oauth/par`,
    revocation_endpoint: `${issuer}/oauth/revoke`,
    jwks_uri: `${issuer}/oauth/jwks`,
    scopes_supported: ['atproto', 'transition:generic', 'transition:email'],
    subject_types_supported: ['public'],
    response_types_supported: ['code'],
    response_modes_supported: ['query', 'fragment', 'form_post'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: ['RS256', 'ES256', 'ES256K'],
    dpop_signing_alg_values_supported: ['ES256'],
    require_pushed_authorization_requests: true,
    client_id_metadata_document_supported: true,
  }
}
