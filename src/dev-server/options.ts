import type { ClientMetadata } from '../../generated/models.ts'
import { assertKnownOptions } from '../lib/options.ts'
import type { RecordStore } from '../lib/record-store.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { SigningKeyInput } from '../lib/signatures/types.ts'
import type { Lifetimes, ServerEvent } from '../server/index.ts'
import { type DevFault, devFaults, isDevFault } from './faults.ts'

/** Somebody who can log in. */
export interface DevUser {
  readonly username: string
  readonly password: string
  /** The subject of tokens. @default the user name */
  readonly sub?: string
  /** What id_token and userinfo may say: `name`, `email`, ... (OIDC Core 5.1). @default none */
  readonly claims?: Readonly<Record<string, unknown>>
}

/** A client that is known from the start, by the names of RFC 7591. */
export interface DevClient extends ClientMetadata {
  readonly client_id: string
  readonly client_secret?: string
}

export interface DevHandlerOptions {
  /** Where browsers and clients reach it: an origin, without a path. */
  readonly issuer: string
  /** @default alice and bob, whose passwords are their names */
  readonly users?: readonly DevUser[]
  /** @default a public client `dev-app` and a confidential `dev-service`, see `DevServer.clients` */
  readonly clients?: readonly DevClient[]
  /** @default a memory store */
  readonly store?: RecordStore
  /** Private signing keys. @default fresh ones for ES256, RS256, PS256 and EdDSA */
  readonly keys?: readonly SigningKeyInput[]
  /** @default the machine's clock and random source */
  readonly runtime?: Runtime
  /** Switched on from the start. @default none */
  readonly faults?: readonly DevFault[]
  /** APIs that tokens can be asked for (RFC 8707). @default `<issuer>/api` */
  readonly resources?: readonly string[]
  /** Whether authorization requests must be pushed. @default false */
  readonly requirePushedRequests?: boolean
  /** @default JWTs (RFC 9068) */
  readonly accessTokenFormat?: 'jwt' | 'opaque'
  readonly lifetimes?: Partial<Lifetimes>
  /** Is told what happened: the audit events, of which none has a secret. @default nobody is */
  readonly onEvent?: (event: ServerEvent) => void
  /** Is told of a fault of the server itself, which answers 500 and says nothing. @default nobody is */
  readonly onError?: (error: unknown) => void
}

export interface DevServerOptions extends Omit<DevHandlerOptions, 'issuer'> {
  /** @default 0, any free port */
  readonly port?: number
  /** @default http://127.0.0.1:<port> */
  readonly issuer?: string
}

export const defaultUsers: readonly DevUser[] = [
  {
    username: 'alice',
    password: 'alice',
    claims: { name: 'Alice Adams', preferred_username: 'alice', email: 'alice@example.com', email_verified: true },
  },
  {
    username: 'bob',
    password: 'bob',
    claims: { name: 'Bob Brown', preferred_username: 'bob', email: 'bob@example.com', email_verified: false },
  },
]

/** A loopback redirect of any port is taken for these (RFC 8252 7.3). */
export const defaultClients: readonly DevClient[] = [
  {
    client_id: 'dev-app',
    client_name: 'Development app',
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    redirect_uris: ['http://127.0.0.1/callback', 'http://127.0.0.1/auth/callback'],
    post_logout_redirect_uris: ['http://127.0.0.1:3000/'],
  },
  {
    client_id: 'dev-service',
    client_name: 'Development service',
    client_secret: 'dev-service-secret',
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: [
      'authorization_code',
      'refresh_token',
      'client_credentials',
      'urn:ietf:params:oauth:grant-type:token-exchange',
    ],
    redirect_uris: ['http://127.0.0.1/callback', 'http://127.0.0.1/auth/callback'],
    scope: 'openid profile email offline_access api:read api:write',
  },
]

const handlerNames = [
  'issuer',
  'users',
  'clients',
  'store',
  'keys',
  'runtime',
  'faults',
  'resources',
  'requirePushedRequests',
  'accessTokenFormat',
  'lifetimes',
  'onEvent',
  'onError',
]

/** @throws TypeError that names the option */
export function assertDevOptions(caller: string, options: object, more: readonly string[] = []): void {
  assertKnownOptions(caller, options, [...handlerNames, ...more])
  const { users, clients, faults, issuer } = options as Partial<DevHandlerOptions>
  if (issuer !== undefined && (!URL.canParse(issuer) || new URL(issuer).origin !== issuer)) {
    throw new TypeError('issuer: expected an origin, such as http://127.0.0.1:4000')
  }
  const isNamed = (value: unknown) => typeof value === 'string' && value !== ''
  if (
    users !== undefined &&
    !(Array.isArray(users) && users.every((one) => isNamed(one?.username) && isNamed(one?.password)))
  ) {
    throw new TypeError('users: expected a list of { username, password, sub?, claims? }')
  }
  if (clients !== undefined && !(Array.isArray(clients) && clients.every((one) => isNamed(one?.client_id)))) {
    throw new TypeError('clients: expected a list of registrations with client_id (RFC 7591)')
  }
  if (faults !== undefined && !(Array.isArray(faults) && faults.every((one) => isDevFault(String(one))))) {
    throw new TypeError(`faults: expected some of ${devFaults.join(', ')}`)
  }
}
