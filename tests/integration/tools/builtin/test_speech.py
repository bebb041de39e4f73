"""Speech by eSpeak NG for real, opened and measured."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tools.builtin.speech import ESPEAK_HINT, VOICES, speak_text_clear, speak_text_fast
from tools.errors import BadArguments, Unavailable
from tools.work import Work

needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason=f"needs espeak-ng: {ESPEAK_HINT}")
BOTH = pytest.mark.parametrize("speak", [speak_text_fast, speak_text_clear])
TEXT = "Good morning, everybody. This is the news.\n\nThe weather is fine in the north."


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(tmp_path)


@needs_espeak
@BOTH
def test_a_text_becomes_a_sound_that_one_can_hear(speak, work: Work) -> None:
    found = speak(TEXT, work)
    assert found["audio"].media_type == "audio/wav"
    sound, rate = soundfile.read(found["audio"].path)
    assert found["seconds"] == pytest.approx(len(sound) / rate, abs=0.01)
    assert 3 < found["seconds"] < 20
    assert np.abs(sound).max() > 0.2
    assert found["language"] == "en"


def longest_silence(path: Path) -> float:
    """In seconds."""
    sound, rate = soundfile.read(path)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.abs(sound) < 0.001, [0]])))
    return float(np.diff(edges)[::2].max() / rate)


@needs_espeak
def test_the_clear_way_pauses_between_paragraphs_and_is_as_loud_as_it_may_be(work: Work) -> None:
    quick = longest_silence(speak_text_fast(TEXT, work)["audio"].path)
    clear = speak_text_clear(TEXT, work)["audio"].path
    assert longest_silence(clear) > max(0.6, quick)
    assert np.abs(soundfile.read(clear)[0]).max() == pytest.approx(0.89, abs=0.01)
    assert [path.name for path in work.scratch.iterdir()] == ["speech.wav"]


@needs_espeak
@BOTH
def test_a_slow_pace_takes_longer(speak, work: Work) -> None:
    assert speak(TEXT, work, pace="slow")["seconds"] > 1.2 * speak(TEXT, work, pace="fast")["seconds"]


@needs_espeak
def test_the_language_is_found_out_or_taken_as_given(work: Work) -> None:
    assert speak_text_fast("Buenos días, ¿cómo está usted?", work)["language"] == "es"
    spanish = speak_text_fast("patata", work, language="es")["audio"].path.read_bytes()
    english = speak_text_fast("patata", work, language="en")["audio"].path.read_bytes()
    assert spanish != english


@needs_espeak
@pytest.mark.parametrize("language", sorted(VOICES))
def test_every_voice_named_is_there(language: str, work: Work) -> None:
    assert speak_text_fast("1 2 3", work, language=language)["seconds"] > 0.3


@needs_espeak
def test_markup_and_phonemes_in_a_text_are_only_words(work: Work) -> None:
    assert speak_text_fast("-w /tmp/x [[h@l'oU]] <speak> $(reboot)", work, language="en")["seconds"] > 1


@BOTH
@pytest.mark.parametrize("text", ["", " \n", "\x00\x01"])
def test_an_empty_text_is_refused(speak, text: str, work: Work) -> None:
    with pytest.raises(BadArguments, match="no text to speak"):
        speak(text, work)


@BOTH
@pytest.mark.parametrize(
    ("name", "value"), [("language", "en -w /etc/x"), ("language", "xx"), ("pace", "99")]
)
def test_what_is_no_choice_is_refused(speak, name: str, value: str, work: Work) -> None:
    with pytest.raises(BadArguments, match="give one of"):
        speak("Hello", work, **{name: value})


def test_a_text_that_is_too_long_is_refused(work: Work) -> None:
    with pytest.raises(BadArguments, match="summary"):
        speak_text_fast("a " * 30_000, work)


def test_without_the_program_the_tool_is_unavailable(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Unavailable, match="apt install espeak-ng"):
        speak_text_fast("Hello", work)
