-- The users from {first} up to {last} of {total}, with what belongs to them. See crowd.rs.

SET session_replication_role = replica; -- checks no foreign keys
SET synchronous_commit = off;

DROP TABLE IF EXISTS pg_temp.crowd;
CREATE TEMP TABLE crowd AS
SELECT n, (lpad(to_hex(ms), 12, '0') || '7' || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid AS id,
       ms * 1000 AS at
FROM (SELECT n, 1600000000000 + n * 150000000000 / {total} AS ms
      FROM generate_series({first}::bigint, {last} - 1) AS n) AS user_number;
ANALYZE pg_temp.crowd;

INSERT INTO auth_users (id, email, email_canonical, email_verified_at, name, roles, status, auth_epoch, created_at,
                        updated_at)
SELECT id, 'User' || n || '@example.com', 'user' || n || '@example.com', NULL, 'User ' || n, '', 'active', 0, at, at
FROM crowd ORDER BY n;

INSERT INTO auth_passwords (user_id, hash, changed_at)
SELECT id, '$argon2id$v=19$m=19456,t=2,p=1$' || substr(md5(random()::text), 11) || '$' || md5(random()::text), at
FROM crowd ORDER BY n;

INSERT INTO auth_sessions (id, user_id, auth_epoch, kind, ip, user_agent, created_at, expires_at, last_seen_at,
                           family_hash, token_hash, previous_hash, rotation_salt, rotated_at, generation, confirmed,
                           recoveries)
SELECT (lpad(to_hex(ms), 12, '0') || '7' || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid, crowd.id, 0,
       'browser', '203.0.113.7', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', ms * 1000,
       CASE WHEN session.n % 11 = 0 THEN ms * 1000 + 86400000000 ELSE 4102444800000000 END, ms * 1000,
       sha256(uuid_send(gen_random_uuid())), sha256(uuid_send(gen_random_uuid())), sha256(uuid_send(gen_random_uuid())),
       sha256(uuid_send(gen_random_uuid())), ms * 1000, 3, 1, 0
FROM (SELECT n, 1745000000000 + n * 5000000000 / ({total} * {sessions}) AS ms
      FROM generate_series({first}::bigint * {sessions}, {last} * {sessions} - 1) AS n) AS session
JOIN crowd ON crowd.n = {first} + session.n * 999983 % ({last} - {first})
ORDER BY session.n;

INSERT INTO auth_one_time_tokens (token_hash, purpose, user_id, auth_epoch, payload, created_at, expires_at)
SELECT sha256(uuid_send(gen_random_uuid())), 'password_reset', id, 0, NULL, at,
       CASE WHEN n % 11 = 0 THEN at + 3600000000 ELSE 4102444800000000 END
FROM crowd ORDER BY n;

INSERT INTO auth_throttle (key_hash, failures, blocked_until, expires_at)
SELECT sha256(uuid_send(gen_random_uuid())), 3, at,
       CASE WHEN n % 11 = 0 THEN at + 86400000000 ELSE 4102444800000000 END
FROM crowd ORDER BY n;

INSERT INTO auth_audit_log (id, at, kind, user_id, session_id, ip, user_agent, detail)
SELECT (lpad(to_hex(at / 1000), 12, '0') || '7' || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid, at,
       'signup_success', id, NULL, '203.0.113.7', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101', NULL
FROM crowd ORDER BY n;
