#!/usr/bin/env bash
# Tries what the Dockerfile says where no container engine runs: the image's root is made as an empty directory tree
# with the program and the libraries that it is linked to, read-only but for the volume, entered by the image's user
# without any privilege; then health, a page, and the stop are tried.
#
#   dist/try-image.sh             builds as the Dockerfile does, from the files that .dockerignore lets through
#   dist/try-image.sh PROGRAM     with a program that is built already
#
# Needs root (mounts, chroot) and Debian's util-linux, python3 and curl. What it does not try: the base images, and the
# engine's own isolation.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "only root can mount and chroot"; exit 2; }

work=$(mktemp -d /tmp/vestibule-image.XXXXXX)
pid=
cleanup() {
    [ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT
say() { printf '==> %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*"; [ ! -s "$work/log" ] || tail -n 20 "$work/log"; exit 1; }

# The last stage's words; its arrays have no blanks inside of their texts.
stage=$(awk '/^FROM /{text=""} {text=text $0 "\n"} END{printf "%s", text}' Dockerfile)
said() { printf '%s' "$stage" | sed -n "s/^$1 //p" | tail -n 1; }
words() { tr -d '[]",' <<<"$1"; }
user=$(said USER)
mapfile -t environment < <(printf '%s' "$stage" | sed -n 's/^ENV //p')
volume=$(words "$(said VOLUME)")
stop=$(said STOPSIGNAL)
read -ra command <<<"$(words "$(said ENTRYPOINT)") $(words "$(said CMD)")"
read -ra health <<<"$(words "$(said HEALTHCHECK | sed 's/.* CMD //')")"
config=/etc/vestibule/vestibule.toml
[ "${command[-1]}" = "$config" ] || fail "CMD does not read $config"

program=${1:-}
if [ -z "$program" ]; then
    say "building from what .dockerignore lets through"
    mkdir "$work/src"
    sed -n 's/^!//p' .dockerignore | while read -r path; do cp -r --parents "$path" "$work/src"; done
    build=$(grep -o '^ *dist/[a-z]*\.sh' Dockerfile) || fail "the Dockerfile builds by no script of dist/"
    (cd "$work/src" && CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$OLDPWD/target}" $build)
    program="${CARGO_TARGET_DIR:-target}/dist/vestibule"
fi

say "the image's root"
root="$work/root"
mkdir -p "$root"/{usr/local/bin,etc/vestibule/agencies,etc/ssl/certs,proc,dev,tmp,"${volume#/}"}
: >"$root/dev/null" # an engine gives it; the real one is mounted over it
chmod 0755 "$work" "$root"
install -m 0755 "$program" "$root/usr/local/bin/vestibule"
ldd "$program" | grep -o '/[^ ]*' | while read -r library; do cp -L --parents "$library" "$root"; done
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/" 2>/dev/null || true
printf 'vestibule:x:%s::%s:/usr/sbin/nologin\n' "$user" "$volume" >"$root/etc/passwd"
chown "$user" "$root$volume" && chmod 0700 "$root$volume"
du -sh "$root" | cut -f1

read -r port health_port < <(python3 -c 'import random, socket
def one():
    # One that the system gives nobody as an outgoing connection meanwhile.
    while True:
        try: return socket.create_server(("127.0.0.1", random.randrange(5_000, 11_000)))
        except OSError: continue
s = [one() for _ in "ab"]
print(*(one.getsockname()[1] for one in s))')
cat >"$root$config" <<TOML
[server]
listen = ["0.0.0.0:$port"]
health = "0.0.0.0:$health_port"
[portal]
url = "http://www.localhost:$port"
name = "Mon compte"
[database]
url = "sqlite:$volume/vestibule.db"
[vault]
key_file = "/etc/vestibule/vault.key"
[mail]
from = "nobody@example.org"
transport = "folder"
folder = "$volume/letters"
TOML
cat >"$root/etc/vestibule/agencies/sample.toml" <<TOML
client = "SAMPLE"
societe = "01"
name = "Agence d'exemple"
url = "http://agence-a.localhost:$port"
[upstream]
url = "http://127.0.0.1:9"
[sign_in]
adapter = "trusted-headers"
verifier = "roster"
[[headers]]
name = "X-Extranet-User"
value = "{login}"
TOML
head -c 32 /dev/urandom | base64 >"$root/etc/vestibule/vault.key"
chown -R "$user" "$root/etc/vestibule/vault.key" && chmod 0400 "$root/etc/vestibule/vault.key"

# Runs a command as the container would: own mounts, read-only root, the image's user, no privileges.
contained() {
    exec unshare --mount --propagation private bash -c '
        root=$1 volume=$2 user=$3; shift 3
        mount --bind "$root" "$root"
        mount --bind "$root$volume" "$root$volume"
        mount -t proc proc "$root/proc"
        mount --bind /dev/null "$root/dev/null"
        mount -o remount,bind,ro "$root"
        exec setpriv --no-new-privs --inh-caps=-all \
            chroot --userspec="$user" --groups= "$root" /usr/bin/env -i PATH=/usr/local/bin "$@"
    ' contained "$root" "$volume" "$user" "${environment[@]}" "$@"
}
# `env` is the only thing besides the program: it looks the command up as an engine does.
cp -L --parents /usr/bin/env "$root"
ldd /usr/bin/env | grep -o '/[^ ]*' | while read -r library; do cp -L --parents "$library" "$root"; done

say "${command[*]} as $user"
contained "${command[@]}" >"$work/log" 2>&1 &
pid=$!
for _ in $(seq 100); do
    kill -0 "$pid" 2>/dev/null || fail "it ended at once"
    if (contained "${health[@]}") >"$work/health" 2>&1; then break; fi
    sleep 0.2
done
say "${health[*]}: $(cat "$work/health")"
grep -q '"ready":true' "$work/health" || fail "it did not become ready"

say "a page"
page=$(curl -sS --max-time 10 -H "Host: www.localhost:$port" "http://127.0.0.1:$port/login?client=SAMPLE&societe=01")
grep -q "exemple" <<<"$page" || fail "the page of the agency is not served"

say "who it is, and what it may write"
status=$(cat "/proc/$pid/status")
grep -qE "^Uid:\s+${user%%:*}\s" <<<"$status" || fail "it does not run as $user"
grep -qE "^CapEff:\s+0+$" <<<"$status" || fail "it has privileges"
grep -qE "^NoNewPrivs:\s+1$" <<<"$status" || fail "it could gain privileges"
if nsenter --target "$pid" --mount -- touch "$root/probe" 2>/dev/null; then fail "the root can be written"; fi
[ -s "$root$volume/vestibule.db" ] || fail "the database is not in the volume"

say "the tools, and a mistake in the files"
(contained vestibule status --config "$config") >"$work/status" 2>&1 || fail "no status: $(cat "$work/status")"
(contained vestibule reload --config "$config") >"$work/status" 2>&1 || fail "no reload: $(cat "$work/status")"
cp "$root$config" "$work/good.toml"
mistakes() {
    case $1 in
    agency) echo 'x = "' >"$root/etc/vestibule/agencies/new.toml" ;;
    typo) echo 'x = "' >>"$root$config" ;;
    half) head -c 40 "$work/good.toml" >"$root$config" ;;
    empty) : >"$root$config" ;;
    gone) rm "$root$config" ;;
    esac
}
for mistake in agency typo half empty gone; do
    mistakes "$mistake"
    if (contained vestibule reload --config "$config") >/dev/null 2>&1; then fail "a reload with a mistake ($mistake)"; fi
    (contained "${health[@]}") >"$work/health" 2>&1 || fail "a mistake ($mistake) makes it ill: $(cat "$work/health")"
    grep -q 'last reload refused' "$work/health" || fail "health does not tell of the mistake ($mistake)"
    rm -f "$root/etc/vestibule/agencies/new.toml"
    cp "$work/good.toml" "$root$config"
done
(contained vestibule reload --config "$config") >/dev/null 2>&1 || fail "no reload after the mistakes"

say "$stop"
kill -s "${stop#SIG}" "$pid"
ended=0
wait "$pid" || ended=$?
pid=
[ "$ended" = 0 ] || fail "it ended with $ended"
if (contained "${health[@]}") >/dev/null 2>&1; then fail "health answers after the stop"; fi
say "the image does what it says"
