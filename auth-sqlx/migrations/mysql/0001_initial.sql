-- Instants are microseconds since 1970-01-01 UTC, ids are UUIDs of 16 bytes, hashes are SHA-256 of 32 bytes.
--
-- Each statement is committed by itself and passes over what is there, so that all of it can be run again.
-- DYNAMIC, since the other row formats, which a server may have as its default, take no index on a long address.
-- Text that decides who somebody is stands in VARBINARY: collations here ignore trailing blanks, if not more.

CREATE TABLE IF NOT EXISTS auth_users (
    id                BINARY(16)      NOT NULL PRIMARY KEY,
    email             TEXT,                       -- as typed, for delivery
    email_canonical   VARBINARY(1024) UNIQUE,     -- for identity, in UTF-8; compared byte by byte
    email_verified_at BIGINT,
    name              TEXT,
    roles             TEXT            NOT NULL,   -- separated by blanks
    status            VARCHAR(16)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    auth_epoch        BIGINT          NOT NULL,   -- incremented to end everything issued before
    created_at        BIGINT          NOT NULL,
    updated_at        BIGINT          NOT NULL,
    CHECK (status IN ('active', 'disabled'))
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin, COMMENT 'auth-sqlx';

CREATE TABLE IF NOT EXISTS auth_passwords (
    user_id    BINARY(16)      NOT NULL PRIMARY KEY,
    hash       VARBINARY(1024) NOT NULL,          -- PHC string, or another system's form until the next sign-in
    changed_at BIGINT          NOT NULL,
    FOREIGN KEY (user_id) REFERENCES auth_users (id) ON DELETE CASCADE
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin, COMMENT 'auth-sqlx';

-- A session is revoked by deleting its row: nothing can bring it back.
CREATE TABLE IF NOT EXISTS auth_sessions (
    id            BINARY(16)  NOT NULL PRIMARY KEY,
    user_id       BINARY(16)  NOT NULL,
    auth_epoch    BIGINT      NOT NULL,
    kind          VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    ip            VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin,
    user_agent    TEXT,
    created_at    BIGINT      NOT NULL,
    expires_at    BIGINT      NOT NULL,
    last_seen_at  BIGINT      NOT NULL,           -- in no index, because it changes most
    family_hash   BINARY(32)  NOT NULL,
    token_hash    BINARY(32)  NOT NULL,
    previous_hash BINARY(32),
    rotation_salt BINARY(32),
    rotated_at    BIGINT      NOT NULL,
    generation    BIGINT      NOT NULL,
    confirmed     BIGINT      NOT NULL,
    recoveries    BIGINT      NOT NULL,
    CHECK (kind IN ('bearer', 'browser', 'remembered')),
    CHECK (confirmed IN (0, 1)),
    INDEX auth_sessions_user (user_id),
    INDEX auth_sessions_expiry (expires_at),
    FOREIGN KEY (user_id) REFERENCES auth_users (id) ON DELETE CASCADE
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin, COMMENT 'auth-sqlx';

CREATE TABLE IF NOT EXISTS auth_one_time_tokens (
    token_hash BINARY(32)  NOT NULL PRIMARY KEY,
    purpose    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    user_id    BINARY(16)  NOT NULL,
    auth_epoch BIGINT      NOT NULL,
    payload    TEXT,
    created_at BIGINT      NOT NULL,
    expires_at BIGINT      NOT NULL,
    INDEX auth_one_time_tokens_user (user_id),
    INDEX auth_one_time_tokens_expiry (expires_at),
    FOREIGN KEY (user_id) REFERENCES auth_users (id) ON DELETE CASCADE
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin, COMMENT 'auth-sqlx';

-- Failed attempts, under a hash that tells nobody whose they are.
CREATE TABLE IF NOT EXISTS auth_throttle (
    key_hash      BINARY(32) NOT NULL PRIMARY KEY,
    failures      BIGINT     NOT NULL,
    blocked_until BIGINT     NOT NULL,
    expires_at    BIGINT     NOT NULL,
    INDEX auth_throttle_expiry (expires_at)
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin, COMMENT 'auth-sqlx';

-- Rows are added and, past their retention, deleted; never changed. They outlive the user they tell of.
CREATE TABLE IF NOT EXISTS auth_audit_log (
    id         BINARY(16)  NOT NULL PRIMARY KEY,
    at         BIGINT      NOT NULL,
    kind       VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    user_id    BINARY(16),
    session_id BINARY(16),
    ip         VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin,
    user_agent TEXT,
    detail     VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin,
    INDEX auth_audit_log_user (user_id, id),
    INDEX auth_audit_log_time (at)
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin, COMMENT 'auth-sqlx';
