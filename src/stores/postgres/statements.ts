/**
 * Every statement, for one schema. Each change is one statement that names the version it expects, so a single
 * change needs no transaction around it, and several in one transaction wait for each other row by row.
 */
export interface Statements {
  /** $1 key, $2 now */
  readonly get: string
  /** $1 index name, $2 index value, $3 now */
  readonly find: string
  /** $1 key, $2 version, $3 value, $4 indexes, $5 expires_at, $6 names, $7 values, $8 now. A row when it was put. */
  readonly create: string
  /** As `create`, and $9 the version to replace. */
  readonly replace: string
  /** $1 key, $2 version, $3 now. A row when it was deleted. */
  readonly remove: string
  /** $1 now, $2 at most. A row for each that went. */
  readonly sweep: string
}

export function createStatements(schema: string): Statements {
  const records = `${schema}authentype_records`
  const indexes = `${schema}authentype_record_indexes`
  const isLive = (now: string) => `(expires_at IS NULL OR expires_at > ${now})`
  const columns = 'r.key, r.version, r.value, r.indexes, r.expires_at'

  // The index rows of a record change with it, in one statement; those that stay the same are not written.
  const withIndexes = (put: string) => `
WITH put AS (${put} RETURNING key),
wanted AS (SELECT name, value FROM unnest($6::text[], $7::text[]) AS w (name, value)),
dropped AS (
  DELETE FROM ${indexes} i USING put
  WHERE i.key = put.key AND NOT EXISTS (SELECT FROM wanted w WHERE w.name = i.name AND w.value = i.value)
),
entered AS (
  INSERT INTO ${indexes} (name, value, key) SELECT w.name, w.value, put.key FROM wanted w, put
  ON CONFLICT DO NOTHING
)
SELECT key FROM put`

  return {
    get: `SELECT ${columns} FROM ${records} r WHERE key = $1 AND ${isLive('$2')}`,
    find: `SELECT ${columns} FROM ${indexes} i JOIN ${records} r ON r.key = i.key
WHERE i.name = $1 AND i.value = $2 AND ${isLive('$3')}`,
    create: withIndexes(`
  INSERT INTO ${records} AS r (key, version, value, indexes, expires_at) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (key) DO UPDATE
  SET version = excluded.version, value = excluded.value, indexes = excluded.indexes, expires_at = excluded.expires_at
  WHERE r.expires_at <= $8`),
    replace: withIndexes(`
  UPDATE ${records} SET version = $2, value = $3, indexes = $4, expires_at = $5
  WHERE key = $1 AND version = $9 AND ${isLive('$8')}`),
    remove: `DELETE FROM ${records} WHERE key = $1 AND version = $2 AND ${isLive('$3')} RETURNING key`,
    sweep: `DELETE FROM ${records} WHERE key IN (
  SELECT key FROM ${records} WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
) RETURNING key`,
  }
}
