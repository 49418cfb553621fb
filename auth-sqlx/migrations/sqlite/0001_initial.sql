-- Instants are microseconds since 1970-01-01 UTC, ids are UUIDs of 16 bytes, hashes are SHA-256 of 32 bytes.
--
-- Tables of short rows are WITHOUT ROWID: the row stands in the tree of its key. Rows of more than a twentieth of a page
-- would make that tree deep, because they stand in its upper levels as well.

CREATE TABLE auth_users (
    id                BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    email             TEXT,             -- as typed, for delivery
    email_canonical   TEXT    UNIQUE,   -- for identity; compared byte by byte
    email_verified_at INTEGER,
    name              TEXT,
    roles             TEXT    NOT NULL, -- separated by blanks
    status            TEXT    NOT NULL CHECK (status IN ('active', 'disabled')),
    auth_epoch        INTEGER NOT NULL, -- incremented to end everything issued before
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL
) STRICT;

CREATE TABLE auth_passwords (
    user_id    BLOB    NOT NULL PRIMARY KEY REFERENCES auth_users (id) ON DELETE CASCADE,
    hash       TEXT    NOT NULL, -- PHC string, or another system's form until the next sign-in
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A session is revoked by deleting its row: nothing can bring it back.
CREATE TABLE auth_sessions (
    id            BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id       BLOB    NOT NULL REFERENCES auth_users (id) ON DELETE CASCADE,
    auth_epoch    INTEGER NOT NULL,
    kind          TEXT    NOT NULL CHECK (kind IN ('bearer', 'browser', 'remembered')),
    ip            TEXT,
    user_agent    TEXT,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    last_seen_at  INTEGER NOT NULL, -- in no index, because it changes most
    family_hash   BLOB    NOT NULL CHECK (length(family_hash) = 32),
    token_hash    BLOB    NOT NULL CHECK (length(token_hash) = 32),
    previous_hash BLOB             CHECK (length(previous_hash) = 32),
    rotation_salt BLOB             CHECK (length(rotation_salt) = 32),
    rotated_at    INTEGER NOT NULL,
    generation    INTEGER NOT NULL,
    confirmed     INTEGER NOT NULL CHECK (confirmed IN (0, 1)),
    recoveries    INTEGER NOT NULL
) STRICT;

CREATE INDEX auth_sessions_user ON auth_sessions (user_id);
CREATE INDEX auth_sessions_expiry ON auth_sessions (expires_at);

CREATE TABLE auth_one_time_tokens (
    token_hash BLOB    NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
    purpose    TEXT    NOT NULL,
    user_id    BLOB    NOT NULL REFERENCES auth_users (id) ON DELETE CASCADE,
    auth_epoch INTEGER NOT NULL,
    payload    TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX auth_one_time_tokens_user ON auth_one_time_tokens (user_id);
CREATE INDEX auth_one_time_tokens_expiry ON auth_one_time_tokens (expires_at);

-- Failed attempts, under a hash that tells nobody whose they are.
CREATE TABLE auth_throttle (
    key_hash      BLOB    NOT NULL PRIMARY KEY CHECK (length(key_hash) = 32),
    failures      INTEGER NOT NULL,
    blocked_until INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX auth_throttle_expiry ON auth_throttle (expires_at);

-- Rows are added and, past their retention, deleted; never changed. They outlive the user they tell of.
CREATE TABLE auth_audit_log (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    at         INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    user_id    BLOB,
    session_id BLOB,
    ip         TEXT,
    user_agent TEXT,
    detail     TEXT
) STRICT;

CREATE INDEX auth_audit_log_user ON auth_audit_log (user_id, id);
CREATE INDEX auth_audit_log_time ON auth_audit_log (at);
