import type { ClientMetadata } from '../../generated/models.ts'
import { assertKnownOptions } from '../lib/options.ts'
import type { RecordStore } from '../lib/record-store.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { SigningKeyInput } from '../lib/signatures/types.ts'
import type { AssertionIssuer, Lifetimes, ServerEvent } from '../server/index.ts'
import { type DevFault, devFaults, isDevFault } from './faults.ts'

/** Somebody who can log in. */
export interface DevUser {
  /** What is typed at the login. */
  readonly username: string
  /** As plain as it is: nobody's real one. */
  readonly password: string
  /** The subject of tokens. @default the user name */
  readonly sub?: string
  /** What a client must send to have this user asked (CIBA Core 7.1, `user_code`). @default nothing */
  readonly userCode?: string
  /** What id_token and userinfo may say: `name`, `email`, ... (OIDC Core 5.1). @default none */
  readonly claims?: Readonly<Record<string, unknown>>
}

/** A client that is known from the start, by the names of RFC 7591. */
export interface DevClient extends ClientMetadata {
  readonly client_id: string
  readonly client_secret?: string
}

/** Somebody whose assertions are taken for tokens (RFC 7523). */
export interface DevAssertionIssuer extends AssertionIssuer {
  /** Its `iss`. */
  readonly issuer: string
}

/** What `createDevHandler` takes: the server without a port. */
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
  /** Types of authorization details that can be asked for (RFC 9396). @default none */
  readonly authorizationDetailsTypes?: readonly string[]
  /** Whether authorization requests must be pushed. @default false */
  readonly requirePushedRequests?: boolean
  /** @default JWTs (RFC 9068) */
  readonly accessTokenFormat?: 'jwt' | 'opaque'
  /** Seconds that each thing lives. @default those of `authentype/server`, `defaultLifetimes` */
  readonly lifetimes?: Partial<Lifetimes>
  /** Takes JSON where clients post forms, as some clients send it. @default false: forms and nothing else */
  readonly acceptJson?: boolean
  /** For jwt-bearer. @default none */
  readonly assertionIssuers?: readonly DevAssertionIssuer[]
  /** Clients whose id is the URL of their metadata. @default false */
  readonly clientMetadataDocuments?: boolean
  /** Whether certificates bind tokens and authenticate clients (RFC 8705). @default whether there is an `mtlsOrigin` */
  readonly mtls?: boolean
  /**
   * Where clients show certificates, if not at the issuer: named in `mtls_endpoint_aliases` (RFC 8705 5).
   * @default none; of a server with `tls` its second port
   */
  readonly mtlsOrigin?: string
  /** Is told what happened: the audit events, of which none has a secret. @default nobody is */
  readonly onEvent?: (event: ServerEvent) => void
  /** Is told of a fault of the server itself, which answers 500 and says nothing. @default nobody is */
  readonly onError?: (error: unknown) => void
}

/** A server's key and certificate, in PEM. */
export interface DevTls {
  /** The private key in PEM. */
  readonly key: string
  /** The certificate in PEM, and those that lead to its root. */
  readonly cert: string
  /** The port at which clients are asked for certificates; browsers never are. @default 0, any free port */
  readonly mtlsPort?: number
}

/** What `createDevServer` takes: all that a handler does, and where it listens. */
export interface DevServerOptions extends Omit<DevHandlerOptions, 'issuer'> {
  /** @default 0, any free port */
  readonly port?: number
  /** @default http://127.0.0.1:<port>, or https where there is `tls` */
  readonly issuer?: string
  /** Serves over TLS, and at a second port with clients' certificates. @default plain HTTP */
  readonly tls?: DevTls
  /** Roots of clients' certificates, in PEM: for `tls_client_auth` (RFC 8705 2.1). @default none */
  readonly clientCa?: string | readonly string[]
  /**
   * A header field in which a proxy before this server hands on the client's certificate: `Client-Cert` as in RFC
   * 9440, with `Client-Cert-Chain` beside it, or PEM with URL escapes as nginx sends it. Whoever reaches this server can fill it in, so the proxy must be
   * the only one who does. @default none is believed
   */
  readonly clientCertificateHeader?: string
  /** Seconds after which keys are rotated, again and again. @default never */
  readonly rotateKeysEvery?: number
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
    grant_types: [
      'authorization_code',
      'refresh_token',
      'urn:ietf:params:oauth:grant-type:device_code',
      'urn:ietf:params:oauth:grant-type:pre-authorized_code',
    ],
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
      'urn:ietf:params:oauth:grant-type:jwt-bearer',
      'urn:openid:params:grant-type:ciba',
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
  'authorizationDetailsTypes',
  'requirePushedRequests',
  'accessTokenFormat',
  'lifetimes',
  'acceptJson',
  'assertionIssuers',
  'clientMetadataDocuments',
  'mtls',
  'mtlsOrigin',
  'onEvent',
  'onError',
]

/** What a server takes beyond what its handler does. */
export const serverNames = ['port', 'tls', 'clientCa', 'clientCertificateHeader', 'rotateKeysEvery'] as const

/** @throws TypeError that names the option */
export function assertDevOptions(caller: string, options: object, more: readonly string[] = []): void {
  assertKnownOptions(caller, options, [...handlerNames, ...more])
  const { users, clients, faults, issuer, mtlsOrigin, assertionIssuers } = options as Partial<DevHandlerOptions>
  for (const [name, origin] of [
    ['issuer', issuer],
    ['mtlsOrigin', mtlsOrigin],
  ] as const) {
    if (origin === undefined || (URL.canParse(origin) && new URL(origin).origin === origin)) continue
    throw new TypeError(`${name}: expected an origin, such as http://127.0.0.1:4000`)
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
  if (
    assertionIssuers !== undefined &&
    !(Array.isArray(assertionIssuers) && assertionIssuers.every((one) => isNamed(one?.issuer)))
  ) {
    throw new TypeError('assertionIssuers: expected a list of { issuer, jwks | jwksUri, scope?, resources? }')
  }
  if (faults !== undefined && !(Array.isArray(faults) && faults.every((one) => isDevFault(String(one))))) {
    throw new TypeError(`faults: expected some of ${devFaults.join(', ')}`)
  }
}

/** @throws TypeError that names the option */
export function assertServerOptions({ tls, clientCertificateHeader, rotateKeysEvery }: DevServerOptions): void {
  if (tls !== undefined) {
    assertKnownOptions('tls', tls, ['key', 'cert', 'mtlsPort'])
    if (typeof tls.key !== 'string' || typeof tls.cert !== 'string')
      throw new TypeError('tls: expected key and cert in PEM')
  }
  if (clientCertificateHeader !== undefined && !/^[\w-]+$/.test(clientCertificateHeader)) {
    throw new TypeError('clientCertificateHeader: expected the name of a header field')
  }
  if (rotateKeysEvery !== undefined && !(Number.isSafeInteger(rotateKeysEvery) && rotateKeysEvery > 0)) {
    throw new TypeError('rotateKeysEvery: expected a positive number of whole seconds')
  }
}
