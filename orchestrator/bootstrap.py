"""Builds the one object graph behind the API, the worker and the command line."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import secrets
import socket
import stat
import sys
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, TextIO, cast
from urllib.parse import urlsplit

import structlog

from orchestrator.domain.approval import ApprovalRule, Patience
from orchestrator.domain.keeping import Retention, labels_from
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
from orchestrator.planning.model_calls import Model
from orchestrator.planning.offline.decomposer import OfflineDecomposer
from orchestrator.planning.planner import Planner
from orchestrator.registry.declared import accepted, differs, find_here, gone, modules_of, of_commands, offers
from orchestrator.registry.mcp_imports import review
from orchestrator.retrieval.retriever import Bm25Retriever
from orchestrator.runs.answer import answer_expired
from orchestrator.settings import Settings, commands_of, confinement_of, ensure_keys
from orchestrator.store import migrate
from orchestrator.store.artifacts import FolderArtifacts
from orchestrator.store.catalog import SqlCatalog
from orchestrator.store.database import Database
from orchestrator.store.endpoints import SqlEndpoints
from orchestrator.store.keeping import Keeper
from orchestrator.store.keys import SqlKeys
from orchestrator.store.planning_records import SqlPlanningBudget, SqlReplies
from orchestrator.store.secrets import SqlSecrets
from orchestrator.store.spending import SqlSpending
from orchestrator.store.sql_limits import SqlLimits
from orchestrator.store.sql_store import SqlBeliefs, SqlStepStore, SqlStore
from orchestrator.store.sql_workers import SqlWorkers
from tools.adapters.credentials import Authority
from tools.adapters.endpoint_credentials import EndpointCredentials
from tools.builtin import TOOLS
from tools.confined.limits import Confinement
from tools.endpoints.chat import EndpointChat
from tools.endpoints.loads import Alone, RedisLoads
from tools.endpoints.router import Router
from tools.endpoints.watch import Watch
from tools.errors import ToolError
from tools.functions import modules as declaring
from tools.llm import ChatModel
from tools.mcp.servers import StdioServer
from tools.net import Net
from tools.openapi import importing as openapi
from tools.processes import Processes
from tools.spec import Effect, Price, Tool
from tools.toolbox import Toolbox

log = structlog.get_logger(__name__)

#: Seconds between two prunings.
PRUNE_SECONDS = 3_600.0
OPENAI_URL = "https://api.openai.com/v1"
#: Seconds between forced switches of Python's threads: the default of 5 ms would hold up every
#: commit of the writer's thread while the loop computes.
SWITCH_INTERVAL = 0.0005
#: Objects between two rounds of the garbage collector, and rounds between two that look at older objects:
#: a thousand calls in flight are many objects, of which few are ever garbage in circles.
COLLECT_AFTER = (10_000, 20, 20)
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
    keeper: Keeper
    #: What may be pruned; None while everything is kept.
    retention: Retention | None
    workers: SqlWorkers
    database: Database
    net: Net
    processes: Processes
    #: For functions that are not trusted.
    confined: Processes
    keys: SqlKeys
    secrets: SqlSecrets
    limits: SqlLimits
    spending: SqlSpending
    endpoints: SqlEndpoints
    watch: Watch


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
    store, steps = _store(settings, database), SqlStepStore(database)
    catalog, beliefs = SqlCatalog(database), SqlBeliefs(database)
    artifacts, retriever = FolderArtifacts(settings.artifact_dir, database), Bm25Retriever(catalog)
    vault, endpoints = SqlSecrets(database, _secret_keys(settings)), SqlEndpoints(database)
    net = Net(allow=settings.net_allow, timeout=settings.net_timeout, max_bytes=settings.net_max_bytes)
    keys, retry = EndpointCredentials(Authority(net), vault), _retry(settings)
    find_here(settings.python_modules)
    processes, confined = _processes(settings), _processes(settings, confinement_of(settings))
    watch = _watch(settings, endpoints, net, keys)
    toolbox = _toolbox(settings, net=net, pools=(processes, confined), watch=watch, catalog=catalog)
    planner = Planner(
        catalog=catalog,
        retriever=retriever,
        beliefs=beliefs,
        artifacts=artifacts,
        offline=OfflineDecomposer(retriever=retriever),
        model=_planners_model(settings, net, watch.router, keys),
        replies=SqlReplies(database),
        budget=SqlPlanningBudget(database),
        candidates=settings.llm_candidates,
        max_repairs=settings.llm_repairs,
        seconds=settings.planning_seconds,
        model_seconds=settings.llm_timeout,
    )

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
            secrets=vault,
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
                notifier=WebhookNotifier(net=net),
                undoer=Undoer(store=store, catalog=catalog, executor=executor, retry=retry),
                doorbell=doorbell,
            ),
            queues=settings.queues,
            max_live=settings.max_live,
            answer=partial(answer_expired, store=store, doorbell=doorbell),
            asked=store.accepting,
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
        keeper=Keeper(database, artifacts),
        retention=_retention(settings),
        database=database,
        net=net,
        processes=processes,
        confined=confined,
        keys=SqlKeys(database),
        secrets=vault,
        limits=SqlLimits(database),
        spending=SqlSpending(database),
        workers=SqlWorkers(database),
        endpoints=endpoints,
        watch=watch,
    )


def _watch(settings: Settings, endpoints: SqlEndpoints, net: Net, keys: EndpointCredentials) -> Watch:
    """What chooses among replicas of model endpoints, and looks at them."""
    loads = Alone() if settings.broker_url is None else RedisLoads(settings.broker_url)
    return Watch(router=Router(endpoints), endpoints=endpoints, net=net, loads=loads, keys=keys)


def _retention(settings: Settings) -> Retention | None:
    if settings.retention_days is None:
        return None
    return Retention(settings.retention_days * 86_400, labels_from(settings.retention_keep))


async def _prune_now_and_then(services: Services, rule: Retention) -> None:
    """The embedded service looks after itself; in production the clock asks a worker."""
    while True:
        try:
            await services.keeper.prune(rule)
        except Exception:
            log.exception("prune.failed")
        await asyncio.sleep(PRUNE_SECONDS)


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
    beside: list[asyncio.Task[None]] = []
    try:
        await _register_own(services)
        beside.append(_begin(services.watch.run(), name="toolpath-watch"))
        if services.runner is not None:
            work = _begin(services.runner.run(), name="toolpath-runner")
            beside += _beside(services, services.runner)
        yield services
    finally:
        for extra in beside:
            extra.cancel()
        if beside:
            await asyncio.wait(beside)
        if services.runner is not None and work is not None:
            await services.runner.stop(grace=services.settings.drain_seconds)
            await work
        await services.signals.stop()
        await asyncio.to_thread(services.doorbell.stop)
        await services.processes.aclose()
        await services.confined.aclose()
        await services.tools.aclose()
        await services.net.aclose()
        await asyncio.to_thread(services.database.stop)


def settle_memory() -> None:
    """Once all is started: take what was made so far out of the garbage collector's rounds.

    It stays until the end anyway, and walking through it stops every thread for a tenth of a second
    at a time. For the process as a whole, so whoever owns the process calls it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def _beside(services: Services, runner: Runner) -> list[asyncio.Task[None]]:
    """What goes on beside the steps."""
    settings = services.settings
    worker = Worker(runner.owner, frozenset(settings.queues), socket.gethostname())
    tasks = [_begin(stay_present(worker, services.workers), name="toolpath-presence")]
    if settings.warm_up:
        tasks.append(_begin(services.processes.warm(*HEAVY), name="toolpath-warm-up"))
    if settings.embedded and services.retention is not None:
        tasks.append(_begin(_prune_now_and_then(services, services.retention), name="toolpath-prune"))
    return tasks


