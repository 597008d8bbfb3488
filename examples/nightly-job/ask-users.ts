// Once for each user, before the job: they allow it, and their refresh token is kept. A web app does so at the login;
// here they are asked on a device of their own (CIBA), which for the development server is its page /inbox.
//   npx tsx ask-users.ts alice bob
import { appendFile } from 'node:fs/promises'
import { clientSecretBasic, createOAuthClient, requestBackchannelAuthentication } from 'authentype'
import { clientId, clientSecret, issuer, manager, scope, usersFile } from './manager.ts'

const client = createOAuthClient({
  issuer,
  clientId,
  clientAuth: clientSecretBasic(clientSecret),
  scope: `${scope} offline_access`,
  allowLoopbackHttp: true,
})

async function ask(loginHint: string): Promise<void> {
  const asked = await requestBackchannelAuthentication(client, { loginHint, bindingMessage: 'nightly report' })
  console.error(`${loginHint} is asked; at the development server: ${issuer}/inbox`)
  const { tokens, claims } = await asked.poll()
  if (!claims || tokens.refreshToken === undefined) throw new Error(`${loginHint} gave no lasting access`)
  await manager.refreshTokens.register(tokens.refreshToken, {
    issuer,
    client: clientId,
    subject: { kind: 'sub', sub: claims.sub },
    metadata: { scope: tokens.scope },
  })
  await appendFile(usersFile, `${claims.sub}\n`)
}

await Promise.all(process.argv.slice(2).map(ask))
