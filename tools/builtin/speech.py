"""Tools that speak: a text as a sound file."""

from __future__ import annotations

import re
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tools.builtin.fields import need_text, number, outputs, schema, string
from tools.builtin.guess import guess_language
from tools.builtin.programs import run_program
from tools.builtin.sentences import lines
from tools.errors import BadArguments, BadOutput
from tools.spec import Believed, Docs, File, Kind, Limits, Ports, Runs, Tool, file_schema
from tools.work import Work

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

#: ISO 639-1 code → the name of eSpeak's voice.
VOICES = MappingProxyType(
    {
        "af": "af", "ar": "ar", "bg": "bg", "ca": "ca", "cs": "cs", "cy": "cy", "da": "da", "de": "de",
        "el": "el", "en": "en-gb", "eo": "eo", "es": "es", "et": "et", "eu": "eu", "fa": "fa", "fi": "fi",
        "fr": "fr-fr", "he": "he", "hi": "hi", "hr": "hr", "hu": "hu", "id": "id", "is": "is", "it": "it",
        "ja": "ja", "ko": "ko", "la": "la", "lt": "lt", "lv": "lv", "mk": "mk", "nb": "nb", "nl": "nl",
        "pl": "pl", "pt": "pt", "ro": "ro", "ru": "ru", "sk": "sk", "sl": "sl", "sq": "sq", "sr": "sr",
        "sv": "sv", "sw": "sw", "ta": "ta", "tr": "tr", "uk": "uk", "vi": "vi", "zh": "cmn",
    }
)  # fmt: skip
#: Words a minute.
_PACES = MappingProxyType({"slow": "130", "normal": "165", "fast": "210"})
_TOO_LONG = 50_000
_PEAK = 0.89
_PAUSE_SECONDS = 0.6
_EDGE_SECONDS = 0.2
ESPEAK_HINT = "apt install espeak-ng"


def speak_text_fast(
    text: str, work: Work, *, language: str | None = None, pace: str = ("normal")
) -> dict[str, Any]:
    """`text` spoken in one go, as a WAV file."""
    content, spoken = _prepared(text, language)
    audio = work.file("speech.wav", "audio/wav")
    _speak(content, spoken, pace, audio.path)
    return _answer(audio, spoken)


def speak_text_clear(
    text: str, work: Work, *, language: str | None = None, pace: str = ("normal")
) -> dict[str, Any]:
    """`text` spoken paragraph by paragraph with pauses between them, at an even, full loudness."""
    import numpy as np
    import soundfile

    content, spoken = _prepared(text, language)
    pieces: list[NDArray[float32]] = []
    rate = 22_050
    for at, paragraph in enumerate(lines(content)):
        path = work.scratch / f"paragraph-{at}.wav"
        _speak(paragraph, spoken, pace, path)
        sound, rate = soundfile.read(path, dtype="float32")
        path.unlink()
        pieces += [_evened(sound), np.zeros(int(rate * _PAUSE_SECONDS), dtype="float32")]
    edge = np.zeros(int(rate * _EDGE_SECONDS), dtype="float32")
    audio = work.file("speech.wav", "audio/wav")
    soundfile.write(audio.path, np.concatenate([edge, *pieces[:-1], edge]), rate, subtype="PCM_16")
    return _answer(audio, spoken)


