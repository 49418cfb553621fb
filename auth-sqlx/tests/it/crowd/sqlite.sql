-- The users from {first} up to {last} of {total}, with what belongs to them. See crowd.rs.

PRAGMA foreign_keys = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -1000000; -- KiB

BEGIN;

DROP TABLE IF EXISTS temp.crowd;
CREATE TEMP TABLE crowd (n INTEGER PRIMARY KEY, id BLOB NOT NULL, at INTEGER NOT NULL);
INSERT INTO crowd (n, id, at)
WITH RECURSIVE numbers (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {last})
SELECT n, unhex(printf('%012x7%03x8%015x', ms, random() & 0xfff, random() & 0xfffffffffffffff)), ms * 1000
FROM (SELECT n, 1600000000000 + n * 150000000000 / {total} AS ms FROM numbers);

INSERT INTO auth_users (id, email, email_canonical, email_verified_at, name, roles, status, auth_epoch, created_at,
                        updated_at)
SELECT id, 'User' || n || '@example.com', 'user' || n || '@example.com', NULL, 'User ' || n, '', 'active', 0, at, at
FROM crowd ORDER BY n;

INSERT INTO auth_passwords (user_id, hash, changed_at)
SELECT id, '$argon2id$v=19$m=19456,t=2,p=1$' || hex(randomblob(11)) || '$' || hex(randomblob(21)), at
FROM crowd ORDER BY n;

INSERT INTO auth_sessions (id, user_id, auth_epoch, kind, ip, user_agent, created_at, expires_at, last_seen_at,
                           family_hash, token_hash, previous_hash, rotation_salt, rotated_at, generation, confirmed,
                           recoveries)
WITH RECURSIVE numbers (n) AS (SELECT {first} * {sessions} UNION ALL
                               SELECT n + 1 FROM numbers WHERE n + 1 < {last} * {sessions})
SELECT unhex(printf('%012x7%03x8%015x', ms, random() & 0xfff, random() & 0xfffffffffffffff)), crowd.id, 0, 'browser',
       '203.0.113.7', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', ms * 1000,
       CASE WHEN session.n % 11 = 0 THEN ms * 1000 + 86400000000 ELSE 4102444800000000 END, ms * 1000,
       randomblob(32), randomblob(32), randomblob(32), randomblob(32), ms * 1000, 3, 1, 0
FROM (SELECT n, 1745000000000 + n * 5000000000 / ({total} * {sessions}) AS ms FROM numbers) AS session
JOIN crowd ON crowd.n = {first} + session.n * 999983 % ({last} - {first});

INSERT INTO auth_one_time_tokens (token_hash, purpose, user_id, auth_epoch, payload, created_at, expires_at)
SELECT randomblob(32), 'password_reset', id, 0, NULL, at,
       CASE WHEN n % 11 = 0 THEN at + 3600000000 ELSE 4102444800000000 END
FROM crowd;

INSERT INTO auth_throttle (key_hash, failures, blocked_until, expires_at)
SELECT randomblob(32), 3, at, CASE WHEN n % 11 = 0 THEN at + 86400000000 ELSE 4102444800000000 END
FROM crowd;

INSERT INTO auth_audit_log (id, at, kind, user_id, session_id, ip, user_agent, detail)
SELECT unhex(printf('%012x7%03x8%015x', at / 1000, random() & 0xfff, random() & 0xfffffffffffffff)), at,
       'signup_success', id, NULL, '203.0.113.7', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101', NULL
FROM crowd;

COMMIT;
