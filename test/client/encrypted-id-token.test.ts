// An id_token that comes encrypted is kept as it was signed: nobody but this client could open it where it is a hint.
import { describe, expect, it } from 'vitest'
import {
  createDecryptor,
  createLogoutRequest,
  createOAuthClient,
  requestDeviceAuthorization,
} from '../../src/client/index.ts'
import { systemRuntime } from '../../src/lib/runtime.ts'
import { parseJwt } from '../../src/protocol/jwt.ts'
import { createSessions } from '../../src/sessions/index.ts'
import { optionsFor } from '../support/hostile/client-options.ts'
import { registeredClient } from '../support/hostile/client-setup.ts'
import { offlineScope, aProvider as startProvider } from './rig.ts'

const encryption = {
  idTokenEncryptedResponseAlg: 'dir',
  idTokenEncryptedResponseEnc: 'A128GCM',
  decryptor: createDecryptor([], { clientSecret: registeredClient.clientSecret }),
} as const

async function setUp() {
  const provider = await startProvider({
    client: { encrypted: true, scope: offlineScope },
    faults: { metadata: { end_session_endpoint: 'https://op.example/logout' } },
  })
  const runtime = { ...systemRuntime, delay: async () => {} }
  const options = optionsFor(provider, { scope: offlineScope, runtime, ...encryption })
  const client = createOAuthClient(options)
  const callback = async () => provider.login(await client.createAuthorizationUrl())
  return { provider, options, client, callback }
}

const subjectOf = (idToken: string | undefined) => parseJwt(idToken).claims.sub

describe('an id_token that came encrypted', () => {
  it('is kept as it was signed, by a login, a refresh and a grant', async () => {
    const { client, callback } = await setUp()
    const login = await client.handleCallback(await callback())
    expect(login.checks).toContainEqual(expect.objectContaining({ name: 'encryption', outcome: 'passed' }))
    expect(subjectOf(login.tokens.idToken)).toBe(login.claims!.sub)
    const refreshed = await client.refresh(login)
    expect(subjectOf(refreshed.tokens.idToken)).toBe(login.claims!.sub)
    const device = await requestDeviceAuthorization(client)
    const { tokens, claims } = await device.poll()
    expect(subjectOf(tokens.idToken)).toBe(claims!.sub)
  })

  it('is the hint that the issuer can read, at a logout, too (OpenID Connect Core 3.1.2.1)', async () => {
    const { client, callback } = await setUp()
    const session = await createSessions({ client }).handleCallback(await callback())
    const { endSessionUrl } = await session.logout()
    expect(subjectOf(endSessionUrl!.searchParams.get('id_token_hint')!)).toBe(session.claims!.sub)
    const { tokens, claims } = await client.handleCallback(await callback())
    const logout = await createLogoutRequest(client, {
      postLogoutRedirectUri: 'https://app.example/bye',
      idTokenHint: tokens.idToken!,
    })
    expect(subjectOf(logout!.url.searchParams.get('id_token_hint')!)).toBe(claims!.sub)
  })

  it('costs no refresh where the clock is wrong, as one that is only signed', async () => {
    const { client, callback, options } = await setUp()
    const login = await client.handleCallback(await callback())
    const late = { ...systemRuntime, now: () => Date.now() + 3 * 60 * 60_000 }
    const { tokens, notices } = await createOAuthClient({ ...options, runtime: late }).refresh(login)
    expect(notices.map(({ code }) => code)).toContain('unverified_id_token')
    expect(tokens.accessToken).not.toBe(login.tokens.accessToken)
    expect(tokens.idToken).toBe(login.tokens.idToken)
  })
})