def _prepared(text: str, language: str | None) -> tuple[str, str]:
    """The words to speak and their language, found out when not given; English when it does not show."""
    # Double brackets would be read as phonemes, and control characters end what is read.
    content = re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", " ", need_text(text, "speak")).replace("[[", "[ [")
    content = need_text(content, "speak")
    if len(content) > _TOO_LONG:
        raise BadArguments(
            f"the text has over {_TOO_LONG:,} characters: speak a part or a summary of it", paths=("/text",)
        )
    guess = guess_language(content)
    spoken = language or (guess[0] if guess else "en")
    if spoken not in VOICES:
        raise BadArguments(
            f"there is no voice for {spoken!r}: give one of {', '.join(VOICES)}", paths=("/language",)
        )
    return content, spoken


def _speak(text: str, language: str, pace: str, path: Path) -> None:
    if pace not in _PACES:
        raise BadArguments(f"the pace {pace!r} is unknown: give one of {', '.join(_PACES)}", paths=("/pace",))
    arguments = [
        ("espeak-ng"),
        "--stdin",
        "-b",
        "1",
        "-v",
        VOICES[language],
        "-s",
        _PACES[pace],
        "-w",
        str(path),
    ]
    run_program(arguments, text, hint=ESPEAK_HINT)
    if not path.exists() or path.stat().st_size <= 44:
        raise BadOutput("nothing could be spoken: the text has no words for this voice")


def _evened(sound: NDArray[float32]) -> NDArray[float32]:
    """The sound scaled so that its loudest moment is just below full."""
    loudest = float(abs(sound).max()) if len(sound) else 0.0
    return sound * (_PEAK / loudest) if loudest else sound


def _answer(audio: File, language: str) -> dict[str, Any]:
    import soundfile

    return {"audio": audio, "language": language, "seconds": round(soundfile.info(audio.path).duration, 2)}


_INPUT = schema(
    {
        "text": string("The words to speak, as plain text."),
        "language": string(
            "The language of the text as ISO 639-1 code; found out when absent.", enum=sorted(VOICES)
        ),
        "pace": string("How fast to speak.", enum=list(_PACES), default="normal"),
    },
    ["text"],
)
_OUTPUT = outputs(
    audio=file_schema("audio/wav", description="The speech as a WAV file."),
    language=string("The language spoken, as ISO 639-1 code."),
    seconds=number("How long the speech lasts, in seconds.", minimum=0),
)
_PORTS = Ports(
    {"text": ("text",), "language": ("language",)},
    {"audio": "audio/wav", "language": "language", "seconds": "number"},
)
_EXAMPLES = (
    {"request": "Read this aloud", "arguments": {"text": "Good morning, everybody."}},
    {"request": "Speak it in Spanish as WAV", "arguments": {"text": "Buenos días.", "language": "es"}},
    {
        "request": "Narrate the summary slowly",
        "arguments": {"text": "Sales rose.", "language": "en", "pace": "slow"},
    },
)
_ERRORS = (
    "bad_arguments: the text is empty or too long, or there is no voice for its language",
    "unavailable: eSpeak NG is not installed",
)

TOOLS: tuple[Tool, ...] = (
    Tool(
        name="speak_text_fast",
        summary="Speak a text aloud as a WAV sound file, quickly.",
        description="Text to speech (eSpeak NG) in one go. Quickest; paragraphs run into each other.",
        kind=Kind.PYTHON,
        runs=Runs.PROCESS,
        does=("speak_text",),
        input_schema=_INPUT,
        output_schema=_OUTPUT,
        ports=_PORTS,
        limits=Limits(timeout=120),
        believed=(Believed(seconds=0.12, quality=0.74, n=8),),
        requires={"espeak-ng": ESPEAK_HINT},
        tags=("speech", "audio", "wav", "voice", "sound", "tts", "fast"),
        docs=Docs(
            when_to_use=(
                "To speak, say, read aloud, read out loud, narrate, voice, vocalise, pronounce or recite "
                "a text; text to speech, TTS, an audio version, recording, sound, spoken word, "
                "voice-over or WAV to listen to or hear."
            ),
            examples=_EXAMPLES,
            errors=_ERRORS,
            run_after=("translate_text", "summarise_lead", "ocr_fast"),
        ),
        binding={"function": "tools.builtin.speech:speak_text_fast"},
    ),
    Tool(
        name="speak_text_clear",
        summary="Speak a text aloud as a WAV sound file, with pauses and even loudness.",
        description=(
            "Text to speech (eSpeak NG) by paragraph, with pauses between them and the same loudness for all."
        ),
        kind=Kind.PYTHON,
        runs=Runs.PROCESS,
        does=("speak_text",),
        input_schema=_INPUT,
        output_schema=_OUTPUT,
        ports=_PORTS,
        limits=Limits(timeout=180),
        believed=(Believed(seconds=0.18, quality=0.86, n=8),),
        requires={"espeak-ng": ESPEAK_HINT},
        tags=("speech", "audio", "wav", "voice", "sound", "tts", "clear"),
        docs=Docs(
            when_to_use=(
                "To speak, say, read aloud, read out loud, narrate, voice, vocalise, pronounce or recite "
                "a text clearly; text to speech, TTS, an audio version, recording, sound, spoken word, "
                "voice-over or WAV to listen to."
            ),
            examples=_EXAMPLES,
            errors=_ERRORS,
            run_after=("translate_text", "summarise_lexrank", "ocr_careful"),
        ),
        binding={"function": "tools.builtin.speech:speak_text_clear"},
    ),
)
