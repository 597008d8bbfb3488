// What the three servers of the benchmark have in common: one client, its scope, and how they talk to the bench.

export const clientId = 'bench-client'
export const clientSecret = 'a-secret-of-the-benchmark-with-48-characters-000'
export const apiScope = 'api:read api:write'
/** Without openid: an id_token's RSA signature would cost more than all the rest. */
export const loginScope = 'api:read'

/** Each job has a server process of its own. */
export type Job = 'client_credentials, opaque' | 'client_credentials, ES256 JWT' | 'refresh with rotation'

export interface Ready {
  readonly port: number
  /** What to send first, one a connection; later ones come with the answers. */
  readonly refreshTokens: readonly string[]
}

/** Tells the bench where to send, and answers each of its messages with the CPU time used so far, in microseconds. */
export function serveBench(ready: Ready): void {
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send!(user + system)
  })
  process.on('disconnect', () => process.exit())
  process.send!(ready)
}

export function jobOf(): Job {
  return process.argv[2] as Job
}
