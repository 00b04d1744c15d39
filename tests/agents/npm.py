"""The packages that the tests run, from npm into $TT_BUILD/npm.

Exact versions, programs of this platform included, without their install
scripts. fetch() is for the time before a test leaves the network, program()
for after it.
"""

import os
import platform
import re
import shutil
import subprocess
import tempfile

BUILD = os.path.abspath(os.environ.get("TT_BUILD", "build"))
DEADLINE = 240  # seconds for one package

CPU = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), "none")


class Missing(Exception):
    """It cannot be had here; the text says why, in one line."""


def avx2():
    try:
        with open("/proc/cpuinfo") as f:
            return " avx2 " in f.read()
    except OSError:
        return False


def codex():
    native = f"0.169.0-linux-{CPU}"
    return ["@openai/codex@0.169.0",
            f"@openai/codex-linux-{CPU}@npm:@openai/codex@{native}"]


def opencode():
    native = f"opencode-linux-{CPU}"
    if CPU == "x64" and not avx2():
        native += "-baseline"
    return ["opencode-ai@1.18.33", f"{native}@1.18.33"]


def ccusage():
    return ["ccusage@20.0.24", f"@ccusage/ccusage-linux-{CPU}@20.0.24"]


# Of each: what to install, and the program in it.
PACKAGES = {
    "codex": (codex, ".bin/codex"),
    # Its launcher is put in place by an install script, so not used.
    "opencode": (opencode, "{native}/bin/opencode"),
    "gemini": (lambda: ["@google/gemini-cli@0.61.0"], ".bin/gemini"),
    "ccusage": (ccusage, ".bin/ccusage"),
}


def last_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def install(directory, specs):
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise Missing("there is no npm")
    fresh = f"{directory}.{os.getpid()}"
    os.makedirs(fresh)
    try:
        with open(f"{fresh}/package.json", "w") as f:
            f.write('{"private":true}\n')
        done = subprocess.run(
            [npm, "install", "--omit=optional", "--ignore-scripts",
             "--no-save", "--no-audit", "--no-fund", "--loglevel=error",
             "--fetch-retries=1", "--fetch-retry-mintimeout=2000", *specs],
            cwd=fresh, timeout=DEADLINE, capture_output=True, text=True,
            stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            code = re.search(r"^npm error code (\S+)", done.stderr, re.M)
            raise Missing(f"npm cannot give {specs[0]}: "
                          + (code[1] if code else last_line(done.stderr)))
        os.rename(fresh, directory)
    except subprocess.TimeoutExpired:
        raise Missing(f"npm took over {DEADLINE} s for {specs[0]}")
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


class Package:
    def __init__(self, name):
        specs, path = PACKAGES[name]
        self.name, self.specs = name, specs()
        self.version = self.specs[0].rpartition("@")[2]
        self.dir = f"{BUILD}/npm/{name}-{self.version}-{CPU}"
        native = self.specs[-1].rpartition("@")[0].partition("@npm:")[0]
        self.program = f"{self.dir}/node_modules/{path.format(native=native)}"
        self.why = f"{self.dir}.why"  # it is not there


def fetch(name):
    """Installs it where it is not there yet; program() tells what went wrong.
    """
    package = Package(name)
    if os.path.exists(package.dir):
        return
    try:
        if os.uname().sysname != "Linux" or CPU == "none":
            raise Missing("there is none for this machine")
        install(package.dir, package.specs)
    except Missing as e:
        os.makedirs(f"{BUILD}/npm", exist_ok=True)
        with open(package.why, "w") as f:
            f.write(str(e))


def program(name):
    """The path of a program that can be started; raises Missing."""
    package = Package(name)
    if not os.path.exists(package.dir):
        with open(package.why) as f:
            raise Missing(f.read())
    does_not = f"{name} {package.version} does not run here: "
    with tempfile.TemporaryDirectory() as home:
        try:
            run = subprocess.run(
                [package.program, "--version"], timeout=30, text=True,
                capture_output=True, stdin=subprocess.DEVNULL,
                env={"PATH": os.environ["PATH"], "HOME": home,
                     "TMPDIR": home})
        except (OSError, subprocess.TimeoutExpired) as e:
            raise Missing(f"{does_not}{e}")
    if run.returncode != 0 or package.version not in run.stdout:
        raise Missing(does_not + last_line(run.stderr or run.stdout))
    return package.program
