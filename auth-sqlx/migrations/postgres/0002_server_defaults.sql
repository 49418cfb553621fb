-- Tables that were made before the first step took privileges back: PUBLIC and the two roles that hosts let visitors
-- have lose theirs. What the owner has granted to other roles, such as the one that the application runs as, stays.
DO $$
DECLARE
    given RECORD;
BEGIN
    FOR given IN
        SELECT DISTINCT c.oid::regclass AS name,
            CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee)::text END AS grantee
        FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
        WHERE c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'auth_users'::regclass)
            AND c.relname IN ('_auth_migrations', 'auth_users', 'auth_passwords', 'auth_sessions', 'auth_one_time_tokens',
                'auth_throttle', 'auth_audit_log')
            AND (a.grantee = 0 OR pg_get_userbyid(a.grantee) IN ('anon', 'authenticated'))
            AND a.grantee <> c.relowner
    LOOP
        EXECUTE format('REVOKE ALL ON TABLE %s FROM %s CASCADE', given.name, given.grantee);
    END LOOP;
END $$;
