# Roles, databases, grants and passwords as they shall be. Safe to run at any time in the pod: a password that was
# changed in its Secret holds once this ran.
set -euo pipefail
sql() {
  /usr/lib/postgresql/18/bin/psql -X -q -v ON_ERROR_STOP=1 -h /run/postgresql -U postgres "$@"
}
sql -d postgres -f /etc/postgres/roles.sql -f /etc/postgres/passwords.sql -f /etc/postgres/databases.sql
sql -d portal -f /etc/postgres/grants.sql
