import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { clientSecretBasic, createOAuthClient, none, type OAuthClient } from '../client/index.ts'
import { type RecordStore, recordKey } from '../lib/record-store.ts'
import { createSessions, type Session, type Sessions } from '../sessions/index.ts'
import { sessionKey } from '../sessions/session-records.ts'
import { createFileLock, createFileStore, readOrCreateSealingKey } from '../stores/file/index.ts'
import { UsageError } from './command.ts'

/** What `authentype login` was told, so that `authentype token` needs to be told nothing. Never a secret. */
export interface LoginProfile {
  readonly issuer: string
  readonly clientId: string
  readonly scope: string
  readonly allowLoopbackHttp: boolean
  /** The environment variable that has the client's secret. */
  readonly secretEnv?: string
  readonly sessionId?: string
}

export type SavedLogin = LoginProfile & { readonly sessionId: string }

/** The logins of this user on this machine: sealed files of mode 0600. */
export interface Logins {
  readonly store: RecordStore
  readonly folder: string
  sessionsOf(client: OAuthClient): Sessions
  /** In the place of an earlier login at the issuer, whose tokens are deleted. */
  save(profile: LoginProfile): Promise<void>
  /** By issuer, or the one that was made last. @throws UsageError where there is none */
  find(issuer: string | undefined): Promise<SavedLogin>
  forget(profile: LoginProfile): Promise<void>
  list(): Promise<readonly LoginProfile[]>
}

export async function openLogins(environment: NodeJS.ProcessEnv): Promise<Logins> {
  const folder = folderOf(environment)
  const keys = [await readOrCreateSealingKey(join(folder, 'key'))]
  // A search leaves out what it cannot read; without a word, a damaged login would look like none.
  const onInvalidRecord = ({ message }: Error) => console.error(`authentype: ${message}`)
  const store = createFileStore(join(folder, 'records'), { keys, onInvalidRecord })
  const lock = createFileLock(join(folder, 'locks'))
  const keyOf = ({ issuer }: Pick<LoginProfile, 'issuer'>) => recordKey('cli_login', issuer)
  const list = async () => (await store.find('kind', 'cli_login')).map((record) => record.value as SavedProfile)

  /** Gives what stood there. */
  async function put(key: string, value: SavedProfile): Promise<SavedProfile | undefined> {
    for (;;) {
      const before = await store.get(key)
      const indexes = { kind: 'cli_login' }
      const change = { kind: 'put', key, value, expect: before?.version ?? null, indexes } as const
      if ((await store.commit([change])).ok) return before?.value as SavedProfile | undefined
    }
  }

  async function remove(key: string): Promise<void> {
    for (;;) {
      const record = await store.get(key)
      if (!record || (await store.commit([{ kind: 'delete', key, expect: record.version }])).ok) return
    }
  }

  return {
    store,
    folder,
    list,
    sessionsOf: (client) => createSessions({ client, store, lock }),
    async save(profile) {
      const order = Math.max(0, ...(await list()).map((saved) => saved.order)) + 1
      const before = await put(keyOf(profile), { ...profile, order })
      // No command reaches it any more. To revoke it could end the new login, too, where both are one grant of the
      // user's to the server (RFC 7009 2.1).
      if (before?.sessionId !== undefined) await remove(sessionKey(before.sessionId))
    },
    async find(issuer) {
      const saved = (await list()).filter((profile) => issuer === undefined || profile.issuer === issuer)
      const newest = saved.toSorted((a, b) => b.order - a.order)[0]
      if (newest?.sessionId !== undefined) return { ...newest, sessionId: newest.sessionId }
      const where = issuer === undefined ? '' : ` at ${issuer}`
      throw new UsageError(
        `nobody is logged in${where}; run: authentype login ${issuer ?? '<issuer>'} --client-id <id>`,
      )
    },
    forget: (profile) => remove(keyOf(profile)),
  }
}

interface SavedProfile extends LoginProfile {
  /** Counts up with each login. */
  readonly order: number
}

/**
 * `AUTHENTYPE_HOME`, else the data folder of the XDG base directory specification, which takes an empty variable for
 * none and passes over a path that depends on where one stands.
 */
function folderOf({ AUTHENTYPE_HOME: own, XDG_DATA_HOME: data }: NodeJS.ProcessEnv): string {
  if (own) return own
  return join(data && isAbsolute(data) ? data : join(homedir(), '.local/share'), 'authentype')
}

export function clientOf(profile: LoginProfile, environment: NodeJS.ProcessEnv, redirectUri?: string): OAuthClient {
  const { issuer, clientId, scope, allowLoopbackHttp, secretEnv } = profile
  return createOAuthClient({
    issuer,
    clientId,
    scope,
    allowLoopbackHttp,
    clientAuth: secretEnv === undefined ? none() : clientSecretBasic(secretFrom(environment, secretEnv)),
    ...(redirectUri !== undefined && { redirectUri }),
  })
}

function secretFrom(environment: NodeJS.ProcessEnv, name: string): string {
  const secret = environment[name]
  if (secret) return secret
  throw new UsageError(`the environment variable ${name} is to hold the client's secret, and is empty`)
}

export async function openSession(
  logins: Logins,
  profile: SavedLogin,
  environment: NodeJS.ProcessEnv,
): Promise<Session> {
  return await logins.sessionsOf(clientOf(profile, environment)).get(profile.sessionId)
}
