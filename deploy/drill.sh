#!/usr/bin/env bash
# The restore drill of all services: backups are taken, restored into databases of their own, and looked through.
# docs/runbook.md, "The restore drill". Ends with 1 when something is not as it should be.
#
#   deploy/drill.sh ENVIRONMENTS FOLDER ADMIN
#
# ENVIRONMENTS: a folder with <service>.sh each, lines `export MADOGUCHI_...=...` (the local stack keeps one).
# FOLDER: a new one for the backups. ADMIN: postgresql://... of who may make databases, better on another server than the
# one in use (the password in ~/.pgpass, not here); the databases are called drill_<service>, and dropped first and last.
set -euo pipefail
[ $# -eq 3 ] || { sed -n 's/^# \{0,1\}//p' "$0" >&2; exit 2; }
environments=$1 folder=$2 admin=$3
madoguchi=${MADOGUCHI:-madoguchi}
psql=${MADOGUCHI_PG_PROGRAMS:+$MADOGUCHI_PG_PROGRAMS/}psql
services=(identity applications documents notifications)

as() { # as SERVICE COMMAND...: with the service's environment
  (set -a; . "$environments/$1.sh"; set +a; shift; "$@")
}
database() { # database create|drop SERVICE
  "$psql" --no-psqlrc --quiet --dbname "$admin" --command "drop database if exists drill_$2"
  [ "$1" = drop ] || "$psql" --no-psqlrc --quiet --dbname "$admin" --command "create database drill_$2 template template0"
}

# All backups first: each service proves that it can open what the others have sealed to it.
for service in "${services[@]}"; do as "$service" "$madoguchi" drill take "$service" "$folder"; done
wrong=0
for service in "${services[@]}"; do
  into=$(python3 -c 'import sys; from urllib.parse import urlsplit
print(urlsplit(sys.argv[1])._replace(path="/drill_" + sys.argv[2]).geturl())' "$admin" "$service")
  database create "$service"
  as "$service" "$madoguchi" drill restore "$service" "$folder" --into "$into"
  as "$service" "$madoguchi" drill prove "$service" "$folder" --into "$into" || wrong=1
  database drop "$service"
done
[ $wrong -eq 0 ] && echo "the service could go on from these backups"
exit $wrong
