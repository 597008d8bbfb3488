// What the job and its set-up share: where tokens are kept, and whose client they are. Its provider is what
// `npx authentype serve` runs; for another set ISSUER, CLIENT_ID and CLIENT_SECRET.
import { createFileLock, createFileStore, readOrCreateSealingKey } from 'authentype/stores/file'
import { createTokenManager, type TokenManager } from 'authentype/tokens'

const { ISSUER, CLIENT_ID, CLIENT_SECRET, JOB_HOME: home = '.job' } = process.env

export const issuer: string = ISSUER ?? 'http://127.0.0.1:4000'
export const clientId: string = CLIENT_ID ?? 'dev-service'
export const clientSecret: string = CLIENT_SECRET ?? 'dev-service-secret'
/** Subjects, one a line. */
export const usersFile: string = process.env.USERS ?? `${home}/users`
/** What the API wants, and the API: with these, who each user is. */
export const scope: string = process.env.SCOPE ?? 'openid email'
export const api: string = process.env.API ?? `${issuer}/userinfo`

export const manager: TokenManager = createTokenManager({
  store: createFileStore(`${home}/records`, { keys: [await readOrCreateSealingKey(`${home}/key`)] }),
  lock: createFileLock(`${home}/locks`), // a web app may refresh at the same time
  clients: [{ issuer, client_id: clientId, client_secret: clientSecret }],
  allowLoopbackHttp: true, // an issuer on this machine
})
