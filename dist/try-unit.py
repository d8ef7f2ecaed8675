#!/usr/bin/env python3
"""Tries what vestibule.service says where systemd does not run: start, reload, mistakes, upgrade, stop.

    dist/try-unit.py PROGRAM

Everything is read from the unit and from vestibule.sysusers.conf, and set up in a mount namespace of its own: the user, the
folders that systemd makes, a file system that is read-only but for them (ProtectSystem=strict), a /tmp and a /run of its
own, capabilities, limits, the environment, and the socket on which a service tells that it is ready and which process is the
main one. Commands of the unit run as the unit has them; an operator's, as root. What it does not try: system calls and
address families that the unit forbids, and systemd's own book-keeping.

Needs root and util-linux. Nothing outside of the namespace is written but a folder that is made and removed below /tmp; what
is below /etc is a copy.
"""

import os
import random
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
MARK = "VESTIBULE_TRIES_ITS_UNIT"
CONFIG = "/etc/vestibule/vestibule.toml"
TELLS = "/run/systemd/notify"
WITHIN = 30


def say(words):
    print("==> " + words, flush=True)


def fail(words):
    print("FAILED: " + words, flush=True)
    sys.exit(1)


def read_unit(path):
    """The settings of a unit: for each key its values in order."""
    settings = {}
    for line in open(path, encoding="utf-8"):
        line = line.strip()
        if line and line[0] not in "#;[":
            key, _, value = line.partition("=")
            settings.setdefault(key.strip(), []).append(value.strip())
    return settings


