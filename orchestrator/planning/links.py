"""The links between sub-tasks: which options give what others refer to, and which do not fit together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from orchestrator.domain.plan import INPUTS, PREVIOUS, Call, Option, Ref, SubTask
from orchestrator.planning.checks import REFERENCES, TYPES, Bound, Finding, Scene, bindings
from orchestrator.planning.fitting import NoSuchField, Target, mismatch, output_of, own_path, target_of

#: (sub-task, option): one side of a pair that does not fit.
Side = tuple[str, str]
Conflicts = tuple[tuple[Side, Side], ...]


@dataclass(frozen=True, slots=True)
class Link:
    """A reference from an option of one sub-task to the output of another."""

    subtask: str
    option: str
    ref: Ref
    target: Target
    path: tuple[str | int, ...]

    def at(self, scene: Scene) -> str:
        """The JSON pointer of the place that refers."""
        return scene.at(self.subtask, "arguments", *self.path)


def linked(subtasks: Sequence[SubTask], scene: Scene) -> tuple[tuple[SubTask, ...], Conflicts, list[Finding]]:
    """The sub-tasks with the options that give what is referred to, and pairs that do not fit.

    An option that lacks a field, or that fits no option of the other side, is dropped while
    another is left; a pair of which each fits somewhere becomes a conflict between signatures.
    What cannot be met at all is a finding at the argument that refers to it.
    """
    by_id = {subtask.id: subtask for subtask in subtasks}
    links = [link for subtask in subtasks for link in _links(subtask, scene)]
    found = _drop_lacking(by_id, links, scene)
    if found:
        return tuple(subtasks), (), found
    pairs, found = _pairs(by_id, links, scene)
    if found:
        return tuple(subtasks), (), found
    if not pairs:
        return tuple(by_id[subtask.id] for subtask in subtasks), (), []
    signed = _signatures(by_id, pairs)
    kept = tuple(_signed(by_id[subtask.id], signed) for subtask in subtasks)
    conflicts = {((a, signed[a, i]), (b, signed[b, j])) for (a, i), (b, j) in pairs}
    return kept, tuple(sorted(conflicts)), []


def _links(subtask: SubTask, scene: Scene) -> Iterator[Link]:
    for option, call in ((each, call) for each in subtask.options for call in each.calls):
        for name, one in _bound(call, scene):
            if one.ref.source not in (INPUTS, PREVIOUS):
                yield Link(subtask.id, option.id, one.ref, one.target, (name, *one.path))


def _bound(call: Call, scene: Scene) -> Iterator[tuple[str, Bound]]:
    facts = scene.facts(call)
    for name, value in call.arguments.items():
        for one in bindings(value, target_of(facts, name)):
            yield name, one


def _drop_lacking(by_id: dict[str, SubTask], links: Sequence[Link], scene: Scene) -> list[Finding]:
    """Keep of each sub-task the options that give every field referred to."""
    wanted: dict[str, dict[tuple[str, ...], Link]] = {}
    for link in links:
        wanted.setdefault(link.ref.source, {}).setdefault(link.ref.path, link)
    found: list[Finding] = []
    for id, paths in wanted.items():
        subtask = by_id[id]
        lacking = {option.id: _lacking(option, paths, scene) for option in subtask.options}
        good = tuple(option for option in subtask.options if not lacking[option.id])
        if len(good) == len(subtask.options):
            continue
        if good:
            by_id[id] = replace(subtask, options=good)
        else:
            first = lacking[subtask.options[0].id].items()
            found += [Finding(REFERENCES, paths[path].at(scene), _gives(id, error)) for path, error in first]
    return found


def _gives(id: str, error: NoSuchField) -> str:
    known = f"it gives: {', '.join(error.known)}" if error.known else "there is nothing inside that value"
    return f"sub-task {id!r} gives no {error.field!r}; {known}"


def _lacking(
    option: Option, paths: Iterable[tuple[str, ...]], scene: Scene
) -> dict[tuple[str, ...], NoSuchField]:
    lacking = {}
    for path in paths:
        try:
            output_of(scene.facts(option.calls[-1]), own_path(option, path))
        except NoSuchField as error:
            lacking[path] = error
    return lacking


def _pairs(
    by_id: dict[str, SubTask], links: Sequence[Link], scene: Scene
) -> tuple[set[tuple[Side, Side]], list[Finding]]:
    """Pairs of options that do not fit, once the options that fit nothing are dropped."""
    clashes: dict[tuple[str, str], dict[tuple[str, str], Finding]] = {}
    for link in links:
        for option in by_id[link.ref.source].options:
            source = output_of(scene.facts(option.calls[-1]), own_path(option, link.ref.path))
            reason = mismatch(source, link.target)
            if reason:
                table = clashes.setdefault((link.ref.source, link.subtask), {})
                detail = f"the output of sub-task {link.ref.source!r} does not fit: {reason}"
                table.setdefault((option.id, link.option), Finding(TYPES, link.at(scene), detail))
    found: list[Finding] = []
    for (source_id, user_id), table in clashes.items():
        found += _drop_unfit(by_id, source_id, user_id, table)
    left = {
        ((a, i), (b, j))
        for (a, b), table in clashes.items()
        for i, j in table
        if _has(by_id[a], i) and _has(by_id[b], j)
    }
    return left, found


def _drop_unfit(
    by_id: dict[str, SubTask],
    source_id: str,
    user_id: str,
    table: Mapping[tuple[str, str], Finding],
) -> list[Finding]:
    source, user = by_id[source_id], by_id[user_id]
    users = tuple(o for o in user.options if any((s.id, o.id) not in table for s in source.options))
    if not users:
        return [next(iter(table.values()))]
    givers = tuple(o for o in source.options if any((o.id, u.id) not in table for u in users))
    by_id[user_id], by_id[source_id] = replace(user, options=users), replace(source, options=givers)
    return []


def _has(subtask: SubTask, option: str) -> bool:
    return any(one.id == option for one in subtask.options)


def _signatures(by_id: Mapping[str, SubTask], pairs: set[tuple[Side, Side]]) -> dict[Side, str]:
    """One signature for all options of a sub-task that clash with the same others; "" for none."""
    against: dict[Side, set[Side]] = {}
    for a, b in pairs:
        against.setdefault(a, set()).add(b)
        against.setdefault(b, set()).add(a)
    signed: dict[Side, str] = {}
    for id, subtask in by_id.items():
        groups: dict[frozenset[Side], str] = {}
        for option in subtask.options:
            others = frozenset(against.get((id, option.id), ()))
            signed[id, option.id] = groups.setdefault(others, option.id) if others else ""
    return signed


def _signed(subtask: SubTask, signed: Mapping[Side, str]) -> SubTask:
    options = (replace(option, signature=signed[subtask.id, option.id]) for option in subtask.options)
    return replace(subtask, options=tuple(options))
