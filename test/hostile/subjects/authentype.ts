import {
  type ClientAuth,
  clientSecretBasic,
  clientSecretJwt,
  clientSecretPost,
  createDecryptor,
  createOAuthClient,
  exchangeToken,
  type LoginResult,
  none,
  type OAuthClientOptions,
  privateKeyJwt,
  requestBackchannelAuthentication,
  requestDeviceAuthorization,
  verifyLogoutToken,
} from '../../../src/client/index.ts'
import { createOAuthClient as createClientOverKy } from '../../../src/index.ts'
import { verifyIdToken } from '../../../src/issuer/verify-id-token.ts'
import { systemRuntime } from '../../../src/lib/runtime.ts'
import { createSessions, type Session } from '../../../src/sessions/index.ts'
import { type ClientSetup, registeredClient } from '../../support/hostile/client-setup.ts'
import type { SubjectFactory, SubjectSetup } from '../../support/hostile/run-scenario.ts'

/** This library, driven through the scenarios, over the global fetch or over ky as from the package root. */
export function authentypeSubject(transport: 'fetch' | 'ky'): SubjectFactory {
  return (setup) => {
    const create = transport === 'ky' ? createClientOverKy : createOAuthClient
    const delay = async (milliseconds: number) => setup.wait(milliseconds)
    const runtime = { ...systemRuntime, now: setup.now, delay }
    const client = create({ ...optionsFor(setup), runtime, onEvent: setup.tell })
    const sessions = createSessions({ client, baseUrl: setup.issuer, onEvent: setup.tell })
    let login: LoginResult | undefined
    let session: Session | undefined
    const current = () => {
      if (!login) throw new Error('This step needs a login before it')
      return login
    }
    return {
      authorizationUrl: () => client.createAuthorizationUrl(wishes(setup.client)),
      async callback(answer) {
        login = await client.handleCallback(answer instanceof URL ? new Request(answer) : answer)
        session = await sessions.create(login)
      },
      async refresh() {
        login = await client.refresh(current())
      },
      async userinfo() {
        await client.userInfo(current())
      },
      async apiCall() {
        const response = await session!.fetch('/userinfo')
        if (!response.ok) throw new Error(`The API answered ${response.status}`)
      },
      async clientCredentials() {
        await client.clientCredentials({ scope: 'api' })
      },
      async introspection() {
        await client.introspect(current().tokens.accessToken)
      },
      async revocation() {
        await client.revoke(current().tokens.refreshToken ?? current().tokens.accessToken)
      },
      async verifyIdToken(token) {
        const { clientId } = registeredClient
        await verifyIdToken(token, { issuer: setup.issuer, clientId, allowLoopbackHttp: true, runtime })
      },
      backChannel: {
        async device() {
          login = await (await requestDeviceAuthorization(client)).poll()
        },
        async backchannel() {
          login = await (await requestBackchannelAuthentication(client, { loginHint: 'alice' })).poll()
        },
        async exchangeToken() {
          const subjectToken = current().tokens.accessToken
          const kinds = { subjectTokenType: 'access_token', requestedTokenType: 'access_token' } as const
          await exchangeToken(client, { subjectToken, ...kinds, scope: 'api' })
        },
        async logoutToken(token) {
          await verifyLogoutToken(client, token)
        },
      },
    }
  }
}

const wishes = ({ maxAge }: ClientSetup) => (maxAge === undefined ? {} : { maxAge })

function optionsFor({ issuer, client }: SubjectSetup): OAuthClientOptions {
  return {
    issuer,
    clientId: registeredClient.clientId,
    clientAuth: clientAuth(client),
    redirectUri: registeredClient.redirectUri,
    scope: client.scope ?? 'openid profile offline_access',
    dpop: client.dpop ?? false,
    timeout: client.timeout ?? 5000,
    allowLoopbackHttp: true,
    ...frontChannel(client),
    ...(client.signedAnswers && { userinfoSignedResponseAlg: 'ES256', introspectionSignedResponseAlg: 'ES256' }),
    ...(client.idTokenAlg ? { idTokenSignedResponseAlg: client.idTokenAlg as 'RS256' } : {}),
    ...(client.allow === 'bearer-downgrade' ? { allowBearerDowngrade: true } : {}),
  }
}

function frontChannel(client: ClientSetup): Partial<OAuthClientOptions> {
  const { clientSecret } = registeredClient
  const how = { idTokenEncryptedResponseAlg: 'dir', idTokenEncryptedResponseEnc: 'A128GCM' } as const
  const response = { authorizationEncryptedResponseAlg: 'dir', authorizationEncryptedResponseEnc: 'A128GCM' } as const
  return {
    ...(client.responseType && { responseType: client.responseType }),
    ...(client.responseMode && { responseMode: client.responseMode }),
    ...(client.requestObject && { requestObject: { key: registeredClient.privateJwk } }),
    ...(client.encrypted && { ...how, ...response, decryptor: createDecryptor([], { clientSecret }) }),
    ...(client.idTokenAlg?.startsWith('HS') && { clientSecret }),
  }
}

function clientAuth({ auth }: ClientSetup): ClientAuth {
  switch (auth) {
    case 'none':
      return none()
    case 'client_secret_post':
      return clientSecretPost(registeredClient.clientSecret)
    case 'client_secret_jwt':
      return clientSecretJwt(registeredClient.clientSecret)
    case 'private_key_jwt':
      return privateKeyJwt(registeredClient.privateJwk)
    default:
      return clientSecretBasic(registeredClient.clientSecret)
  }
}