class Unit:
    """The unit as systemd would run it."""

    def __init__(self, path, ids):
        self.settings = read_unit(path)
        self.uid, self.gid = ids
        self.main = None
        self.ready = False

    def one(self, key, default=None):
        return self.settings.get(key, [default])[-1]

    def make_folders(self):
        """StateDirectory= and its like, as systemd makes them at each start."""
        given = {}
        kinds = [("Runtime", "/run", "RUNTIME"), ("State", "/var/lib", "STATE"), ("Configuration", "/etc", "CONFIGURATION")]
        for kind, below, name in kinds:
            folder = self.one(kind + "Directory")
            if folder is None:
                continue
            path = os.path.join(below, folder)
            os.makedirs(path, exist_ok=True)
            os.chmod(path, int(self.one(kind + "DirectoryMode", "0755"), 8))
            if kind != "Configuration":
                os.chown(path, self.uid, self.gid)
            given[name + "_DIRECTORY"] = path
        return given

    def environment(self):
        environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "LANG": "C.UTF-8"}
        environment.update(USER=self.one("User"), LOGNAME=self.one("User"), HOME="/var/lib/vestibule")
        environment.update(self.make_folders(), NOTIFY_SOCKET=TELLS)
        for file in self.settings.get("EnvironmentFile", []):
            optional, path = file.startswith("-"), file.lstrip("-")
            if not os.path.exists(path):
                if not optional:
                    fail(path + " is missing")
                continue
            for line in open(path, encoding="utf-8"):
                key, is_one, value = line.strip().partition("=")
                if is_one and not key.startswith("#"):
                    environment[key] = value
        if self.main:
            environment["MAINPID"] = str(self.main)
        return environment

    def command(self, line):
        """A command of the unit, as its user, with its capabilities and its view of the files."""
        capabilities = [name.lower().removeprefix("cap_") for name in self.one("AmbientCapabilities", "").split()]
        bounded = [name.lower().removeprefix("cap_") for name in self.one("CapabilityBoundingSet", "").split()]
        plus = lambda names: ",".join(["-all"] + ["+" + name for name in names])
        words = ["setpriv", "--reuid", str(self.uid), "--regid", str(self.gid), "--clear-groups"]
        words += ["--bounding-set", plus(bounded), "--inh-caps", plus(capabilities), "--ambient-caps", plus(capabilities)]
        if self.one("NoNewPrivileges") == "yes":
            words.append("--no-new-privs")
        inner = words + line.split()
        script = protected(self.settings) + 'cd "$1"; umask "$2"; ulimit -n "$3"; ulimit -c 0; shift 3; exec "$@"'
        # As far as whoever tries this may.
        limit = str(min(int(self.one("LimitNOFILE", "1024")), resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        arguments = [self.one("WorkingDirectory", "/"), self.one("UMask", "0022"), limit] + inner
        return ["unshare", "--mount", "--propagation", "private", "bash", "-ec", script, "unit"] + arguments

    def run(self, line):
        done = subprocess.run(
            self.command(line), env=self.environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=WITHIN
        )
        return done.returncode, done.stdout + done.stderr


def protected(settings):
    """ProtectSystem=strict and PrivateTmp=yes in a namespace of the command's own."""
    writable = []
    for kind, below in [("Runtime", "/run"), ("State", "/var/lib")]:
        writable += [os.path.join(below, folder) for folder in settings.get(kind + "Directory", [])]
    if settings.get("ProtectSystem", [""])[-1] != "strict" or settings.get("PrivateTmp", [""])[-1] != "yes":
        fail("the unit protects the system in another way than before: this has to be tried in another way, too")
    lines = ['mount --bind "%s" "%s"' % (path, path) for path in writable]
    lines.append("mount -t tmpfs tmpfs /tmp -o mode=1777")
    if settings.get("ProtectHome", [""])[-1] == "yes":
        lines += [f"[ ! -d {home} ] || mount -t tmpfs tmpfs {home} -o mode=0" for home in ["/home", "/root"]]
    kept = "|".join(["/dev", "/dev/*", "/proc", "/proc/*", "/sys", "/sys/*", "/tmp"] + writable)
    lines.append(
        "cut -d' ' -f5 /proc/self/mountinfo | sort -u | while read -r at; do "
        f'case "$at" in {kept}) ;; *) mount -o remount,bind,ro "$at" ;; esac; done'
    )
    return "\n".join(lines) + "\n"


def users(work):
    """The user that systemd-sysusers makes, in lists that only this namespace sees."""
    subprocess.run(["cp", "-a", "/etc", work + "/etc"], check=True)
    shutil.rmtree(work + "/etc/vestibule", ignore_errors=True)
    line = next(line for line in open(os.path.join(HERE, "vestibule.sysusers.conf")) if line.startswith("u "))
    name = line.split()[1]
    uid = gid = 64321
    for file, entry in [("passwd", f"{name}:x:{uid}:{gid}::/var/lib/{name}:/usr/sbin/nologin\n"), ("group", f"{name}:x:{gid}:\n")]:
        known = [line for line in open("/etc/" + file) if not line.startswith(name + ":")]
        with open(work + "/etc/" + file, "w") as out:
            out.writelines(known + [entry])
    mount("--bind", work + "/etc", "/etc")
    return name, (uid, gid)


def mount(*words):
    subprocess.run(["mount", *words], check=True)


def free_port():
    """One that the system gives nobody's outgoing connection meanwhile."""
    while True:
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", random.randrange(5_000, 11_000)))
                return listener.getsockname()[1]
            except OSError:
                continue


class Service:
    """A unit that was started, with what it has told since."""

    def __init__(self, unit, log):
        self.unit = unit
        os.makedirs(os.path.dirname(TELLS), exist_ok=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(TELLS)
        os.chmod(TELLS, 0o777)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.log = open(log, "ab")
        self.path = log
        for line in unit.settings.get("ExecStartPre", []):
            code, said = unit.run(line)
            if code != 0:
                fail(f"{line}: {code}\n{said}")
        self.process = subprocess.Popen(
            unit.command(unit.one("ExecStart")),
            env=unit.environment(),
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
        )
        unit.main = self.process.pid

    def listen(self, until, what):
        """Hears what the service tells, as NotifyAccess= lets it, until something holds."""
        end = time.monotonic() + WITHIN
        self.socket.settimeout(0.1)
        while not until():
            if time.monotonic() > end:
                fail(f"{what} did not come about\n{self.last_words()}")
            try:
                data, control, _, _ = self.socket.recvmsg(4096, socket.CMSG_SPACE(12))
            except TimeoutError:
                continue
            sender = int.from_bytes(control[0][2][:4], sys.byteorder)
            if self.unit.one("NotifyAccess") != "all" and sender != self.unit.main:
                continue
            for word in data.decode().splitlines():
                key, _, value = word.partition("=")
                if key == "READY":
                    self.unit.ready = True
                if key == "MAINPID":
                    self.unit.main = int(value)

    def last_words(self):
        return "".join(open(self.path, encoding="utf-8", errors="replace").readlines()[-20:])


def is_alive(pid):
    try:
        return open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def operator(line, answer=None):
    """What root types; with the answer that is given at a terminal."""
    words = line.split()
    if answer is not None:
        words = ["script", "--quiet", "--echo", "never", "--return", "--command", line, "/dev/null"]
    done = subprocess.run(words, input=answer, capture_output=True, text=True, timeout=90)
    return done.returncode, done.stdout + done.stderr


def expect(done, code, *words):
    if done[0] != code or not all(word in done[1] for word in words):
        fail(f"expected {code} and {words}, not {done[0]}:\n{done[1]}")


def write(path, text, mode=0o640, group=0):
    with open(path, "w") as file:
        file.write(text)
    os.chown(path, 0, group)
    os.chmod(path, mode)


def agency(at):
    return f"""client = "C{at}"
societe = "01"
name = "Agence {at}"
url = "http://agence-{at}.localhost:@PORT@"
[upstream]
url = "http://127.0.0.1:9"
[sign_in]
adapter = "trusted-headers"
verifier = "roster"
[[headers]]
name = "X-Extranet-User"
value = "{{login}}"
"""


def configure(gid, port, health):
    """What docs/operations.md has root set up: files of root's that the service's group reads."""
    folder = "/etc/vestibule"
    os.makedirs(folder + "/agencies")
    os.chown(folder, 0, gid)
    os.chmod(folder, 0o750)
    os.chown(folder + "/agencies", 0, gid)
    os.chmod(folder + "/agencies", 0o750)
    # As in the sample for PostgreSQL: no folder of a database's says where the control socket is.
    text = f"""[server]
listen = ["127.0.0.1:{port}"]
health = "127.0.0.1:{health}"
reload_on_change = false
[portal]
url = "http://www.localhost:{port}"
name = "Mon compte"
[database]
url_env = "VESTIBULE_DATABASE_URL"
[vault]
key_file = "vault.key"
[mail]
from = "nobody@example.org"
transport = "folder"
folder = "/var/lib/vestibule/letters"
"""
    write(CONFIG, text, group=gid)
    write(folder + "/environment", "VESTIBULE_DATABASE_URL=sqlite:///var/lib/vestibule/data/vestibule.db\n", group=gid)
    for at in range(8):
        write(f"{folder}/agencies/a{at}.toml", agency(at).replace("@PORT@", str(port)), group=gid)


def ask(port, path="/readyz"):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


class Residents:
    """Somebody who asks for a page all the time."""

    def __init__(self, port):
        code = (
            "import socket, sys\n"
            "answers = wrong = 0\n"
            "sys.stdin.reconfigure(line_buffering=True)\n"
            "import select\n"
            "while not select.select([sys.stdin], [], [], 0)[0]:\n"
            "    try:\n"
            f"        with socket.create_connection(('127.0.0.1', {port}), 5) as line:\n"
            f"            line.sendall(b'GET /login HTTP/1.1\\r\\nHost: www.localhost:{port}\\r\\nConnection: close\\r\\n\\r\\n')\n"
            "            answers, wrong = answers + 1, wrong + (not line.recv(12).endswith(b'200'))\n"
            "    except OSError as error:\n"
            "        wrong += 1\n"
            "print(answers, wrong)\n"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def end(self):
        answers, wrong = map(int, self.process.communicate("\n", timeout=WITHIN)[0].split())
        if wrong or not answers:
            fail(f"{wrong} of {answers} residents' requests failed")
        return answers


def finds_the_socket(installed, unit, told, *words):
    """`check` names the unit's control socket, whoever types it, whether what systemd says is in the environment or not."""
    environment = {"PATH": os.environ["PATH"]}
    environment.update(line.strip().split("=", 1) for line in open("/etc/vestibule/environment"))
    if told:
        environment["RUNTIME_DIRECTORY"] = "/run/vestibule"
    line = [installed, "check", "--offline", "--config", CONFIG]
    becoming = ["setpriv", "--reuid", str(unit.uid), "--regid", str(unit.gid), "--clear-groups"]
    for who in [[], becoming]:
        done = subprocess.run(who + line, env=environment, cwd="/", capture_output=True, text=True, timeout=WITHIN)
        said = done.stdout + done.stderr
        expect((done.returncode, said), 0, "the control socket is /run/vestibule/vestibule.sock", *words)
        if "cannot write in" in said:
            fail(f"the unit's socket was not meant:\n{said}")


def tries(program, work):
    unit_file = os.path.join(HERE, "vestibule.service")
    # Folders of this namespace's own; what they hide is untouched.
    for folder in ["/run", "/var/lib", "/usr/local/bin"]:
        mount("-t", "tmpfs", "tmpfs", folder)
    os.makedirs("/run/lock")
    name, ids = users(work)
    if name != read_unit(unit_file)["User"][-1]:
        fail("the unit's user is not the one that systemd-sysusers makes")
    installed = "/usr/local/bin/vestibule"
    shutil.copy(program, installed)
    port, health = free_port(), free_port()
    configure(ids[1], port, health)
    unit = Unit(unit_file, ids)
    if unit.one("Type") != "notify":
        fail("the unit's type is another one: this has to be tried in another way")

    say("vault new-key, by root")
    done = operator(f"{installed} vault new-key /etc/vestibule/vault.key")
    expect(done, 0, "can read it (mode 0640")
    code, said = unit.run(f"{installed} check --offline --config {CONFIG}")
    expect((code, said), 0, "in order, 8 agencies", "/run/vestibule/vestibule.sock")
    for told in [True, False]:
        shutil.rmtree("/run/vestibule", ignore_errors=True)
        finds_the_socket(installed, unit, told)

    say(f"start, as {name}")
    # The database's folder: in the state directory, and not beside the control socket.
    unit.make_folders()
    os.makedirs("/var/lib/vestibule/data")
    os.chown("/var/lib/vestibule/data", *ids)
    service = Service(unit, work + "/log")
    service.listen(lambda: unit.ready, "the start")
    first = unit.main
    status = open(f"/proc/{first}/status").read()
    if not re.search(rf"^Uid:\s+{ids[0]}\s", status, re.M) or not re.search(r"^NoNewPrivs:\s+1$", status, re.M):
        fail("the service does not run as its unit says\n" + status)
    if int(re.search(r"^CapEff:\s+(\w+)$", status, re.M)[1], 16) != 1 << 10:
        fail("the service has other capabilities than its unit says\n" + status)
    touched = subprocess.run(["nsenter", "-t", str(first), "-m", "touch", "/etc/vestibule/probe"], capture_output=True)
    if touched.returncode == 0:
        fail("the service could write its configuration")
    if not os.path.exists("/run/vestibule/vestibule.sock"):
        fail("there is no control socket\n" + service.last_words())
    for told in [True, False]:
        finds_the_socket(installed, unit, told, "a gateway that runs has opened it")

    say("systemctl reload, and what an operator asks")
    environment = open("/etc/vestibule/environment").read()
    reload = unit.one("ExecReload")
    expect(unit.run(reload), 0, "edition 2 is in force: 8 agencies")
    expect(operator(f"{installed} status --config {CONFIG}"), 0, f"process {first}", "edition 2")
    expect(operator(f"{installed} health --config {CONFIG}"), 0, '"ready":true')
    expect(operator(f"{installed} reload --config {CONFIG}"), 0, "edition 3 is in force")

    say("a mistake, and files that vanish")
    write("/etc/vestibule/agencies/new.toml", 'x = "')
    expect(unit.run(reload), 1, "new.toml")
    expect(operator(f"{installed} health --config {CONFIG}"), 0, "last reload refused")
    expect(operator(f"{installed} upgrade --config {CONFIG}"), 1, "new.toml")
    os.remove("/etc/vestibule/agencies/new.toml")
    for at in range(5):
        os.remove(f"/etc/vestibule/agencies/a{at}.toml")
    expect(unit.run(reload), 1, "5 of 8 agencies would be removed", "--yes")
    expect(operator(f"{installed} upgrade --config {CONFIG}"), 1, "5 of 8 agencies would be removed", "--yes")
    if '"agencies":8' not in ask(health)[1]:
        fail("agencies were removed by themselves")
    expect(operator(f"{installed} reload --config {CONFIG}", "n\n"), 1, "Are they to go?")
    expect(operator(f"{installed} reload --config {CONFIG}", "y\n"), 0, "5 removed")

    say("upgrade, with residents there")
    residents = Residents(port)
    time.sleep(0.5)
    for _ in range(3):
        before = unit.main
        # As `install` does: another file under the same name.
        shutil.copy(program, installed + ".new")
        os.rename(installed + ".new", installed)
        expect(operator(f"{installed} upgrade --config {CONFIG}"), 0, "has taken over")
        service.listen(lambda: unit.main != before, "another main process")
        service.listen(lambda: not is_alive(before), "the old process's end")
        service.process.poll()
        if not is_alive(unit.main):
            fail("the main process is gone\n" + service.last_words())
        expect(operator(f"{installed} status --config {CONFIG}"), 0, f"process {unit.main}\n")
        expect(unit.run(reload), 0, "is in force: 3 agencies")
        status = open(f"/proc/{unit.main}/status").read()
        if not re.search(rf"^Uid:\s+{ids[0]}\s", status, re.M) or not re.search(r"^NoNewPrivs:\s+1$", status, re.M):
            fail("the new process is not protected as the old one was\n" + status)
    say(f"{residents.end()} requests, none failed")

    say("an upgrade that does not come about")
    before = unit.main
    write(installed + ".new", "#!/bin/sh\nexit 3\n", 0o755)
    os.rename(installed, installed + ".good")
    os.rename(installed + ".new", installed)
    expect(operator(f"{installed}.good upgrade --config {CONFIG}"), 1)
    os.rename(installed + ".good", installed)
    if unit.main != before or ask(health)[0] != 200:
        fail("a program that does not run has done harm")

    say(f"stop, by {unit.one('KillSignal', 'SIGTERM')}")
    os.kill(unit.main, getattr(signal, unit.one("KillSignal", "SIGTERM")))
    service.listen(lambda: not is_alive(unit.main), "the end")
    if environment not in open("/etc/vestibule/environment").read():
        fail("the environment has changed")

    say("a wrong configuration is not started again and again")
    write(CONFIG, "x = ", group=ids[1])
    code, said = unit.run(unit.one("ExecStart"))
    if str(code) not in unit.one("RestartPreventExitStatus", "").split() or unit.settings.get("ExecStartPre"):
        fail(f"it ends with {code}, upon which systemd starts it again\n{said}")
    say("the unit does what it says")


def main():
    if os.geteuid() != 0:
        print("only root can mount")
        sys.exit(2)
    program = os.path.abspath(sys.argv[1])
    if MARK not in os.environ:
        # Its own namespaces of mounts and processes: with this process everything ends that it has started or mounted.
        work = tempfile.mkdtemp(prefix="vestibule-unit.")
        os.chmod(work, 0o755)
        words = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc"]
        done = subprocess.run([*words, sys.executable, os.path.abspath(__file__), program, work], env={**os.environ, MARK: "1"})
        shutil.rmtree(work)
        sys.exit(done.returncode)
    # What others look for by its name is the namespace's.
    os.environ.pop(MARK)
    tries(program, sys.argv[2])


main()
