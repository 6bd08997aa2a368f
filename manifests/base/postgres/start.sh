# Starts PostgreSQL on its volume. The first start makes the cluster; every start sets roles, grants and passwords anew,
# before anyone can connect by TCP.
set -euo pipefail
bin=/usr/lib/postgresql/18/bin
data=/var/lib/postgresql/18/data
configuration=(-c config_file=/etc/postgres/postgresql.conf -c hba_file=/etc/postgres/pg_hba.conf)

if [ ! -d "$data" ]; then
  # Made beside its place and then renamed: an interrupted initdb leaves nothing that looks whole.
  rm -rf "$data.new"
  "$bin/initdb" -D "$data.new" -U postgres --pwfile=/run/secrets/postgres-superuser/password \
    --auth-local=peer --auth-host=scram-sha-256 -E UTF8 --locale-provider=builtin --builtin-locale=PG_UNICODE_FAST --locale=C.UTF-8
  mv "$data.new" "$data"
  sync
fi

"$bin/pg_ctl" -D "$data" -w -t 3600 -o "${configuration[*]} -c listen_addresses=" start
bash /etc/postgres/set-up.sh
"$bin/pg_ctl" -D "$data" -w -t 3600 -m fast stop

exec "$bin/postgres" -D "$data" "${configuration[@]}"
