import type { KoaContextWithOIDC, Provider } from 'oidc-provider'

/** Stands where the client's own server would: gets the provider's pings and logout tokens. */
export type OutgoingHandler = (request: Request) => Promise<Response>

/** What the back channel needs beside the settings that all tests share. */
export function backChannelFeatures(): object {
  return {
    deviceFlow: { enabled: true },
    ciba: {
      enabled: true,
      deliveryModes: ['poll', 'ping'],
      processLoginHint: async (_ctx: unknown, hint: string) => hint,
      processLoginHintToken: async (_ctx: unknown, token: string) => token,
      triggerAuthenticationDevice: async () => {},
      validateBindingMessage: async () => {},
      validateRequestContext: async () => {},
      verifyUserCode: async () => {},
    },
    // For signed CIBA requests (CIBA Core 7.1.1).
    requestObjects: { enabled: true },
    jwtIntrospection: { enabled: true },
    jwtUserinfo: { enabled: true },
    encryption: { enabled: true },
    backchannelLogout: { enabled: true },
  }
}

export const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange'
export const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
/** A grant that no specification knows. */
export const voucherGrant = 'urn:example:grant-type:voucher'

/** The grants that the package leaves to whoever needs them. */
export function registerGrants(provider: Provider): void {
  provider.registerGrantType(
    tokenExchange,
    async (ctx) => {
      const subject = await provider.AccessToken.find(String(ctx.oidc.params?.subject_token))
      if (!subject) return refuse(ctx, 'invalid_request')
      const issued = { issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' }
      ctx.body = { ...(await issue(provider, ctx, subject.accountId)), ...issued }
    },
    ['subject_token', 'subject_token_type', 'requested_token_type', 'audience', 'resource', 'scope'],
    ['audience', 'resource'],
  )
  provider.registerGrantType(
    jwtBearer,
    async (ctx) => {
      const [, payload = ''] = String(ctx.oidc.params?.assertion).split('.')
      const { sub } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sub: string }
      ctx.body = await issue(provider, ctx, sub)
    },
    ['assertion', 'scope'],
  )
  provider.registerGrantType(
    voucherGrant,
    async (ctx) => {
      if (ctx.oidc.params?.voucher !== 'good') return refuse(ctx, 'invalid_grant')
      ctx.body = await issue(provider, ctx, 'alice')
    },
    ['voucher', 'scope'],
  )
}

async function issue(provider: Provider, ctx: KoaContextWithOIDC, accountId: string) {
  const client = ctx.oidc.client!
  const grant = new provider.Grant({ accountId, clientId: client.clientId })
  grant.addOIDCScope('openid profile')
  const token = new provider.AccessToken({
    accountId,
    client,
    grantId: await grant.save(),
    gty: 'custom',
    scope: 'openid profile',
    claims: {},
    expiresWithSession: false,
    extra: {},
  } as unknown as ConstructorParameters<Provider['AccessToken']>[0])
  return { access_token: await token.save(), token_type: 'Bearer', expires_in: 300, scope: 'openid profile' }
}

function refuse(ctx: KoaContextWithOIDC, error: string): void {
  ctx.status = 400
  ctx.body = { error }
}

/** The user enters the code on another device and agrees. */
export async function approveDevice(provider: Provider, userCode: string, accountId = 'alice'): Promise<void> {
  const code = await provider.DeviceCode.findByUserCode(userCode.replaceAll('-', ''))
  if (!code) throw new Error(`No device code for ${userCode}`)
  const { params } = code as unknown as { params: { scope?: string } }
  const grant = await grantOf(provider, accountId, code.clientId!, params.scope ?? '')
  Object.assign(code, { accountId, grantId: grant.jti, scope: params.scope, authTime: now() })
  await code.save()
}

/** The user says no. */
export async function denyDevice(provider: Provider, userCode: string): Promise<void> {
  const code = await provider.DeviceCode.findByUserCode(userCode.replaceAll('-', ''))
  Object.assign(code!, { error: 'access_denied', errorDescription: 'The user said no' })
  await code!.save()
}

/** The user agrees on their own device; in the ping mode the provider then calls. */
export async function approveBackchannel(provider: Provider, authReqId: string): Promise<void> {
  const request = await provider.BackchannelAuthenticationRequest.find(authReqId)
  if (!request) throw new Error('No such authentication request')
  const { accountId, clientId, scope } = request as unknown as Record<'accountId' | 'clientId' | 'scope', string>
  const grant = await grantOf(provider, accountId, clientId, scope)
  await provider.backchannelResult(request, grant, { authTime: now() })
}

async function grantOf(provider: Provider, accountId: string, clientId: string, scope: string) {
  const grant = new provider.Grant({ accountId, clientId })
  grant.addOIDCScope(scope)
  await grant.save()
  return grant
}

const now = () => Math.floor(Date.now() / 1000)
