// A request of each grant that would be answered with tokens, and a rig that writes down what is committed.
import { generateSigningKey } from '#signatures'
import type { SigningKey } from '../../src/lib/signatures/types.ts'
import {
  decideBackchannelRequest,
  decideDeviceGrant,
  handleBackchannelAuthenticationRequest,
  handleDeviceAuthorizationRequest,
  issuePreAuthorizedCode,
  supportedGrants,
  type TokenEndpointOptions,
} from '../../src/server/index.ts'
import { createMemoryStore } from '../../src/stores/memory/index.ts'
import {
  clients,
  codeParams,
  createClock,
  createRig,
  issuer,
  type Rig,
  refreshParams,
  sealKey,
  signed,
  storeMethods,
  tokensOf,
} from './rig.ts'

const partner = 'https://partner.example'
const resource = 'https://api.example'
const approved = { approved: true, subject: 'alice', authTime: 1_700_000_000 } as const
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
let partnerKey: SigningKey | undefined

export type Params = Record<string, string | readonly string[]>

/** A rig whose every commit that changed something is written down. */
export async function startWatched(more: Partial<TokenEndpointOptions> = {}): Promise<{ rig: Rig; commits: string[] }> {
  partnerKey ??= await generateSigningKey('ES256')
  const jwks = { keys: [partnerKey.publicJwk] } as never
  const clock = createClock()
  const store = createMemoryStore({ runtime: clock })
  const commits: string[] = []
  const watched = {
    ...storeMethods(store),
    async commit(changes: Parameters<typeof store.commit>[0]) {
      const result = await store.commit(changes)
      if (result.ok) commits.push(...changes.map(({ key }) => key.split(':', 1)[0]!))
      return result
    },
  }
  const options: Partial<TokenEndpointOptions> = {
    runtime: clock,
    grants: supportedGrants,
    resources: [resource],
    refreshTokens: { sealKey },
    dpop: { nonceSecret: sealKey },
    loadAssertionIssuer: (name) => (name === partner ? { jwks, scope: ['read'] } : undefined),
    resolveLoginHint: () => ({ subject: 'alice' }),
    ...more,
  }
  return { rig: await createRig(options, watched), commits }
}

const endpoint = async (rig: Rig, params: Params) => ({ ...(await rig.request(params)), url: `${issuer}/endpoint` })

/** A request of each grant that would be answered with tokens. */
export const grantRequests: Record<(typeof supportedGrants)[number], (rig: Rig) => Promise<Params>> = {
  authorization_code: async (rig) => codeParams(await rig.code({ resources: [resource] })),
  refresh_token: async (rig) => refreshParams(tokensOf(await rig.token(codeParams(await rig.code()))).refresh_token),
  client_credentials: async () => ({ grant_type: 'client_credentials', scope: 'api' }),
  'urn:ietf:params:oauth:grant-type:token-exchange': async (rig) => ({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: tokensOf(await rig.token(codeParams(await rig.code()))).access_token!,
    subject_token_type: accessTokenType,
    scope: 'read',
  }),
  'urn:ietf:params:oauth:grant-type:device_code': async (rig) => {
    const asked = await endpoint(rig, { scope: 'api' })
    const begun = await handleDeviceAuthorizationRequest(rig.config, asked, { verificationUri: `${issuer}/device` })
    if (!begun.ok) throw new Error(begun.error.error)
    await decideDeviceGrant(rig.config, begun.response.user_code, approved)
    const { device_code } = begun.response
    return { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code }
  },
  'urn:ietf:params:oauth:grant-type:jwt-bearer': async (rig) => {
    const now = rig.clock.now() / 1000
    const claims = { iss: partner, sub: 'alice', aud: issuer, jti: crypto.randomUUID(), iat: now, exp: now + 300 }
    const assertion = await signed(partnerKey!, {}, claims)
    return { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }
  },
  'urn:openid:params:grant-type:ciba': async (rig) => {
    const asked = await endpoint(rig, { scope: 'openid', login_hint: 'alice' })
    const loaded = { ...rig.config, loadClient: withoutScope }
    const begun = await handleBackchannelAuthenticationRequest(loaded, asked)
    if (!begun.ok) throw new Error(begun.events[0]?.metadata.reason)
    const { auth_req_id } = begun.response
    await decideBackchannelRequest(rig.config, auth_req_id, approved)
    return { grant_type: 'urn:openid:params:grant-type:ciba', auth_req_id }
  },
  'urn:ietf:params:oauth:grant-type:pre-authorized_code': async (rig) => ({
    grant_type: 'urn:ietf:params:oauth:grant-type:pre-authorized_code',
    'pre-authorized_code': (
      await issuePreAuthorizedCode(rig.config, { subject: 'alice', scope: ['read'], txCode: '1234' })
    ).code,
    tx_code: '1234',
  }),
}

const withoutScope = (clientId: string) => {
  const { scope: _, ...metadata } = clients[clientId]!
  return { clientId, metadata }
}
