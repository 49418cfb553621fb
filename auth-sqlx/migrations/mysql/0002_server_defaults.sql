-- Tables that were made when the first step did not name the row format: a change of the server's default would give
-- them another one the next time they are rebuilt.
ALTER TABLE auth_users ROW_FORMAT = DYNAMIC;
ALTER TABLE auth_passwords ROW_FORMAT = DYNAMIC;
ALTER TABLE auth_sessions ROW_FORMAT = DYNAMIC;
ALTER TABLE auth_one_time_tokens ROW_FORMAT = DYNAMIC;
ALTER TABLE auth_throttle ROW_FORMAT = DYNAMIC;
ALTER TABLE auth_audit_log ROW_FORMAT = DYNAMIC;
