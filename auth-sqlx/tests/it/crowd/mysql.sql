-- The users from {first} up to {last} of {total}, with what belongs to them. See crowd.rs.

SET foreign_key_checks = 0, unique_checks = 0;

CREATE TEMPORARY TABLE numbers (n BIGINT NOT NULL PRIMARY KEY) ENGINE = InnoDB;
INSERT INTO numbers (n)
WITH digits (d) AS (SELECT 0 UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6
                    UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)
SELECT a.d + 10 * b.d + 100 * c.d + 1000 * d.d + 10000 * e.d + 100000 * f.d AS n
FROM digits a, digits b, digits c, digits d, digits e, digits f
HAVING n < ({last} - {first}) * {sessions};

CREATE TEMPORARY TABLE crowd (n BIGINT NOT NULL PRIMARY KEY, id BINARY(16) NOT NULL, at BIGINT NOT NULL)
ENGINE = InnoDB;
INSERT INTO crowd (n, id, at)
SELECT n,
       UNHEX(CONCAT(LPAD(HEX(ms), 12, '0'), '7', SUBSTR(HEX(RANDOM_BYTES(2)), 2), '8',
                    SUBSTR(HEX(RANDOM_BYTES(8)), 2))),
       ms * 1000
FROM (SELECT {first} + n AS n, 1600000000000 + ({first} + n) * 150000000000 DIV {total} AS ms
      FROM numbers WHERE n < {last} - {first}) AS user_number;

START TRANSACTION;

INSERT INTO auth_users (id, email, email_canonical, email_verified_at, name, roles, status, auth_epoch, created_at,
                        updated_at)
SELECT id, CONCAT('User', n, '@example.com'), CONCAT('user', n, '@example.com'), NULL, CONCAT('User ', n), '',
       'active', 0, at, at
FROM crowd ORDER BY n;

INSERT INTO auth_passwords (user_id, hash, changed_at)
SELECT id, CONCAT('$argon2id$v=19$m=19456,t=2,p=1$', SUBSTR(MD5(RAND()), 11), '$', MD5(RAND())), at
FROM crowd ORDER BY n;

INSERT INTO auth_sessions (id, user_id, auth_epoch, kind, ip, user_agent, created_at, expires_at, last_seen_at,
                           family_hash, token_hash, previous_hash, rotation_salt, rotated_at, generation, confirmed,
                           recoveries)
SELECT UNHEX(CONCAT(LPAD(HEX(ms), 12, '0'), '7', SUBSTR(HEX(RANDOM_BYTES(2)), 2), '8',
                    SUBSTR(HEX(RANDOM_BYTES(8)), 2))),
       crowd.id, 0, 'browser', '203.0.113.7',
       'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', ms * 1000,
       CASE WHEN session.n % 11 = 0 THEN ms * 1000 + 86400000000 ELSE 4102444800000000 END, ms * 1000,
       RANDOM_BYTES(32), RANDOM_BYTES(32), RANDOM_BYTES(32), RANDOM_BYTES(32),
       ms * 1000, 3, 1, 0
FROM (SELECT {first} * {sessions} + n AS n,
             1745000000000 + ({first} * {sessions} + n) * 5000000000 DIV ({total} * {sessions}) AS ms
      FROM numbers) AS session
JOIN crowd ON crowd.n = {first} + session.n * 999983 % ({last} - {first});

INSERT INTO auth_one_time_tokens (token_hash, purpose, user_id, auth_epoch, payload, created_at, expires_at)
SELECT RANDOM_BYTES(32), 'password_reset', id, 0, NULL, at,
       CASE WHEN n % 11 = 0 THEN at + 3600000000 ELSE 4102444800000000 END
FROM crowd;

INSERT INTO auth_throttle (key_hash, failures, blocked_until, expires_at)
SELECT RANDOM_BYTES(32), 3, at, CASE WHEN n % 11 = 0 THEN at + 86400000000 ELSE 4102444800000000 END
FROM crowd;

INSERT INTO auth_audit_log (id, at, kind, user_id, session_id, ip, user_agent, detail)
SELECT UNHEX(CONCAT(LPAD(HEX(at DIV 1000), 12, '0'), '7', SUBSTR(HEX(RANDOM_BYTES(2)), 2), '8',
                    SUBSTR(HEX(RANDOM_BYTES(8)), 2))),
       at, 'signup_success', id, NULL, '203.0.113.7', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101', NULL
FROM crowd;

COMMIT;

DROP TEMPORARY TABLE numbers, crowd;
