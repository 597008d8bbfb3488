/** What is used of a `pg` client. */
export interface PostgresClient {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>
  /** `true` closes the connection instead of keeping it. */
  release(destroy?: boolean): void
}

/** What is used of a `pg` pool, or of a pool that is made like it. */
export interface PostgresPool {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>
  connect(): Promise<PostgresClient>
}

/** @throws TypeError for what is no pool, such as the URL of a database */
export function assertPool(caller: string, pool: unknown): void {
  if (typeof (pool as Partial<PostgresPool> | undefined)?.query === 'function') return
  throw new TypeError(`${caller}: "pool" must be a Pool of the package pg`)
}

/** Another transaction was in the way; nothing was changed, and the same again may pass. */
const passing: readonly string[] = ['40001', '40P01']
const maxAttempts = 5

/** Runs `task` in one transaction, which a `false` of its own or an error undoes. */
export async function inTransaction(
  pool: PostgresPool,
  task: (client: PostgresClient) => Promise<boolean>,
): Promise<boolean> {
  const client = await pool.connect()
  let isBroken = true
  try {
    // Each statement names the version that it expects and waits for whoever changes the row: of this level's
    // anomalies none is left, and it fails no transaction for its reads. The server's default may be another.
    await client.query('BEGIN ISOLATION LEVEL READ COMMITTED')
    const isDone = await task(client)
    await client.query(isDone ? 'COMMIT' : 'ROLLBACK')
    isBroken = false
    return isDone
  } finally {
    // A connection in the middle of a failed transaction is of no use to anybody.
    client.release(isBroken)
  }
}

/** Tries again what failed because of another transaction alone. */
export async function withRetries<T>(task: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await task()
    } catch (error) {
      const { code } = error as { code?: unknown }
      if (attempt === maxAttempts || typeof code !== 'string' || !passing.includes(code)) throw error
    }
  }
}

/**
 * A schema's name as it stands in SQL, with its dot; empty for what the connection's search_path names.
 *
 * @throws TypeError
 */
export function schemaPrefix(name: string, schema: string | undefined): string {
  if (schema === undefined) return ''
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
    throw new TypeError(`${name}: "schema" must be lower-case letters, digits and underscores`)
  }
  return `"${schema}".`
}
