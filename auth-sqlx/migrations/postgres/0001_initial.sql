-- Instants are microseconds since 1970-01-01 UTC, ids are UUIDs of 16 bytes, hashes are SHA-256 of 32 bytes.

CREATE TABLE auth_users (
    id                UUID    NOT NULL PRIMARY KEY,
    email             TEXT,             -- as typed, for delivery
    email_canonical   TEXT    COLLATE "C" UNIQUE, -- for identity; compared byte by byte
    email_verified_at BIGINT,
    name              TEXT,
    roles             TEXT    NOT NULL, -- separated by blanks
    status            TEXT    NOT NULL CHECK (status IN ('active', 'disabled')),
    auth_epoch        BIGINT  NOT NULL, -- incremented to end everything issued before
    created_at        BIGINT  NOT NULL,
    updated_at        BIGINT  NOT NULL
);

CREATE TABLE auth_passwords (
    user_id    UUID    NOT NULL PRIMARY KEY REFERENCES auth_users (id) ON DELETE CASCADE,
    hash       TEXT    COLLATE "C" NOT NULL, -- PHC string, or another system's form until the next sign-in
    changed_at BIGINT  NOT NULL
);

-- A session is revoked by deleting its row: nothing can bring it back.
CREATE TABLE auth_sessions (
    id            UUID    NOT NULL PRIMARY KEY,
    user_id       UUID    NOT NULL REFERENCES auth_users (id) ON DELETE CASCADE,
    auth_epoch    BIGINT  NOT NULL,
    kind          TEXT    NOT NULL CHECK (kind IN ('bearer', 'browser', 'remembered')),
    ip            TEXT,
    user_agent    TEXT,
    created_at    BIGINT  NOT NULL,
    expires_at    BIGINT  NOT NULL,
    last_seen_at  BIGINT  NOT NULL, -- in no index, because it changes most
    family_hash   BYTEA   NOT NULL CHECK (octet_length(family_hash) = 32),
    token_hash    BYTEA   NOT NULL CHECK (octet_length(token_hash) = 32),
    previous_hash BYTEA            CHECK (octet_length(previous_hash) = 32),
    rotation_salt BYTEA            CHECK (octet_length(rotation_salt) = 32),
    rotated_at    BIGINT  NOT NULL,
    generation    BIGINT  NOT NULL,
    confirmed     BIGINT  NOT NULL CHECK (confirmed IN (0, 1)),
    recoveries    BIGINT  NOT NULL
) WITH (fillfactor = 85); -- room on each page for the versions of rows that are in use

CREATE INDEX auth_sessions_user ON auth_sessions (user_id);
CREATE INDEX auth_sessions_expiry ON auth_sessions (expires_at);

CREATE TABLE auth_one_time_tokens (
    token_hash BYTEA   NOT NULL PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    purpose    TEXT    NOT NULL,
    user_id    UUID    NOT NULL REFERENCES auth_users (id) ON DELETE CASCADE,
    auth_epoch BIGINT  NOT NULL,
    payload    TEXT,
    created_at BIGINT  NOT NULL,
    expires_at BIGINT  NOT NULL
);

CREATE INDEX auth_one_time_tokens_user ON auth_one_time_tokens (user_id);
CREATE INDEX auth_one_time_tokens_expiry ON auth_one_time_tokens (expires_at);

-- Failed attempts, under a hash that tells nobody whose they are.
CREATE TABLE auth_throttle (
    key_hash      BYTEA   NOT NULL PRIMARY KEY CHECK (octet_length(key_hash) = 32),
    failures      BIGINT  NOT NULL,
    blocked_until BIGINT  NOT NULL,
    expires_at    BIGINT  NOT NULL
);

CREATE INDEX auth_throttle_expiry ON auth_throttle (expires_at);

-- Rows are added and, past their retention, deleted; never changed. They outlive the user they tell of.
CREATE TABLE auth_audit_log (
    id         UUID    NOT NULL PRIMARY KEY,
    at         BIGINT  NOT NULL,
    kind       TEXT    NOT NULL,
    user_id    UUID,
    session_id UUID,
    ip         TEXT,
    user_agent TEXT,
    detail     TEXT
);

CREATE INDEX auth_audit_log_user ON auth_audit_log (user_id, id);
CREATE INDEX auth_audit_log_time ON auth_audit_log (at);

-- Takes back the privileges that ALTER DEFAULT PRIVILEGES gave to anybody but the owner of the tables. Hosts that serve a
-- schema as a REST API give them to the role that every visitor has.
DO $$
DECLARE
    given RECORD;
BEGIN
    FOR given IN
        SELECT c.oid::regclass AS name,
            CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END AS grantee
        FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
        WHERE c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'auth_users'::regclass)
            AND c.relname IN ('_auth_migrations', 'auth_users', 'auth_passwords', 'auth_sessions', 'auth_one_time_tokens',
                'auth_throttle', 'auth_audit_log')
            AND a.grantee <> c.relowner
    LOOP
        EXECUTE format('REVOKE ALL ON TABLE %s FROM %s', given.name, given.grantee);
    END LOOP;
END $$;
