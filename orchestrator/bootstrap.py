"""Builds the one object graph behind the API, the worker and the command line."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import socket
import stat
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TextIO, cast
from urllib.parse import urlsplit

import structlog

from orchestrator.domain.approval import ApprovalRule
from orchestrator.domain.plan import Plan
from orchestrator.domain.retry import RetryPolicy
from orchestrator.domain.run import Run
from orchestrator.domain.worker import Worker
from orchestrator.doorbell import CeleryDoorbell, LocalDoorbell, LocalSignals, RedisSignals
from orchestrator.execution.executor import Executor
from orchestrator.execution.jobs import Jobs
from orchestrator.execution.judge import RuleJudge
from orchestrator.execution.presence import stay_present
from orchestrator.execution.runner import Runner
from orchestrator.execution.undo import Undoer
from orchestrator.execution.webhook import WebhookNotifier
from orchestrator.planning.estimates import estimate_plan
from orchestrator.planning.offline.decomposer import OfflineDecomposer
from orchestrator.planning.planner import Planner
from orchestrator.ports import CatalogEntry
from orchestrator.retrieval.retriever import Bm25Retriever
from orchestrator.settings import Settings, ensure_keys
from orchestrator.store import migrate
from orchestrator.store.artifacts import FolderArtifacts
from orchestrator.store.catalog import SqlCatalog
from orchestrator.store.database import Database
from orchestrator.store.keys import SqlKeys
from orchestrator.store.planning_records import SqlPlanningBudget, SqlReplies
from orchestrator.store.spending import SqlSpending
from orchestrator.store.sql_limits import SqlLimits
from orchestrator.store.sql_store import SqlBeliefs, SqlStepStore, SqlStore
from orchestrator.store.sql_workers import SqlWorkers
from tools.builtin import TOOLS
from tools.llm import ChatModel
from tools.net import Net
from tools.processes import Processes
from tools.spec import Effect, Price, Tool
from tools.toolbox import Toolbox

log = structlog.get_logger(__name__)

OPENAI_URL = "https://api.openai.com/v1"
#: Seconds between forced switches of Python's threads: the default of 5 ms would hold up every
#: commit of the writer's thread while the loop computes.
SWITCH_INTERVAL = 0.0005
#: What built-in tools import for longest; with it at hand a first call takes as long as believed.
HEAVY = (
    "numpy",
    "duckdb",
    "matplotlib.figure",
    "matplotlib.backends.backend_agg",
    "PIL.Image",
    "trafilatura",
    "yake",
    "docx",
    "fpdf",
    "openpyxl",
)


@dataclass(frozen=True, slots=True)
class Services:
    """All parts, each behind its port; `runner` is None in a process that runs no steps."""

    settings: Settings
    store: SqlStore
    steps: SqlStepStore
    catalog: SqlCatalog
    beliefs: SqlBeliefs
    artifacts: FolderArtifacts
    retriever: Bm25Retriever
    planner: Planner
    tools: Toolbox
    doorbell: LocalDoorbell | CeleryDoorbell
    signals: LocalSignals
    runner: Runner | None
    workers: SqlWorkers
    database: Database
    net: Net
    processes: Processes
    keys: SqlKeys
    limits: SqlLimits
    spending: SqlSpending


def _close_to_others(folder: Path) -> None:
    """Make the data folder; take it from others where they could read it, or say that they can."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    mode = folder.stat().st_mode
    if not mode & (stat.S_IRWXG | stat.S_IRWXO):
        return
    try:
        if mode & stat.S_ISVTX:  # a folder that all share, such as /tmp, is not ours to close
            raise PermissionError
        folder.chmod(0o700)
        log.warning("data_folder.closed", folder=str(folder), hint="others could read it; now they cannot")
    except PermissionError:
        hint = "others can read it: give a folder of this user's own as TOOLPATH_DATA_DIR"
        log.warning("data_folder.open", folder=str(folder), hint=hint)


