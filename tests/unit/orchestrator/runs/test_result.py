"""The result of a run, read off its steps."""

from __future__ import annotations

from orchestrator.domain.plan import Plan, SubTask
from orchestrator.domain.run import Run, RunRequest, RunStatus
from orchestrator.domain.step import Step, StepId, StepStatus
from orchestrator.domain.views import RunView, StoredPlan
from orchestrator.runs.result import result_of

IMAGE = {"artifact": "art_1", "media_type": "image/png", "name": "chart.png", "size": 1234}
TABLE = {"columns": ["region", "sold"], "rows": [["North", 3], ["South", None]]}


def view(needs: dict[str, tuple[str, ...]], outputs: dict[str, dict], **more) -> RunView:
    request = RunRequest(request="x")
    subtasks = tuple(SubTask(id, id, id, (), needs=of) for id, of in needs.items())
    steps = tuple(
        Step(
            StepId("r", idx),
            id,
            id,
            "o",
            "t",
            1,
            more.get(id, StepStatus.SUCCEEDED),
            {},
            (),
            (),
            1,
            output=outputs[id],
        )
        for idx, id in enumerate(outputs)
    )
    run = Run("r", request, RunStatus.SUCCEEDED, 0, 0)
    stored = StoredPlan(Plan("p", subtasks, "given"), request, None, 0)
    return RunView(run, stored, None, steps, (), ())


def text_of(needs, outputs, **more) -> str:
    result = result_of(view(needs, outputs, **more))
    assert result is not None
    return result.text


def test_nothing_has_come_of_a_run_without_finished_final_steps():
    assert result_of(view({"a": ()}, {})) is None
    failed = view({"a": ()}, {"a": {"text": "no"}}, a=StepStatus.FAILED)
    assert result_of(failed) is None


def test_only_what_nothing_else_needs_is_put_out():
    result = result_of(view({"a": (), "b": ("a",)}, {"a": {"text": "in"}, "b": {"text": "out"}}))
    assert result is not None
    assert [(o.subtask, o.name, o.value, o.media_type) for o in result.outputs] == [
        ("b", "text", "out", "text/plain")
    ]
    assert result.text == "out"


def test_branches_that_do_not_join_all_count_in_the_order_of_the_plan():
    assert text_of({"a": (), "b": ()}, {"b": {"x": "two"}, "a": {"x": "one"}}) == "one\n\ntwo"


def test_a_file_is_told_with_the_words_it_was_made_of():
    needs = {"top": (), "plot": ("top",)}
    told = text_of(needs, {"top": {"table": TABLE}, "plot": {"image": IMAGE}})
    assert told == "region | sold\nNorth | 3\nSouth | \n\nchart.png (image/png, 1,234 bytes)"
    result = result_of(view(needs, {"top": {"table": TABLE}, "plot": {"image": IMAGE}}))
    assert result is not None
    (output,) = result.outputs
    assert (output.artifact, output.file_name, output.size, output.value) == (
        "art_1",
        "chart.png",
        1234,
        None,
    )


def test_words_come_before_tables_and_tables_before_numbers():
    assert text_of({"a": ()}, {"a": {"n": 3, "table": TABLE, "text": "said"}}) == "said"
    assert text_of({"a": ()}, {"a": {"n": 3, "table": TABLE}}).startswith("region | sold")
    assert text_of({"a": ()}, {"a": {"n": 0.5}}) == "0.5"
    assert text_of({"a": ()}, {"a": {"ok": True, "words": ["x", "y"]}}) == "yes\n\nx, y"


def test_long_tables_are_cut_and_say_so():
    long = {"columns": ["n"], "rows": [[n] for n in range(50)]}
    assert text_of({"a": ()}, {"a": {"t": long}}).endswith("19\n… and 30 more rows")


def test_a_result_of_accepted_low_quality_is_put_out_too():
    assert text_of({"a": ()}, {"a": {"text": "so so"}}, a=StepStatus.LOW_QUALITY) == "so so"


def test_each_file_is_told_with_its_own_words_whatever_the_others_say():
    needs = {"top": (), "plot": ("top",), "sheet": ()}
    book = {"document": IMAGE | {"name": "b.xlsx", "artifact": "art_2"}, "sheets": ["sales.csv"]}
    told = text_of(needs, {"top": {"text": "Tea"}, "plot": {"image": IMAGE}, "sheet": book})
    assert told.split("\n\n") == [
        "Tea",
        "chart.png (image/png, 1,234 bytes)",
        "b.xlsx (image/png, 1,234 bytes)",
    ]


def test_two_files_made_of_the_same_words_tell_them_once():
    needs = {"a": (), "b": ("a",), "c": ("a",)}
    told = text_of(needs, {"a": {"text": "once"}, "b": {"f": IMAGE}, "c": {"f": IMAGE | {"name": "x"}}})
    assert told.split("\n\n")[0] == "once"
    assert told.count("once") == 1


def test_the_code_of_a_language_is_no_answer_beside_words_or_a_file():
    sound = {"audio": IMAGE, "language": "es", "seconds": 2.3}
    translated = {"text": "Buenos días a todos", "source": "en", "target": "es"}
    told = text_of({"tell": (), "speak": ("tell",)}, {"tell": translated, "speak": sound})
    assert told == "Buenos días a todos\n\nchart.png (image/png, 1,234 bytes)"
    assert text_of({"speak": ()}, {"speak": sound}) == "chart.png (image/png, 1,234 bytes)"
    assert text_of({"a": ()}, {"a": translated | {"text": "no"}}) == "no"
    assert text_of({"a": ()}, {"a": {"language": "pt-BR", "confidence": 0.9}}) == "pt-BR"


def test_sums_are_told_as_people_write_them():
    value = 0.1 + 0.2
    table = {"columns": ["sum"], "rows": [[15649.029999999999]]}
    assert text_of({"a": ()}, {"a": {"table": table}}) == "sum\n15649.03"
    assert text_of({"a": ()}, {"a": {"value": value}}) == "0.3"
    result = result_of(view({"a": ()}, {"a": {"value": value}}))
    assert result is not None
    assert result.outputs[0].value == value
