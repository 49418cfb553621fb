-- A file has no server, and so no defaults of one. The other databases need this step, and a number is the same step on
-- all of them.
SELECT 1;