def _begin(work: Coroutine[Any, Any, None], *, name: str) -> asyncio.Task[None]:
    """Work in the background, whose end by a fault is told at once, not when the process ends."""
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_tell_of_fault)
    return task


def _tell_of_fault(task: asyncio.Task[None]) -> None:
    fault = None if task.cancelled() else task.exception()
    if fault is not None:
        log.critical("background.ended", work=task.get_name(), exc_info=fault)


def _prepare_database(services: Services) -> None:
    """The embedded service migrates by itself; in production that is an act of its own."""
    engine = services.database.engine
    if services.settings.embedded:
        migrate.upgrade(engine)
    elif not migrate.is_current(engine):
        raise RuntimeError("the database does not have the newest shape; run `toolpath migrate` first")


async def _register(services: Services, tools: Sequence[Tool], reasons: Mapping[str, str]) -> None:
    """Make the catalog say what this process brings, and what of it can run here."""
    known = await services.catalog.entries()
    runs_steps = services.runner is not None
    changed = [tool for tool in tools if differs(tool, known, reasons, runs_steps=runs_steps)]
    if changed:
        await services.catalog.add_all(changed, replace=True, reasons=dict(reasons))
        log.info("tools.registered", count=len(changed), unavailable=sorted(reasons))


async def _register_own(services: Services) -> None:
    """What ships with this version, and what the operator's modules declare."""
    reasons = {tool.name: reason for tool in TOOLS if (reason := services.tools.available(tool))}
    await _register(services, TOOLS, reasons)
    known = await services.catalog.entries()
    modules, at_fault = modules_of(services.settings.python_modules)
    untrusted = services.settings.untrusted_modules
    await _tell_what_stays_open(services)
    described = await offers(modules, services.processes, untrusted=untrusted, confined=services.confined)
    found = [
        of_commands(commands_of(services.settings)),
        *at_fault,
        *described,
    ]
    offered = accepted(found, known)
    for offer in offered:
        for fault in offer.faults:
            log.error("tools.not_declared", module=offer.module, reason=fault)
    tools = [tool for offer in offered for tool in offer.tools]
    reasons = {tool.name: reason for tool in tools if (reason := services.tools.available(tool))}
    if services.runner is not None:  # another process may have what is not installed here
        lost = gone(offered, known)
        tools += [known[name].tool for name in lost]
        reasons |= lost
    await _register(services, tools, reasons)


