/**
 * What runs inside Redis. Every script touches the keys that it is given and no others, and all of these
 * lie in one slot, so that a cluster runs it too.
 *
 * A record is a hash: `version`, `value`, `expires` (milliseconds since the epoch, or empty), `indexes` (JSON),
 * `stamp` (which entries in index hashes are its own) and `until` (how long these last, or empty: for good).
 * A deleted record leaves `gone` for a minute: the id of the commit that deleted it.
 *
 * An index value is a hash of record key to `<milliseconds, Redis's clock>:<stamp>`. On a cluster it lies on
 * another node than the record, so it cannot change in the same step. It is written before the record and
 * cleaned after it; a search holds what it finds against the records, so an entry too many does no harm, and
 * one too few cannot come about: see `commitScript`.
 */

/** Milliseconds within which a commit must follow its index entries, by Redis's clocks. */
const indexedLately = 30_000

/**
 * Milliseconds after which an entry without a record is taken for left over. The difference to the above is
 * what two nodes' clocks may be apart.
 */
export const indexGrace = 90_000

const redisTime: string = `
local time = redis.call('TIME')
local milliseconds = time[1] * 1000 + math.floor(time[2] / 1000)
`

export const readScript = `return redis.call('HMGET', KEYS[1], 'version', 'value', 'expires', 'indexes')`

/**
 * KEYS: the records. ARGV: now, commit id, when the index entries were written (or empty), then those of `argumentsOf`
 * for each record.
 *
 * Gives `{0, ...}` when done, with number, old indexes and stamp of each record whose entries are now left
 * over; `{i}` where record i has another version than expected; `{-1}` where index entries have to be written first.
 *
 * A client may send a commit twice when the connection broke in between: a commit whose id stands in all of
 * its records was carried out already.
 */
export const commitScript: string = `
${redisTime}
local now, id, indexedAt = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local old, repeated = {}, 0
for i, key in ipairs(KEYS) do
  local held = redis.call('HMGET', key, 'version', 'expires', 'indexes', 'stamp', 'until', 'gone')
  local live = held[1] and (held[2] == '' or tonumber(held[2]) > now)
  old[i] = { live = live, version = held[1], indexes = held[3], stamp = held[4], untilTime = held[5] }
  if held[1] == id or held[6] == id then repeated = repeated + 1 end
end
if repeated == #KEYS then return {0} end

local indexing = {}
for i, held in ipairs(old) do
  local at = 3 + (i - 1) * 7
  local expect = ARGV[at + 2]
  if expect == '' and held.live then return {i} end
  if expect ~= '' and not (held.live and '=' .. held.version == expect) then return {i} end
  if ARGV[at + 1] == 'put' and ARGV[at + 5] ~= '{}' then
    local lasting = held.untilTime == '' or
      (held.untilTime and ARGV[at + 3] ~= '' and tonumber(held.untilTime) >= tonumber(ARGV[at + 3]))
    indexing[i] = not (held.live and held.indexes == ARGV[at + 5] and lasting)
    if indexing[i] and not (indexedAt and math.abs(milliseconds - indexedAt) <= ${indexedLately}) then return {-1} end
  end
end

-- The first write is HSET, since Redis says that its memory is full only before a script has written.
local result = {0}
for i, key in ipairs(KEYS) do
  local at, held = 3 + (i - 1) * 7, old[i]
  local ttl = ARGV[at + 4]
  if ARGV[at + 1] == 'put' and (ttl == '' or tonumber(ttl) > 0) then
    local stamp, untilTime = held.stamp, held.untilTime
    if indexing[i] or ARGV[at + 5] == '{}' then stamp, untilTime = id, ARGV[at + 6] end
    redis.call('HSET', key, 'version', id, 'expires', ARGV[at + 3], 'indexes', ARGV[at + 5], 'stamp', stamp,
      'until', untilTime, 'value', ARGV[at + 7])
    redis.call('HDEL', key, 'gone')
    if ttl == '' then redis.call('PERSIST', key) else redis.call('PEXPIRE', key, ttl) end
  else
    redis.call('DEL', key)
    redis.call('HSET', key, 'gone', id)
    redis.call('PEXPIRE', key, 60000)
  end
  if held.indexes and held.indexes ~= ARGV[at + 5] then
    table.insert(result, tostring(i))
    table.insert(result, held.indexes)
    table.insert(result, held.stamp)
  end
end
return result
`

/** KEYS: an index value. ARGV: record key, stamp, milliseconds to last or empty. Gives Redis's time as text. */
export const indexScript: string = `
${redisTime}
local existed, left = redis.call('EXISTS', KEYS[1]) == 1, redis.call('PTTL', KEYS[1])
local text = string.format('%.0f', milliseconds)
redis.call('HSET', KEYS[1], ARGV[1], text .. ':' .. ARGV[2])
if ARGV[3] == '' then
  redis.call('PERSIST', KEYS[1])
elseif not existed or (left >= 0 and left < tonumber(ARGV[3])) then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return text
`

/** KEYS: an index value. ARGV: record key and stamp, pairwise. Takes out the entries that carry that stamp still. */
export const unindexScript = `
for i = 1, #ARGV, 2 do
  local entry = redis.call('HGET', KEYS[1], ARGV[i])
  if entry and entry:match('^%d+:(.*)$') == ARGV[i + 1] then redis.call('HDEL', KEYS[1], ARGV[i]) end
end
return 0
`

/** KEYS: an index value. Gives Redis's time as text, then record key and entry, pairwise. */
export const searchScript: string = `
${redisTime}
local result = redis.call('HGETALL', KEYS[1])
table.insert(result, 1, string.format('%.0f', milliseconds))
return result
`

/** KEYS: a lock. ARGV: owner, milliseconds. */
export const acquireScript = `
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
`

export const renewScript = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
`

export const releaseScript = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`
