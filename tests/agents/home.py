"""A home of its own: the daemon, our programs and other people's in it.

Nothing in it knows the home, the ledger or the agents of whoever runs the
test, every program has a deadline, and whatever is left of them ends with it.
"""

import fcntl
import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(os.environ.get("TT_BUILD", "build"))
RUN_S = 60  # that any program may take
START_S = 20
STEP_S = 0.05  # how often is looked whether something has come


class Failed(Exception):
    """What was expected is not so; the text says what is."""


def expect(what, got, want):
    if got != want:
        raise Failed(f"{what}: {got!r}, expected {want!r}")


def wait_for(what, seconds, is_so):
    """Until is_so() is true, which it returns."""
    end = time.monotonic() + seconds
    while True:
        value = is_so()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed(f"not within {seconds} s: {what}")
        time.sleep(STEP_S)


def loopback_up():
    """Switches lo on, which a new network has off."""
    SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        ask = struct.pack("16sH14x", b"lo", 0)
        flags, = struct.unpack_from("H", fcntl.ioctl(s, SIOCGIFFLAGS, ask), 16)
        fcntl.ioctl(s, SIOCSIFFLAGS,
                    struct.pack("16sH14x", b"lo", flags | IFF_UP))


def outside_is_gone():
    return "TT_LOOPBACK_ONLY" in os.environ


def leave_the_network():
    """Starts this script again in a network that is nothing but loopback, and
    lets it end its processes even when it is told to stop.

    Where the system forbids that, agents only have settings and a proxy that
    nobody serves to keep them at home.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if outside_is_gone():
        return loopback_up()
    unshare = shutil.which("unshare")
    for options in (["-n"], ["-rn"]):
        if unshare and subprocess.run(
                [unshare, *options, "true"], capture_output=True,
                stdin=subprocess.DEVNULL).returncode == 0:
            os.environ["TT_LOOPBACK_ONLY"] = "1"
            os.execv(unshare, [unshare, *options, sys.executable, *sys.argv])


class Home:
    """Use it with `with`; self.dir is the HOME."""

    def __init__(self, **env):
        self.root = tempfile.mkdtemp(prefix="tt-agents-")
        self.dir = f"{self.root}/home"
        self.work = f"{self.dir}/work"
        self.daemon = None
        for d in (self.work, f"{self.root}/tt", f"{self.root}/tmp"):
            os.makedirs(d, mode=0o700)
        self.env = {
            "PATH": os.environ["PATH"], "HOME": self.dir, "TZ": "UTC",
            "LANG": "C.UTF-8", "TERM": "dumb", "NO_COLOR": "1",
            "TMPDIR": f"{self.root}/tmp", "TT_HOME": f"{self.root}/tt",
            # Ours would outlive the test, and belong to nobody.
            "TT_AUTOSTART": "0",
            # Who asks for the world asks a port of loopback with no server.
            "http_proxy": "http://127.0.0.1:9",
            "https_proxy": "http://127.0.0.1:9",
            "HTTP_PROXY": "http://127.0.0.1:9",
            "HTTPS_PROXY": "http://127.0.0.1:9",
            "no_proxy": "127.0.0.1,localhost",
            "NO_PROXY": "127.0.0.1,localhost", "DO_NOT_TRACK": "1", **env}

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        try:
            self.stop()
        finally:
            self.end_all()
            shutil.rmtree(self.root, ignore_errors=True)

    def write(self, name, text):
        path = f"{self.dir}/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)

    # --- The daemon

    def start(self):
        reader, writer = os.pipe()
        with open(f"{self.root}/log", "a") as log:
            self.daemon = subprocess.Popen(
                [f"{BUILD}/collectord", f"--notify-fd={writer}"],
                env=self.env, pass_fds=[writer], stderr=log,
                stdin=subprocess.DEVNULL)
        os.close(writer)
        ready, _, _ = select.select([reader], [], [], START_S)
        said = os.read(reader, 1) if ready else b""
        os.close(reader)
        if said != b"\n":
            raise Failed("collectord does not start: " + self.log())

    def stop(self):
        daemon, self.daemon = self.daemon, None
        if daemon is None:
            return
        daemon.terminate()
        try:
            expect("exit code of collectord", daemon.wait(START_S), 0)
        finally:
            daemon.kill()
            daemon.wait()

    def log(self):
        with open(f"{self.root}/log") as f:
            return f.read()[-2000:]

    # --- Programs

    def spawn(self, *argv, **env):
        """A process group of its own; stdout and stderr come together."""
        if "/" not in argv[0]:
            argv = (f"{BUILD}/{argv[0]}", *argv[1:])
        return subprocess.Popen(
            argv, cwd=self.work, env={**self.env, **env}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True)

    def finish(self, process, code=0):
        """Its output, once it has ended as it should."""
        name = os.path.basename(process.args[0])
        try:
            out, _ = process.communicate(timeout=RUN_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, _ = process.communicate()
            raise Failed(f"{name} took over {RUN_S} s: {out[-1000:]}")
        if process.returncode != code:
            raise Failed(f"{name} exits with {process.returncode}: "
                         + out[-1000:])
        return out

    def run(self, *argv, **env):
        return self.finish(self.spawn(*argv, **env))

    # --- What the ledger has

    def report(self, *args):
        return json.loads(self.run("tt-report", "all", "--json", *args))

    def events(self):
        return [json.loads(line)
                for line in self.run("tt-report", "events").splitlines()]

    def imported(self, *args, **env):
        """What came of a tt-import."""
        return json.loads(self.run("tt-import", "--json", *args, **env))

    # --- The end

    def mine(self):
        """Processes that were started in this home, hooks included."""
        mark = b"TT_HOME=%s/tt\0" % self.root.encode()
        found = []
        for name in os.listdir("/proc"):
            if not name.isdigit() or int(name) == os.getpid():
                continue
            try:
                with open(f"/proc/{name}/environ", "rb") as f:
                    if mark in f.read() + b"\0":
                        found.append(int(name))
            except OSError:
                continue  # it has ended, or is somebody else's
        return found

    def end_all(self):
        for number, seconds in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
            for pid in self.mine():
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass
            end = time.monotonic() + seconds
            while self.mine() and time.monotonic() < end:
                time.sleep(STEP_S)
