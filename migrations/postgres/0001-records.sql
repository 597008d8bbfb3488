-- Records of authentype: sessions, transactions, tokens. Times are milliseconds since the epoch.
CREATE TABLE authentype_records (
  key text COLLATE "C" PRIMARY KEY,
  version text NOT NULL,
  value text NOT NULL,
  indexes text NOT NULL,
  expires_at double precision
);
CREATE INDEX authentype_records_expires_at ON authentype_records (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE authentype_record_indexes (
  name text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL REFERENCES authentype_records ON DELETE CASCADE,
  PRIMARY KEY (name, value, key)
);
CREATE INDEX authentype_record_indexes_key ON authentype_record_indexes (key);

-- A lock saves work and guards nothing, so it need not outlive a crash.
CREATE UNLOGGED TABLE authentype_locks (
  key text COLLATE "C" PRIMARY KEY,
  owner text NOT NULL,
  expires_at timestamptz NOT NULL
);
