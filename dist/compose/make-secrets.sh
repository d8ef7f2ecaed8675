#!/bin/sh
# Makes the secrets that compose.yaml mounts as files, once; what is there is left alone.
# They belong to uid 10001, as whom the gateway runs, where the caller may give them away (root); else they are 0444
# in a folder that only the caller can enter.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
random() { head -c "$1" /dev/urandom | base64 | tr -d '\n'; }
if [ ! -s secrets/database_password ]; then
    random 24 | tr '+/' '-_' > secrets/database_password
    printf 'postgres://vestibule:%s@postgres/vestibule' "$(cat secrets/database_password)" > secrets/database_url
fi
[ -s secrets/vault_key ] || random 32 > secrets/vault_key
if [ "$(id -u)" = 0 ]; then
    chmod 0711 secrets
    chown 10001 secrets/database_url secrets/vault_key
    chmod 0400 secrets/database_url secrets/vault_key
    chmod 0444 secrets/database_password
else
    chmod 0444 secrets/*
fi
echo "the secrets are in $(pwd)/secrets"
