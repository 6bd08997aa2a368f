-- Each password is what its mounted file says. Not even an error shows one in the log.
SET log_min_error_statement = panic;
\set password `cat /run/secrets/postgres-superuser/password`
ALTER ROLE postgres PASSWORD :'password';
\set password `cat /run/secrets/database-owner/password`
ALTER ROLE owner PASSWORD :'password';
\set password `cat /run/secrets/database-portal/password`
ALTER ROLE portal PASSWORD :'password';
\set password `cat /run/secrets/database-workers/password`
ALTER ROLE workers PASSWORD :'password';
\set password `cat /run/secrets/database-keycloak/password`
ALTER ROLE keycloak PASSWORD :'password';
