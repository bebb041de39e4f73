"""An installation as the compose file starts it: PostgreSQL, Redis, API, workers, beat; and their keeper."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import redis
from sqlalchemy import make_url

from tests import servers
from tests.chaos.launcher import Orders, Spec
from tests.chaos.proxy import Proxy
from tests.chaos.toolserver import ToolServer
from tests.e2e.background import in_background

ROOT = Path(__file__).parents[2]
UP_WITHIN = 60.0
MODULES = "tools.testing_functions,tests.chaos.functions"


@dataclass
class Process:
    """One process of the service and the files that steer it."""

    name: str
    role: str
    arguments: Sequence[str]
    environment: dict[str, str]
    folder: Path
    spec: Spec
    #: Whether the keeper starts it again when it ends, as compose does.
    kept: bool = True
    frozen: bool = False
    popen: subprocess.Popen[bytes] | None = None
    #: Every process id it had.
    pids: list[int] = field(default_factory=list)
    starts: int = 0

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def pid(self) -> int:
        assert self.popen is not None
        return self.popen.pid

    def start(self) -> None:
        """Start it; the words of earlier lives stay in the log."""
        self.starts += 1
        self.frozen = False
        ours = Path(self.environment["PYTHONPATH"]) == ROOT
        entry = "tests.chaos.launcher" if ours else "workers.cli"
        with self.log.open("ab") as log:
            log.write(b"--- start ---\n")
            self.popen = subprocess.Popen(
                [sys.executable, "-m", entry, *self.arguments],
                env=self.environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.pids.append(self.popen.pid)

    def alive(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

    def ended(self) -> bool:
        return not self.alive()

    def born_anew(self, starts: int) -> bool:
        """Whether it serves again after so many starts."""
        return self.starts > starts and self.ready()

    def ready(self) -> bool:
        """Whether this life of it has said that it serves."""
        words = {"worker": "worker.ready", "api": "Toolpath is up at"}.get(self.role)
        if not self.alive() or self.frozen:
            return False
        return words is None or words in self.log.read_text(errors="replace").rpartition("--- start ---")[2]

    def signal(self, number: int) -> None:
        if self.alive():
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End the whole group as a power cut would, frozen or not."""
        if self.popen is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self.popen.wait(10)

    def freeze(self) -> None:
        self.frozen = True
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.signal(signal.SIGCONT)
        self.frozen = False

    def order(self, orders: Orders) -> None:
        """Tell it when to die."""
        path = Path(self.spec.orders)
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(orders)))
        fresh.rename(path)

    def idle(self) -> bool:
        """Whether its last orders are used up."""
        return Path(self.spec.orders).read_text() == "{}"

    def mute(self, *, on: bool) -> None:
        """Silence its heartbeat, or let it speak again."""
        Path(self.spec.mute).touch() if on else Path(self.spec.mute).unlink(missing_ok=True)

    def shift_clock(self, seconds: float) -> None:
        """Let its wall clock differ from the true time."""
        with Path(self.spec.clock).open("r+b") as file:
            file.write(struct.pack("<d", seconds))

    def deaths(self) -> list[dict[str, Any]]:
        """What it said before it killed itself, each time."""
        path = Path(self.spec.report)
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