def build(settings: Settings, *, runs_steps: bool) -> Services:
    """The object graph; nothing is started and no network is touched. Raises RuntimeError, ValueError."""
    settings = ensure_keys(settings)
    _close_to_others(settings.data_dir)
    local = LocalDoorbell()
    signals: LocalSignals = LocalSignals()
    doorbell: LocalDoorbell | CeleryDoorbell = local
    if settings.broker_url is not None:
        signals = RedisSignals(settings.broker_url)
        doorbell = CeleryDoorbell(settings.broker_url, settings.queues, local=local)

    def after_commit(changed: set[str], ring: bool) -> None:
        if changed:
            signals.publish(list(changed))
        if ring:
            doorbell.ring()

    database = Database(settings.database, after_commit=after_commit)
    store, steps = SqlStore(database, approve=_rules(settings)), SqlStepStore(database)
    catalog, beliefs = SqlCatalog(database), SqlBeliefs(database)
    artifacts = FolderArtifacts(settings.artifact_dir, database)
    retriever = Bm25Retriever(catalog)
    net = Net(allow=settings.net_allow, timeout=settings.net_timeout, max_bytes=settings.net_max_bytes)
    _find_modules_here(settings.python_modules)
    processes = Processes(settings.processes or None, modules=("tools.builtin", *settings.python_modules))
    toolbox = Toolbox(net=net, processes=processes, modules=settings.python_modules)
    planner = Planner(
        catalog=catalog,
        retriever=retriever,
        beliefs=beliefs,
        artifacts=artifacts,
        offline=OfflineDecomposer(retriever=retriever),
        model=_chat_model(settings),
        replies=SqlReplies(database),
        budget=SqlPlanningBudget(database),
        candidates=settings.llm_candidates,
        max_repairs=settings.llm_repairs,
        seconds=settings.planning_seconds,
        model_seconds=settings.llm_timeout,
    )
    retry = RetryPolicy(tries=settings.retry_tries, first=settings.retry_first)

    async def estimate(plan: Plan, run: Run) -> Plan:
        risk = run.request.preference.risk
        return await estimate_plan(plan, catalog=catalog, beliefs=beliefs, risk=risk)

    runner = None
    if runs_steps:
        scratch = settings.data_dir / "scratch"
        scratch.mkdir(exist_ok=True)
        executor = Executor(
            steps=steps,
            catalog=catalog,
            caller=toolbox,
            artifacts=artifacts,
            judge=RuleJudge(),
            retry=retry,
            scratch=scratch,
        )
        runner = Runner(
            owner=f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}",
            steps=steps,
            executor=executor,
            jobs=Jobs(
                store=store,
                planner=planner,
                estimate=estimate,
                notifier=WebhookNotifier(net=net, store=store, retry=retry),
                undoer=Undoer(store=store, catalog=catalog, executor=executor, retry=retry),
                doorbell=doorbell,
            ),
            queues=settings.queues,
            max_live=settings.max_live,
        )
        local.answer(runner.wake)
    return Services(
        settings=settings,
        store=store,
        steps=steps,
        catalog=catalog,
        beliefs=beliefs,
        artifacts=artifacts,
        retriever=retriever,
        planner=planner,
        tools=toolbox,
        doorbell=doorbell,
        signals=signals,
        runner=runner,
        database=database,
        net=net,
        processes=processes,
        keys=SqlKeys(database),
        limits=SqlLimits(database),
        spending=SqlSpending(database),
        workers=SqlWorkers(database),
    )


class _Lines:
    """Standard error for the log; a full disk or a reader that has gone must not stop the work."""

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()


