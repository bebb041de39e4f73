"""From a draft to pinned sub-tasks: what is found wrong, what is added, what is dropped."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.planning.checks import (
    ACYCLIC,
    ARGUMENTS,
    KNOWN_TOOLS,
    NAMES,
    REFERENCES,
    REQUIRED,
    TYPES,
    check_rows,
    rejection,
)
from orchestrator.planning.drafts import Draft, DraftCall, DraftOption, DraftSubTask
from orchestrator.planning.grounding import Grounded, ground
from tests.unit.orchestrator.planning.cases import (
    ADD,
    ALL,
    CENTRAL,
    FETCH,
    LEAD,
    WRITE,
    drafted,
    ref,
    scene,
    tool,
)


def grounded(*subtasks: DraftSubTask, **more) -> Grounded:
    place = more.pop("scene", None) or scene()
    positions = {subtask.id: i for i, subtask in enumerate(subtasks)}
    return ground(Draft(subtasks), replace(place, positions=positions), **more)


def wrong(*subtasks: DraftSubTask, **more) -> list[tuple[str, str]]:
    found = grounded(*subtasks, **more)
    assert not found.subtasks
    return [(finding.check, finding.path) for finding in found.findings]


def test_calls_are_pinned_to_version_and_hash() -> None:
    found = grounded(drafted("a", "add", {"x": 1}))
    (call,) = found.subtasks[0].options[0].calls
    assert (call.tool, call.version, call.hash) == ("add", 1, ADD.hash)


def test_a_reference_implies_a_need_and_sub_tasks_stand_after_what_they_need() -> None:
    found = grounded(drafted("b", "add", {"x": ref("a.result")}), drafted("a", "add", {"x": 1}))
    assert [subtask.id for subtask in found.subtasks] == ["a", "b"]
    assert found.subtasks[1].needs == ("a",)


def test_an_unknown_tool_is_named_with_the_nearest() -> None:
    found = grounded(drafted("a", "ad", {"x": 1}))
    assert [finding.check for finding in found.findings] == [KNOWN_TOOLS]
    assert "nearest: add" in found.findings[0].detail


def test_references_must_name_something() -> None:
    assert wrong(drafted("a", "add", {"x": ref("z.result")})) == [(REFERENCES, "/subtasks/0/arguments/x")]
    assert wrong(drafted("a", "add", {"x": ref("a.result")})) == [(REFERENCES, "/subtasks/0/arguments/x")]
    assert wrong(drafted("a", "add", {"x": ref("inputs.n")})) == [(REFERENCES, "/subtasks/0/arguments/x")]
    assert wrong(drafted("a", "add", {"x": ref("nowhere")})) == [(REFERENCES, "/subtasks/0/arguments/x")]
    assert wrong(drafted("a", "add", {"x": ref("@.result")})) == [(REFERENCES, "/subtasks/0/arguments/x")]
    assert wrong(drafted("a", "add", {"x": 1}, needs=("z",))) == [(REFERENCES, "/subtasks/0/needs/0")]


def test_a_field_that_no_option_gives_is_found_where_it_is_used() -> None:
    found = grounded(drafted("a", "add", {"x": 1}), drafted("b", "add", {"x": ref("a.sum")}))
    assert [(f.check, f.path) for f in found.findings] == [(REFERENCES, "/subtasks/1/arguments/x")]
    assert "it gives: result" in found.findings[0].detail


def test_sub_tasks_that_wait_for_each_other_are_refused() -> None:
    circle = (drafted("a", "add", {"x": ref("b.result")}), drafted("b", "add", {"x": ref("a.result")}))
    assert wrong(*circle) == [(ACYCLIC, "/subtasks/0/needs")]


def test_arguments_must_be_there_known_and_of_their_schema() -> None:
    assert wrong(drafted("a", "add", {})) == [(REQUIRED, "/subtasks/0/arguments")]
    assert wrong(drafted("a", "add", {"x": 1, "z": 2})) == [(ARGUMENTS, "/subtasks/0/arguments/z")]
    assert wrong(drafted("a", "add", {"x": "one"})) == [(ARGUMENTS, "/subtasks/0/arguments/x")]
    few = drafted("a", "lead", {"text": "x", "sentences": 0})
    assert wrong(few, scene=scene(LEAD)) == [(ARGUMENTS, "/subtasks/0/arguments/sentences")]


def test_a_part_of_a_bad_argument_is_pointed_at() -> None:
    numbers = tool("sum", {"numbers": {"type": "array", "items": {"type": "number"}}}, {"result": {}})
    bad = drafted("a", "sum", {"numbers": [1, "two"]})
    assert wrong(bad, scene=scene(numbers)) == [(ARGUMENTS, "/subtasks/0/arguments/numbers/1")]


def test_types_must_meet() -> None:
    page_as_text = (
        drafted("a", "fetch", {"url": "https://x.org"}),
        drafted("b", "lead", {"text": ref("a.page")}),
    )
    assert wrong(*page_as_text) == [(TYPES, "/subtasks/1/arguments/text")]


def test_inputs_are_checked_by_their_values() -> None:
    use = drafted("a", "add", {"x": ref("inputs.n")})
    assert grounded(use, scene=scene(inputs={"n": 3})).subtasks
    assert wrong(use, scene=scene(inputs={"n": "3"})) == [(ARGUMENTS, "/subtasks/0/arguments/x")]
    deep = drafted("a", "add", {"x": ref("inputs.n.value")})
    assert grounded(deep, scene=scene(inputs={"n": {"value": 3}})).subtasks
    assert wrong(deep, scene=scene(inputs={"n": {}})) == [(REFERENCES, "/subtasks/0/arguments/x")]


def test_a_file_of_the_wrong_type_is_refused_before_anything_runs() -> None:
    use = drafted("a", "extract", {"page": ref("inputs.file")})
    inputs = {"file": {"artifact": "art_1"}}
    csv = scene(inputs=inputs, media_types={"art_1": "text/csv"})
    html = scene(inputs=inputs, media_types={"art_1": "text/html"})
    assert wrong(use, scene=csv) == [(TYPES, "/subtasks/0/arguments/page")]
    assert grounded(use, scene=html).subtasks


def test_several_outputs_go_into_a_field_for_many() -> None:
    found = grounded(
        drafted("a", "lead", {"text": "x"}),
        drafted("b", "lead", {"text": "y"}),
        drafted("c", "join", {"texts": [ref("a.summary"), ref("b.summary")]}),
    )
    assert set(found.subtasks[2].needs) == {"a", "b"}


def test_one_output_for_a_field_for_many_is_put_into_a_list() -> None:
    found = grounded(
        drafted("a", "lead", {"text": "x"}),
        drafted("b", "join", {"texts": ref("a.summary")}),
        drafted("c", "join", {"texts": ref("inputs.text")}),
        drafted("d", "join", {"texts": ref("inputs.texts")}),
        scene=scene(inputs={"text": "x", "texts": ["x", "y"]}),
    )
    texts = [subtask.options[0].calls[0].arguments["texts"] for subtask in found.subtasks[1:]]
    assert texts == [[ref("a.summary")], [ref("inputs.text")], ref("inputs.texts")]


def test_a_tool_that_does_the_same_becomes_an_option_under_the_first_ones_names() -> None:
    found = grounded(
        drafted("a", "lead", {"text": "long", "sentences": 2}),
        drafted("b", "write", {"text": ref("a.summary")}),
    )
    lead, central = found.subtasks[0].options
    assert (lead.id, central.id) == ("lead", "central")
    assert central.calls[0].arguments == {"body": "long", "sentences": 2}
    assert central.aliases == {"summary": "digest"}
    assert lead.aliases == {}


def test_names_agreed_with_the_other_options_survive_an_option_with_other_names() -> None:
    found = grounded(
        drafted("a", "central", {"body": "long"}, aliases={"text": "digest"}),
        drafted("b", "write", {"text": ref("a.text")}),
    )
    assert {option.id: dict(option.aliases)["text"] for option in found.subtasks[0].options} == {
        "central": "digest",
        "lead": "summary",
    }


def test_a_pinned_sub_task_gets_no_alternatives() -> None:
    found = grounded(drafted("a", "lead", {"text": "long"}), pinned={"a"})
    assert [option.id for option in found.subtasks[0].options] == ["lead"]


def test_an_alternative_that_cannot_honour_an_argument_is_left_out() -> None:
    plain = tool(
        "plain", {"text": {"type": "string"}}, {"summary": {"type": "string"}},
        ports=({"text": "text"}, {"summary": "text"}), does=("summarise",),
    )  # fmt: skip
    both = scene(LEAD, plain)
    asked = grounded(drafted("a", "lead", {"text": "long", "sentences": 2}), scene=both)
    default = grounded(drafted("a", "lead", {"text": "long", "sentences": 3}), scene=both)
    assert [option.id for option in asked.subtasks[0].options] == ["lead"]
    assert [option.id for option in default.subtasks[0].options] == ["lead", "plain"]


def test_an_alternative_without_a_field_that_others_use_is_left_out() -> None:
    found = grounded(
        drafted("a", "central", {"body": "long"}),
        drafted("b", "add", {"x": ref("a.score")}),
        scene=scene(*ALL),
    )
    assert [option.id for option in found.subtasks[0].options] == ["central"]


def test_what_failed_before_is_not_an_option_again() -> None:
    found = grounded(drafted("a", "lead", {"text": "long"}), failed={("summarise", "lead")})
    assert [option.id for option in found.subtasks[0].options] == ["central"]
    none = grounded(drafted("a", "fetch", {"url": "https://x.org"}), failed={("fetch_page", "fetch")})
    assert [finding.check for finding in none.findings] == [KNOWN_TOOLS]


def test_a_chain_is_one_option_whose_parts_use_the_call_before() -> None:
    chain = DraftOption(
        (DraftCall("fetch", {"url": "https://x.org"}), DraftCall("extract", {"page": ref("@.page")}))
    )
    text = DraftSubTask("a", "text", "extract_text", "the text", (chain,))
    found = grounded(text, drafted("b", "write", {"text": ref("a.text")}))
    assert [option.id for option in found.subtasks[0].options] == ["fetch+extract"]
    broken = replace(chain, calls=(chain.calls[0], DraftCall("extract", {"page": ref("@.title")})))
    assert wrong(replace(text, options=(broken,))) == [(TYPES, "/subtasks/0/arguments/page")]


def test_a_bad_option_is_dropped_while_a_good_one_is_left() -> None:
    options = (DraftOption((DraftCall("add", {"x": "one"}),)), DraftOption((DraftCall("add", {"x": 1}),)))
    found = grounded(DraftSubTask("a", "add", "add", "add", options))
    assert [option.calls[0].arguments for option in found.subtasks[0].options] == [{"x": 1}]


def test_two_options_by_one_tool_have_different_ids() -> None:
    options = (DraftOption((DraftCall("add", {"x": 1}),)), DraftOption((DraftCall("add", {"x": 2}),)))
    found = grounded(DraftSubTask("a", "add", "add", "add", options))
    assert [option.id for option in found.subtasks[0].options] == ["add", "add#2"]


def test_options_whose_types_do_not_meet_become_a_conflict() -> None:
    png = tool("png", {}, {"file": {}}, ports=({}, {"file": "image/png"}))
    jpeg = tool("jpeg", {}, {"file": {}}, ports=({}, {"file": "image/jpeg"}))
    strict = tool("strict", {"image": {}}, {"text": {}}, ports=({"image": "image/png"}, {"text": "text"}))
    loose = tool("loose", {"image": {}}, {"text": {}}, ports=({"image": "image/*"}, {"text": "text"}))

    def either(id: str, names: tuple[str, str], arguments: dict) -> DraftSubTask:
        return DraftSubTask(id, id, "", id, tuple(DraftOption((DraftCall(n, arguments),)) for n in names))

    found = grounded(
        either("a", ("png", "jpeg"), {}),
        either("b", ("strict", "loose"), {"image": ref("a.file")}),
        scene=scene(png, jpeg, strict, loose),
    )
    assert found.conflicts == ((("a", "jpeg"), ("b", "strict")),)
    signatures = {option.id: option.signature for subtask in found.subtasks for option in subtask.options}
    assert signatures == {"png": "", "jpeg": "jpeg", "strict": "strict", "loose": ""}


def test_an_option_that_fits_nothing_on_the_other_side_is_dropped() -> None:
    number = tool("number", {}, {"out": {}}, ports=({}, {"out": "table"}), does=("make",))
    text = tool("text", {}, {"out": {}}, ports=({}, {"out": "text"}), does=("make",))
    make = DraftSubTask(
        "a", "make", "make", "make", tuple(DraftOption((DraftCall(n, {}),)) for n in ("number", "text"))
    )
    found = grounded(make, drafted("b", "write", {"text": ref("a.out")}), scene=scene(number, text, WRITE))
    assert [option.id for option in found.subtasks[0].options] == ["text"]
    assert found.conflicts == ()


def test_every_check_has_its_row_and_a_failed_one_says_where() -> None:
    rows = check_rows(grounded(drafted("a", "add", {})).findings, uncovered=["fly to the moon"])
    assert tuple(row.name for row in rows) == NAMES
    failed = {row.name: row.detail for row in rows if not row.passed}
    assert set(failed) == {"required_arguments", "clauses_covered"}
    assert "/subtasks/0/arguments" in failed["required_arguments"]
    assert "fly to the moon" in failed["clauses_covered"]


def test_a_rejection_names_every_finding_with_its_pointer() -> None:
    error = rejection(grounded(drafted("a", "add", {"x": "one", "z/y": 1})).findings)
    assert [problem.path for problem in error.problems] == [
        "/subtasks/0/arguments/x",
        "/subtasks/0/arguments/z~1y",
    ]


@pytest.mark.parametrize("unused", [FETCH, CENTRAL])
def test_a_tool_that_is_filtered_out_is_said_to_be(unused) -> None:
    from orchestrator.domain.run import ToolFilter
    from orchestrator.planning.toolset import Toolset

    tools = Toolset(ALL).restricted(ToolFilter(exclude=(unused.name,)))
    found = ground(Draft((drafted("a", unused.name, {}),)), replace(scene(), tools=tools))
    assert "left out by the run's `tools` filter" in found.findings[0].detail