class Redis:
    """A Redis of our own that is killed, emptied and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, servers.free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._popen: subprocess.Popen[bytes] | None = None

    def start(self, *, empty: bool = False) -> None:
        """With an append-only file, as compose starts it; `empty` forgets what was kept."""
        data = self.folder / "redis"
        if empty:
            shutil.rmtree(data, ignore_errors=True)
        data.mkdir(exist_ok=True)
        words = [
            servers.redis_program("any"), "--port", self.port, "--bind", "127.0.0.1", "--dir", data,
            "--save", "", "--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy",
            "noeviction",
        ]  # fmt: skip
        with (self.folder / "redis.log").open("ab") as log:
            self._popen = subprocess.Popen([str(word) for word in words], stdout=log, stderr=log)
        end = time.monotonic() + 20
        while not self._answers():
            if time.monotonic() > end:
                raise servers.NoServer("Redis did not answer")
            time.sleep(0.02)

    def _answers(self) -> bool:
        with contextlib.suppress(redis.RedisError), self.client() as client:
            return bool(client.ping())
        return False

    def kill(self) -> None:
        if self._popen is not None:
            self._popen.kill()
            self._popen.wait(10)

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url, socket_timeout=5)


class Postgres:
    """A PostgreSQL of our own, which waits for its disk, that is stopped, stalled and started again."""

    def __init__(self, folder: Path | None = None) -> None:
        self.server = _postgres_in(folder)
        self.ended = 0
        self._data = Path(self.server.folder) / "data"
        self._program = Path(f"/proc/{self.server.pid}/exe").readlink().parent / "pg_ctl"
        url = make_url(self.server.url)
        assert url.port is not None
        self.port: int = url.port

    def restart(self) -> None:
        """An immediate stop, which is a crash, and a start with the same options."""
        self._control("-m", "immediate", "-w", "restart", "-l", Path(self.server.folder) / "log")
        pid = int((self._data / "postmaster.pid").read_text().split()[0])
        object.__setattr__(self.server, "pid", pid)

    def ensure_up(self) -> None:
        """Start it again if it ended by itself, as its keeper would."""
        if not servers.running(self.server.pid):
            self.ended += 1
            self.restart()

    @contextlib.contextmanager
    def stalled(self) -> Iterator[None]:
        """The postmaster and all that it forked stand still while the block runs."""
        stopped = self._processes()
        self._signal(stopped, signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(stopped, signal.SIGCONT)

    def _signal(self, pids: Sequence[int], number: int) -> None:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _processes(self) -> list[int]:
        pid = self.server.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [pid, *map(int, children.split())]

    def _control(self, *words: object) -> None:
        owner = self._data.stat().st_uid
        subprocess.run(
            [str(word) for word in (self._program, "-D", self._data, *words)],
            user=owner if os.geteuid() == 0 else None,
            check=True,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


class Cluster:
    """Everything of one installation; `running` makes one."""

    def __init__(self, folder: Path, postgres: Postgres, broker: Redis, tools: ToolServer) -> None:
        self.folder, self.postgres, self.redis, self.tools = folder, postgres, broker, tools
        self.data = folder / "data"
        self.to_postgres = Proxy(("127.0.0.1", postgres.port))
        self.to_redis = Proxy(("127.0.0.1", broker.port))
        self.port = servers.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.key = secrets.token_urlsafe(24)
        self.database = ""
        self.processes: list[Process] = []
        self._ending = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self._lock = threading.RLock()

    # --- processes ----------------------------------------------------------------------------

    def environment(self, role: str, *, code: Path = ROOT) -> dict[str, str]:
        """What compose would set, and how to find the code."""
        mine = {k: v for k, v in os.environ.items() if not k.startswith(("TOOLPATH_", "OPENAI_", "CHAOS"))}
        database = f"postgresql+psycopg://toolpath@127.0.0.1:{self.to_postgres.port}/{self.database}"
        return mine | {
            "PYTHONPATH": str(code),
            "PGOPTIONS": f"-c chaos.role={role}",
            "TOOLPATH_DATABASE_URL": database,
            "TOOLPATH_BROKER_URL": f"redis://127.0.0.1:{self.to_redis.port}/0",
            "TOOLPATH_DATA_DIR": str(self.data),
            "TOOLPATH_API_KEY": self.key,
            "TOOLPATH_SECRET_KEY": "s" * 32,
            "TOOLPATH_NET_ALLOW": self.tools.allow,
            "TOOLPATH_PYTHON_MODULES": MODULES if code == ROOT else "tools.testing_functions",
            "TOOLPATH_PROCESSES": "1",
            "TOOLPATH_DRAIN_SECONDS": "10",
        }

    def add(self, role: str, *, name: str = "", code: Path = ROOT, **settings: str) -> Process:
        """Start a worker, an API or a beat."""
        name = name or f"{role}{sum(p.role == role for p in self.processes)}"
        words = {
            "worker": ("worker", "--queues", "default"),
            "api": ("api", "--port", str(self.port)),
            "beat": ("beat",),
        }[role]
        files = {part: str(self.folder / f"{name}.{part}") for part in ("orders", "report", "mute", "clock")}
        Path(files["clock"]).write_bytes(struct.pack("<d", 0.0))
        spec = Spec(**files)
        environment = self.environment(role, code=code) | {"CHAOS_SPEC": json.dumps(asdict(spec))} | settings
        process = Process(name, role, words, environment, self.folder, spec)
        with self._lock:
            process.start()
            self.processes.append(process)
        return process

    def remove(self, process: Process) -> None:
        """End it for good."""
        with self._lock:
            process.kept = False
            process.kill()
            self.processes.remove(process)

    def of(self, role: str) -> list[Process]:
        return [process for process in self.processes if process.role == role]

    @property
    def workers(self) -> list[Process]:
        return self.of("worker")

    @property
    def api(self) -> Process:
        return self.of("api")[0]

    @property
    def beat(self) -> Process:
        return self.of("beat")[0]

    def until_ready(self, *, within: float = UP_WITHIN) -> None:
        """Wait until every process serves."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            with self._lock:
                late = [process.name for process in self.processes if not process.ready()]
            if not late:
                return
            time.sleep(0.1)
        told = "".join(
            f"\n{name}: {self.folder.joinpath(name + '.log').read_text()[-1500:]}" for name in late
        )
        raise servers.NoServer(f"not up within {within} s: {told}")

    def able(self) -> set[int]:
        """The ids of the workers that live and are not frozen."""
        with self._lock:
            return {process.pid for process in self.workers if process.ready()}

    def reported_deaths(self) -> int:
        """How many processes have killed themselves by order."""
        return sum(len(process.deaths()) for process in self.processes)

    def died_more(self, than: int) -> bool:
        """Whether at least so many have."""
        return self.reported_deaths() >= than

    def _keep(self) -> None:
        """Start again what ended, as `restart: unless-stopped` does."""
        while not self._ending.wait(0.1):
            with self._lock:
                ended = [p for p in self.processes if p.kept and not p.frozen and not p.alive()]
                for process in ended:
                    process.kill()  # tool processes of the dead one go with its container
                    process.start()

    # --- database -----------------------------------------------------------------------------

    def connect(self, *, timeout: int = 3) -> psycopg.Connection[Any]:
        """Past the proxy, for the harness alone."""
        return psycopg.connect(
            host="127.0.0.1", port=self.postgres.port, user="toolpath", dbname=self.database,
            autocommit=True, connect_timeout=timeout,
        )  # fmt: skip

    def migrate(self, *, code: Path = ROOT) -> None:
        """As the compose file's `migrate` service."""
        subprocess.run(
            [sys.executable, "-m", "workers.cli", "migrate"],
            env=self.environment("migrate", code=code),
            cwd=self.folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def note_moves(self) -> None:
        """Let triggers note every move."""
        with self.connect() as connection:
            connection.execute((ROOT / "tests/chaos/moves.sql").read_bytes())

    def make_database(self, name: str) -> None:
        """An empty database, from then on the cluster's."""
        with psycopg.connect(
            host="127.0.0.1", port=self.postgres.port, user="toolpath", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        self.database = name

    # --- life ---------------------------------------------------------------------------------

    def start_keeper(self) -> None:
        self._keeper.start()

    def stop(self) -> None:
        """End every process that was started."""
        self._ending.set()
        self._keeper.join(10)
        for process in self.processes:
            process.kept = False
            process.kill()


def _postgres_in(folder: Path | None) -> servers.Server:
    """A new cluster of PostgreSQL, whose files lie in that folder where one is named."""
    usual = tempfile.tempdir
    try:
        tempfile.tempdir = str(folder) if folder is not None else usual
        return servers.start_postgres(durable=True)
    finally:
        tempfile.tempdir = usual


@contextlib.contextmanager
def running(
    *, workers: int = 3, code: Path = ROOT, data: Path | None = None, database: Path | None = None
) -> Iterator[Cluster]:
    """A cluster that is up: an API, a beat and some workers on servers of its own.

    `data` and `database` name other folders for the files of the service and of PostgreSQL.
    """
    with contextlib.ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="toolpath-chaos-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        postgres = Postgres(database)
        stack.callback(postgres.server.stop)
        broker = Redis(folder)
        broker.start()
        stack.callback(broker.kill)
        cluster = Cluster(folder, postgres, broker, ToolServer(folder / "calls.jsonl"))
        stack.enter_context(in_background(cluster.tools, cluster.to_postgres, cluster.to_redis))
        cluster.data = data or cluster.data
        cluster.make_database("toolpath")
        cluster.migrate(code=code)
        cluster.note_moves()
        stack.callback(cluster.stop)
        for role in ("api", "beat", *["worker"] * workers):
            cluster.add(role, code=code)
        cluster.until_ready()
        cluster.start_keeper()
        yield cluster