def log_plainly(*, level: str = "info") -> None:
    """One line an event on standard error; a trace shows no values, since they may be secret."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(
                structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
            ),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Lines())),
        cache_logger_on_first_use=True,
    )


@contextlib.asynccontextmanager
async def running(services: Services) -> AsyncIterator[Services]:
    """Start what runs in the background, and stop it in order: steps in flight first, the truth last."""
    sys.setswitchinterval(SWITCH_INTERVAL)
    await asyncio.to_thread(_prepare_database, services)
    services.database.start()
    await services.signals.start()
    work: asyncio.Task[None] | None = None
    warming: asyncio.Task[None] | None = None
    staying: asyncio.Task[None] | None = None
    try:
        await _register_builtin(services)
        if services.runner is not None:
            work = asyncio.create_task(services.runner.run(), name="toolpath-runner")
            worker = Worker(services.runner.owner, frozenset(services.settings.queues), socket.gethostname())
            staying = asyncio.create_task(stay_present(worker, services.workers), name="toolpath-presence")
            if services.settings.warm_up:
                warming = asyncio.create_task(services.processes.warm(*HEAVY), name="toolpath-warm-up")
        yield services
    finally:
        for extra in (warming, staying):
            if extra is not None:
                extra.cancel()
                await asyncio.wait([extra])
        if services.runner is not None and work is not None:
            await services.runner.stop(grace=services.settings.drain_seconds)
            await work
        await services.signals.stop()
        await asyncio.to_thread(services.doorbell.stop)
        await services.processes.aclose()
        await services.tools.aclose()
        await services.net.aclose()
        await asyncio.to_thread(services.database.stop)


def _prepare_database(services: Services) -> None:
    """The embedded service migrates by itself; in production that is an act of its own."""
    engine = services.database.engine
    if services.settings.embedded:
        migrate.upgrade(engine)
    elif not migrate.is_current(engine):
        raise RuntimeError("the database does not have the newest shape; run `toolpath migrate` first")


async def _register_builtin(services: Services) -> None:
    """Make the catalog say what ships with this version, and what of it can run here."""
    known = await services.catalog.entries()
    reasons = {tool.name: reason for tool in TOOLS if (reason := services.tools.available(tool))}
    changed = [tool for tool in TOOLS if _differs(tool, known, reasons, services.runner is not None)]
    if changed:
        await services.catalog.add_all(changed, replace=True, reasons=reasons)
        log.info("tools.registered", count=len(changed), unavailable=sorted(reasons))


def _differs(
    tool: Tool, known: Mapping[str, CatalogEntry], reasons: dict[str, str], runs_steps: bool
) -> bool:
    entry = known.get(tool.name)
    if entry is None or entry.tool != replace(tool, version=entry.tool.version):
        return True
    # Whether a program is missing matters where the tool runs, not where the API is served.
    return runs_steps and entry.reason != reasons.get(tool.name, "")


def _rules(settings: Settings) -> tuple[ApprovalRule, ...]:
    """The operator's rules as the domain has them."""
    return tuple(
        ApprovalRule(
            rule.tool,
            None if rule.effect is None else Effect(rule.effect),
            rule.usd_over,
            rule.timeout,
            rule.default,
        )
        for rule in settings.approve
    )


def _chat_model(settings: Settings) -> ChatModel | None:
    """The planner's model, where one is named. Its own address may be dialled wherever it is."""
    if settings.llm_model is None:
        return None
    base_url = settings.llm_base_url or OPENAI_URL
    host = urlsplit(base_url).netloc.rpartition("@")[2]
    net = Net(allow=(*settings.net_allow, host), timeout=settings.llm_timeout)
    return ChatModel(
        net=net,
        base_url=base_url,
        model=settings.llm_model,
        api_key=settings.llm_api_key.get_secret_value() if settings.llm_api_key else None,
        price=Price(
            per_1k_tokens_in=Decimal(str(settings.llm_price_in)),
            per_1k_tokens_out=Decimal(str(settings.llm_price_out)),
        ),
        timeout=settings.llm_timeout,
    )


def _find_modules_here(modules: Sequence[str]) -> None:
    """Let the operator's modules lie in the folder in which the service is started, behind all else."""
    here = str(Path.cwd())
    if modules and here not in sys.path:
        sys.path.append(here)
