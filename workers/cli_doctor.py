"""What the service needs on this machine, what of it is missing, and how to mend that."""

from __future__ import annotations

import asyncio
import shutil
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from orchestrator.settings import Settings, commands_of, confinement_of

if TYPE_CHECKING:
    from orchestrator.registry.declared import Offer

_LEAST_FREE = 500_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: there, missing though needed, or absent though some tools would want it."""

    name: str
    state: Literal["ok", "absent", "missing"]
    detail: str
    mend: str = ""

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    def line(self) -> str:
        """As a line for people."""
        mark = {"ok": "ok     ", "absent": "absent ", "missing": "MISSING"}[self.state]
        return f"{mark}  {self.name}: {self.detail}" + (f"  → {self.mend}" if self.mend else "")


def examine(settings: Settings) -> list[Finding]:
    """Everything looked at, in order."""
    return [
        *_machine(settings),
        *_keys(settings),
        *_servers(settings),
        _model(settings),
        *_programs(),
        *_own(settings),
    ]


def _machine(settings: Settings) -> Iterator[Finding]:
    yield Finding("python", "ok", sys.version.split()[0])
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".doctor"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        mend = "give this user the right to write there, or name another folder in TOOLPATH_DATA_DIR"
        yield Finding("data folder", "missing", f"{folder}: {error.strerror}", mend)
        return
    yield Finding("data folder", "ok", str(folder))
    free = shutil.disk_usage(folder).free
    state: Literal["ok", "missing"] = "ok" if free >= _LEAST_FREE else "missing"
    mend = "" if state == "ok" else "make room: results and artifacts are kept there"
    yield Finding("disk", state, f"{free / 1e9:.1f} GB free", mend)


def _keys(settings: Settings) -> Iterator[Finding]:
    if settings.api_key is not None:
        yield Finding("key", "ok", "named in the settings")
    elif settings.local_key_file.is_file():
        mode = stat.S_IMODE(settings.local_key_file.stat().st_mode)
        if mode & 0o077:
            mend = f"chmod 600 {settings.local_key_file}"
            yield Finding("key", "missing", f"others may read it (mode {mode:o})", mend)
        else:
            yield Finding("key", "ok", str(settings.local_key_file))
    elif settings.embedded:
        yield Finding("key", "absent", "not made yet", "'toolpath serve' makes it at its first start")
    else:
        yield Finding("key", "missing", "production makes none", "set TOOLPATH_API_KEY")
    if settings.secret_key is None and not settings.embedded:
        yield Finding("secret key", "missing", "production makes none", "set TOOLPATH_SECRET_KEY")


def _servers(settings: Settings) -> Iterator[Finding]:
    from sqlalchemy.engine import make_url

    shown = make_url(settings.database).render_as_string(hide_password=True)
    trouble = _database_trouble(settings)
    yield (
        Finding("database", "missing", f"{shown}: {trouble[0]}", trouble[1])
        if trouble
        else Finding("database", "ok", shown)
    )
    if settings.broker_url is None:
        yield Finding("broker", "ok", "none: this process runs the steps itself")
        return
    import redis

    broker = make_url(settings.broker_url).render_as_string(hide_password=True)
    try:
        with redis.Redis.from_url(settings.broker_url, socket_timeout=3, socket_connect_timeout=3) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        mend = "start Redis there, or correct TOOLPATH_BROKER_URL"
        yield Finding("broker", "missing", f"{broker}: {error}", mend)
    else:
        yield Finding("broker", "ok", broker)


def _database_trouble(settings: Settings) -> tuple[str, str] | None:
    from sqlalchemy.exc import SQLAlchemyError

    from orchestrator.store.engine import open_engine
    from orchestrator.store.migrate import is_current

    if settings.database_url is None and not (settings.data_dir / "toolpath.db").exists():
        return None  # made and brought into shape at the first start
    try:
        engine = open_engine(settings.database)
        current = is_current(engine)
        engine.dispose()
    except SQLAlchemyError as error:
        return str(error).splitlines()[0], "start the server, or correct TOOLPATH_DATABASE_URL"
    return None if current or settings.embedded else ("not in the newest shape", "run 'toolpath migrate'")


def _model(settings: Settings) -> Finding:
    if settings.llm_model is None:
        mend = "set TOOLPATH_LLM_BASE_URL, TOOLPATH_LLM_MODEL and TOOLPATH_LLM_API_KEY to plan with a model"
        return Finding("language model", "absent", "none: requests are planned offline", mend)
    where = settings.llm_base_url or "the default address"
    if settings.llm_endpoint is not None:
        where = f"the endpoint {settings.llm_endpoint}"
    return Finding("language model", "ok", f"{settings.llm_model} at {where}")


def _programs() -> Iterator[Finding]:
    from tools.builtin import TOOLS

    wanted: dict[str, tuple[str, list[str]]] = {}
    for tool in TOOLS:
        for program, hint in tool.requires.items():
            wanted.setdefault(program, (hint, []))[1].append(tool.name)
    for program, (hint, names) in sorted(wanted.items()):
        where = shutil.which(program)
        used = f"used by {', '.join(names)}"
        yield Finding(program, "ok", where) if where else Finding(program, "absent", used, hint)


def _own(settings: Settings) -> Iterator[Finding]:
    """What the operator's modules, installed packages and the configuration bring."""
    from orchestrator.registry.declared import find_here, modules_of

    find_here(settings.python_modules)
    for name, command in commands_of(settings).items():
        where = command.where()
        mend = f"install it, or correct [commands.{name}]"
        found = Finding(f"command {name}", "ok", where or "")
        yield found if where else Finding(f"command {name}", "missing", f"no {command.program}", mend)
    modules, at_fault = modules_of(settings.python_modules)
    described, unconfined = asyncio.run(_described(modules, settings))
    for open_ in unconfined:
        mend = "run the service on a Linux that keeps it from them, or their code elsewhere"
        yield Finding("functions that are not trusted", "absent", open_, mend)
    for offer in (*at_fault, *described):
        what = f"tools of {offer.module}"
        for fault in offer.faults:
            yield Finding(what, "missing", fault, "mend the function, or the module")
        if not offer.faults:
            yield Finding(what, "ok", ", ".join(tool.name for tool in offer.tools) or "none is marked")


async def _described(modules: Sequence[str], settings: Settings) -> tuple[list[Offer], tuple[str, ...]]:
    """What the modules bring, and what the kernel does not keep from those that are not trusted."""
    from orchestrator.registry.declared import offers
    from tools.functions.modules import MODULE
    from tools.processes import Processes

    if not modules:
        return [], ()
    allowed, untrusted = (MODULE, *modules), settings.untrusted_modules
    async with (
        Processes(modules=allowed) as processes,
        Processes(modules=allowed, confined=confinement_of(settings)) as confined,
    ):
        found = await offers(modules, processes, untrusted=untrusted, confined=confined)
        return found, await confined.unconfined() if untrusted else ()
