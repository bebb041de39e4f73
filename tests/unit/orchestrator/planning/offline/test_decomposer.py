from __future__ import annotations

from dataclasses import replace

from orchestrator.domain.plan import topological_order
from orchestrator.domain.run import ToolFilter
from orchestrator.planning.offline import AttachedInput
from tests.unit.orchestrator.planning.offline.small_tools import (
    ALL,
    LAUNCH,
    MOOD_A,
    MOOD_B,
    RECORDING,
    draft,
    jobs,
)


async def test_a_missing_step_is_put_in_between_where_types_do_not_meet():
    found = await draft("What is the mood of this recording?", attached=RECORDING)
    assert jobs(found) == ["transcribe_speech", "rate_mood"]
    first, second = found.subtasks
    assert first.options[0].calls[0].arguments == {"sound": {"ref": "inputs.memo"}}
    assert second.options[0].calls[0].arguments == {"text": {"ref": "transcribe_speech.words"}}
    assert second.needs == ("transcribe_speech",)


async def test_all_tools_of_a_job_become_options_each_with_its_own_names():
    found = await draft("Rate the mood of 'what a day'")
    [subtask] = found.subtasks
    assert [option.calls[0].tool for option in subtask.options] == ["mood_quick", "mood_deep"]
    assert subtask.options[1].calls[0].arguments == {"body": "what a day"}
    assert subtask.options[1].aliases == {"mood": "feeling"}


async def test_what_failed_before_is_left_out_while_another_way_is_known():
    found = await draft("Rate the mood of 'what a day'", failed=(("rate_mood", "mood_quick"),))
    assert [option.calls[0].tool for option in found.subtasks[0].options] == ["mood_deep"]


async def test_the_run_decides_which_tools_may_be_used():
    found = await draft("Rate the mood of 'what a day'", allow=ToolFilter(exclude=("mood_deep",)))
    assert [option.calls[0].tool for option in found.subtasks[0].options] == ["mood_quick"]
    tagged = [replace(MOOD_A, tags=("safe",)), MOOD_B]
    found = await draft(
        "Rate the mood of 'what a day'", tools=tagged, allow=ToolFilter(include=("tag:safe",))
    )
    assert [option.calls[0].tool for option in found.subtasks[0].options] == ["mood_quick"]


async def test_a_missing_value_becomes_one_question_with_a_stable_id():
    found = await draft("Turn 'the sea is blue' into a rhyme")
    [question] = found.questions
    assert question.id == "q_rhyme_text_style"
    assert question.schema["enum"] == ["sonnet", "limerick"]
    assert (question.subtask, question.argument) == ("rhyme_text", "style")
    assert [one.id for one in (await draft("Turn 'the sea is blue' into a rhyme")).questions] == [question.id]


async def test_an_answer_fills_the_value_it_was_asked_for():
    found = await draft("Turn 'the sea is blue' into a rhyme", answers={"q_rhyme_text_style": "limerick"})
    assert found.questions == ()
    assert found.subtasks[0].options[0].calls[0].arguments["style"] == "limerick"


async def test_a_value_of_an_enumeration_is_found_in_the_words():
    found = await draft("Make a limerick rhyme of 'the sea is blue'")
    assert found.subtasks[0].options[0].calls[0].arguments == {"text": "the sea is blue", "style": "limerick"}


async def test_words_tell_the_order_even_when_they_come_in_another():
    found = await draft("A badge with a limerick rhyme of this recording", attached=RECORDING)
    assert jobs(found) == ["transcribe_speech", "rhyme_text", "print_badge"]
    found = await draft("After transcribing the recording, print a badge", attached=RECORDING)
    assert jobs(found) == ["transcribe_speech", "print_badge"]


async def test_branches_that_join_are_glued_before_a_step_that_takes_one():
    found = await draft("Print one badge with a limerick rhyme of 'red sky' and a sonnet rhyme of 'blue sea'")
    assert sorted(jobs(found)) == ["glue_texts", "print_badge", "rhyme_text", "rhyme_text"]
    needs = {subtask.id: subtask.needs for subtask in found.subtasks}
    assert set(needs["glue_texts"]) == {"rhyme_text", "rhyme_text_2"}
    assert needs["print_badge"] == ("glue_texts",)
    assert topological_order(needs) == list(needs)


async def test_a_job_runs_once_for_each_of_several_values():
    two = RECORDING | {"talk": AttachedInput("talk", ("audio/wav",), "talk.wav")}
    found = await draft("Transcribe each of these recordings", attached=two)
    assert [one.options[0].calls[0].arguments["sound"]["ref"] for one in found.subtasks] == [
        "inputs.memo",
        "inputs.talk",
    ]


async def test_each_subtask_names_the_words_it_came_from():
    found = await draft("Transcribe the recording and rate its mood", attached=RECORDING)
    assert [subtask.words for subtask in found.subtasks] == ["Transcribe the recording", "rate its mood"]


async def test_a_request_that_nothing_serves_is_refused_with_the_nearest_tools():
    found = await draft("Bake me a cake with cherries on top")
    assert found.subtasks == ()
    assert found.uncovered == ("Bake me a cake with cherries on top",)
    found = await draft("Explain the weather of the past")
    assert found.subtasks == ()
    assert "forecast_weather" in found.nearest


async def test_a_part_that_nothing_serves_is_named_while_the_rest_is_planned():
    found = await draft("Transcribe the recording and bake a cherry cake", attached=RECORDING)
    assert jobs(found) == ["transcribe_speech"]
    assert found.uncovered == ("bake a cherry cake",)


async def test_thanks_ask_for_nothing():
    found = await draft("Please transcribe the recording. Thanks!", attached=RECORDING)
    assert jobs(found) == ["transcribe_speech"]
    assert found.uncovered == ()


async def test_what_must_not_be_repeated_is_never_put_in_without_being_asked_for():
    found = await draft("What is the mood of this recording?", tools=[LAUNCH, MOOD_A], attached=RECORDING)
    assert "launch_rocket" not in jobs(found)


async def test_no_tools_and_no_words_are_refused():
    assert (await draft("Rate the mood of 'x'", tools=[])).subtasks == ()
    assert (await draft("   ")).subtasks == ()


async def test_the_same_request_gives_the_same_draft():
    said = "A badge with a limerick rhyme of this recording"
    assert await draft(said, attached=RECORDING) == await draft(said, tools=ALL, attached=RECORDING)