async def _tell_what_stays_open(services: Services) -> None:
    """Say at start what code that is not trusted can do all the same on this machine."""
    if not services.settings.untrusted_modules:
        return
    try:
        found = await services.confined.unconfined()
    except ToolError as error:
        found = (f"its calls fail: {error}",)
    for what in found:
        log.warning("untrusted_modules.not_confined", what=what)


def _processes(settings: Settings, confined: Confinement | None = None) -> Processes:
    modules = ("tools.builtin", openapi.MODULE, declaring.MODULE, *modules_of(settings.python_modules)[0])
    return Processes(settings.processes or None, modules=modules, confined=confined)


def _toolbox(
    settings: Settings, *, net: Net, pools: tuple[Processes, Processes], watch: Watch, catalog: SqlCatalog
) -> Toolbox:
    """What calls tools; what it learns of changed definitions goes into the catalog."""
    servers = {
        name: StdioServer(
            given.command,
            given.args,
            {variable: value.get_secret_value() for variable, value in given.env.items()},
            given.cwd,
        )
        for name, given in settings.mcp_servers.items()
    }
    toolbox = Toolbox(
        net=net,
        processes=pools[0],
        confined=pools[1],
        untrusted=settings.untrusted_modules,
        modules=modules_of(settings.python_modules)[0],
        commands=commands_of(settings),
        router=watch.router,
        credentials=watch.keys,
        servers=servers,
    )
    toolbox.mcp.changed = partial(review, catalog=catalog)
    return toolbox


def _secret_keys(settings: Settings) -> list[str]:
    """What seals secrets, and after it what only opens those that were sealed before it was changed."""
    assert settings.secret_key is not None  # made at start
    return [key.get_secret_value() for key in (settings.secret_key, *settings.secret_keys_old)]


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


def _store(settings: Settings, database: Database) -> SqlStore:
    patience = Patience(settings.approval_timeout, settings.approval_default)
    return SqlStore(database, approve=_rules(settings), patience=patience)


def _retry(settings: Settings) -> RetryPolicy:
    return RetryPolicy(tries=settings.retry_tries, first=settings.retry_first)


def _planners_model(settings: Settings, net: Net, router: Router, keys: EndpointCredentials) -> Model | None:
    """The planner's model, where one is named: behind an endpoint, or at an address of its own.

    That address may be dialled wherever it is.
    """
    if settings.llm_model is None:
        return None
    price = Price(
        per_1k_tokens_in=Decimal(str(settings.llm_price_in)),
        per_1k_tokens_out=Decimal(str(settings.llm_price_out)),
    )
    if settings.llm_endpoint is not None:
        return EndpointChat(
            settings.llm_endpoint,
            model=settings.llm_model,
            router=router,
            net=net,
            keys=keys,
            price=price,
            timeout=settings.llm_timeout,
        )
    base_url = settings.llm_base_url or OPENAI_URL
    host = urlsplit(base_url).netloc.rpartition("@")[2]
    net = Net(allow=(*settings.net_allow, host), timeout=settings.llm_timeout)
    return ChatModel(
        net=net,
        base_url=base_url,
        model=settings.llm_model,
        api_key=settings.llm_api_key.get_secret_value() if settings.llm_api_key else None,
        price=price,
        timeout=settings.llm_timeout,
    )
