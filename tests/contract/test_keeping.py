"""Pruning: what ended long ago goes with all that belongs to it, and nothing that lives is touched."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from orchestrator.domain.keeping import Pruned, Retention, labels_from
from orchestrator.domain.plan import Call, Estimate, Option, Plan, SubTask
from orchestrator.domain.run import RunRequest, RunStatus
from orchestrator.errors import NotFound
from orchestrator.store import keeping
from orchestrator.store.artifacts import FolderArtifacts
from orchestrator.store.keeping import Keeper
from orchestrator.store.tables import artifacts, metadata, plans, replies, runs
from tests.contract.truth import PAST, Truth, done, failed, give_plan, new_step

DAY = 86_400.0
OLD = Retention(30 * DAY)


@dataclass
class World:
    truth: Truth
    files: FolderArtifacts
    keeper: Keeper
    folder: Path

    async def ended(self, *, output: Any = None, request: RunRequest | None = None) -> str:
        """A run of one step that has ended well."""
        run_id = await self.truth.running(new_step(), request=request)
        await self.truth.store.write(lambda tx: give_plan(tx, run_id))
        (claim,) = await self.truth.claim()
        await self.truth.record(done(claim, output=output))
        assert await self.truth.status(run_id) is RunStatus.SUCCEEDED
        return run_id

    async def file(self, words: str) -> dict[str, Any]:
        made = await self.files.put(words.encode(), media_type="text/plain", name="words.txt")
        return dict(made.reference())

    async def age(self) -> None:
        """As if all this had been made and had ended long ago."""
        await self._set(runs, finished_at=PAST, where=runs.c.finished_at.is_not(None))
        for table in (plans, replies, artifacts):
            await self._set(table, created_at=PAST)
        await self._set(artifacts, used_at=None)

    async def _set(self, table: Any, *, where: Any = None, **values: Any) -> None:
        statement = update(table).values(**values)
        statement = statement if where is None else statement.where(where)
        await self.truth.database.act(lambda journal: journal.connection.execute(statement))

    async def rows(self) -> Mapping[str, int]:
        """How many rows each table holds, but for those that hold none."""

        def count(connection: Any) -> dict[str, int]:
            return {
                table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in metadata.sorted_tables
            }

        return {name: n for name, n in (await self.truth.database.read(count)).items() if n}

    def bytes_of(self, reference: Mapping[str, Any]) -> bytes | None:
        path = self.files.path(str(reference["artifact"]))
        return path.read_bytes() if path.is_file() else None


@pytest.fixture
def world(truth: Truth, tmp_path: Path) -> World:
    folder = tmp_path / "artifacts"
    files = FolderArtifacts(folder, truth.database)
    return World(truth, files, Keeper(truth.database, files), folder)


async def test_an_old_run_goes_with_all_that_belongs_to_it(world: World) -> None:
    before = await world.rows()
    file = await world.file("one")
    request = RunRequest(request="x", inputs={"file": file}, labels={"team": "a"})
    run_id = await world.ended(output=await world.file("two"), request=request)
    await world.truth.replies.put("key", {"text": "x"}, run_id=run_id)
    await world.age()
    looked = await world.keeper.look(OLD)
    assert looked == Pruned(runs=1, plans=1, replies=1, artifacts=2, bytes=6)
    assert await world.truth.status(run_id) is RunStatus.SUCCEEDED  # a look changes nothing
    assert await world.keeper.prune(OLD) == looked
    assert await world.rows() == {**before, "beliefs": 1}  # what was learnt stays
    assert world.bytes_of(file) is None
    with pytest.raises(NotFound):
        await world.truth.store.view(run_id)
    assert await world.keeper.prune(OLD) == Pruned()


async def test_its_idempotency_key_may_be_used_again(world: World) -> None:
    first = await world.truth.store.accept("run_1", RunRequest(request="x"), key="k", fingerprint="one")
    await world.truth.store.write(lambda tx: tx.move_run(first.id, RunStatus.CANCELLED))
    await world.age()
    await world.keeper.prune(OLD)
    again = await world.truth.store.accept("run_2", RunRequest(request="y"), key="k", fingerprint="two")
    assert again.id == "run_2"


async def test_what_lives_is_not_touched(world: World) -> None:
    truth = world.truth
    young = await world.ended()
    running = await truth.running(new_step(queue="elsewhere"))
    await truth.database.act(lambda j: j.connection.execute(update(runs).values(created_at=PAST)))
    labelled = await world.ended(request=RunRequest(request="x", labels={"keep": "yes"}))
    await world.age()
    await world._set(runs, finished_at=4e9, where=runs.c.id == young)
    telling = await world.ended(request=RunRequest(request="x", webhook_url="http://a.example/"))
    await world._set(runs, finished_at=PAST, where=runs.c.id == telling)
    undone = await world.ended()
    await world._set(runs, finished_at=PAST, undoing="needs_input", where=runs.c.id == undone)
    gone = await world.keeper.prune(replace(OLD, keep=(("keep", "yes"),)))
    assert gone.runs == 0
    for run_id in (running, young, labelled, telling, undone):
        assert (await truth.store.view(run_id)).run.id == run_id
    assert (await world.keeper.prune(OLD)).runs == 1


@pytest.mark.parametrize("where", ["request", "arguments", "output", "plan", "answers"])
async def test_a_file_that_anything_names_stays(world: World, where: str) -> None:
    truth = world.truth
    file, other = await world.file("named"), await world.file("idle")
    request = RunRequest(request="x", inputs={"file": file} if where == "request" else {})
    step = new_step(arguments={"value": [file]} if where == "arguments" else {})
    run_id = await truth.running(step, request=request)
    (claim,) = await truth.claim()
    if where == "output":
        await truth.record(done(claim, output={"deep": {"file": file}}))
    if where == "answers":
        await truth.store.write(lambda tx: tx.update_run(run_id, answers={"q": file}))
    if where == "plan":
        option = Option("only", (Call("echo", 1, "hash", {"value": file}),), Estimate(0, 1, 1))
        plan = Plan("plan_1", (SubTask("a", "a", "echo", (option,)),), "given")
        await truth.store.write(lambda tx: tx.add_plan(plan, request=request, path=None))
        await truth.store.write(lambda tx: tx.update_run(run_id, plan_id="plan_1"))
    await world.age()
    await world._set(runs, finished_at=None)
    gone = await world.keeper.prune(OLD)
    assert (gone.artifacts, gone.bytes) == (1, 4)
    assert (world.bytes_of(file), world.bytes_of(other)) == (b"named", None)


async def test_a_file_made_or_named_again_is_not_taken_for_unused(world: World) -> None:
    again, named, idle = await world.file("again"), await world.file("named"), await world.file("idle")
    await world.age()
    await world.file("again")
    await world.truth.store.accept("run_1", RunRequest(request="x", inputs={"file": named}))
    await world._set(runs, status="cancelled", job=None, finished_at=PAST)
    gone = await world.keeper.prune(OLD)
    assert (gone.runs, gone.artifacts) == (1, 1)
    kept = [world.bytes_of(file) for file in (again, named, idle)]
    assert kept == [b"again", b"named", None]


async def test_the_same_file_made_while_it_is_pruned_is_whole_afterwards(world: World) -> None:
    for round_ in range(20):
        file = await world.file("same")
        await world.age()
        _, made = await asyncio.gather(world.keeper.prune(OLD), world.file("same"))
        assert made == file, round_
        record = await world.files.get(str(made["artifact"]))
        assert (record.size, world.bytes_of(made)) == (4, b"same")


async def test_bytes_without_a_name_go_after_a_while_and_a_new_file_brings_them_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.store.artifacts._RESTING", -1.0)
    await world.file("one")
    kept = await world.file("two")
    (world.folder / "sha256" / ".new-left").write_bytes(b"half")
    await world._set(artifacts, created_at=PAST, where=artifacts.c.id != kept["artifact"])
    await world.keeper.prune(OLD)
    assert len(list((world.folder / "sha256").iterdir())) == 1
    made = await world.file("one")
    assert world.bytes_of(made) == b"one"


async def test_many_runs_go_in_small_transactions(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "EVENTS_AT_ONCE", 10)
    for _ in range(7):
        await world.ended()
    await world.age()
    sizes: list[int] = []
    whole = keeping._prune_runs

    def counted(journal: Any, cut: Any) -> int:
        sizes.append(whole(journal, cut))
        return sizes[-1]

    monkeypatch.setattr(keeping, "_prune_runs", counted)
    assert (await world.keeper.prune(OLD)).runs == 7
    assert len(sizes) > 3
    assert max(sizes) < 5


async def test_a_plan_without_a_run_goes_by_its_age_and_one_about_to_be_followed_stays(world: World) -> None:
    truth = world.truth
    made = [Plan(id, (), "given") for id in ("plan_idle", "plan_next")]

    def add(tx: Any) -> None:
        for plan in made:
            tx.add_plan(plan, request=RunRequest(), path=None)

    await truth.store.write(add)
    await truth.store.accept("run_1", RunRequest(plan={"subtasks": []}, plan_id="plan_next"))
    await world.age()
    assert (await world.keeper.prune(OLD)).plans == 1
    assert (await truth.store.plan("plan_next")).plan.id == "plan_next"


async def test_a_failed_run_that_is_kept_keeps_what_it_names(world: World) -> None:
    file = await world.file("one")
    run_id = await world.truth.running(new_step(arguments={"value": file}))
    (claim,) = await world.truth.claim()
    await world.truth.record(failed(claim))
    await world.truth.store.write(lambda tx: tx.move_run(run_id, RunStatus.FAILED))
    await world.age()
    await world._set(runs, finished_at=4e9)
    assert await world.keeper.prune(OLD) == Pruned()


def test_labels_are_read_as_they_are_written() -> None:
    assert labels_from(("team:x", "path:a:b")) == (("team", "x"), ("path", "a:b"))
    with pytest.raises(ValueError, match="key:value"):
        labels_from(("team",))
