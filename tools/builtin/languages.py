"""Tools about languages: which one a text is in, and its translation into another."""

from __future__ import annotations

import re
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tools.builtin.fields import need_text, number, outputs, schema, string
from tools.builtin.guess import guess_language
from tools.builtin.programs import run_program
from tools.errors import BadArguments, BadOutput
from tools.spec import Believed, Docs, Kind, Limits, Ports, Runs, Tool

if TYPE_CHECKING:
    from lingua import LanguageDetector

#: ISO 639-1 codes of the languages that can be told apart, with their English names.
NAMES = MappingProxyType(
    {
        "ar": "Arabic",
        "ca": "Catalan",
        "cs": "Czech",
        "da": "Danish",
        "de": "German",
        "el": "Greek",
        "en": "English",
        "es": "Spanish",
        "fi": "Finnish",
        "fr": "French",
        "he": "Hebrew",
        "hi": "Hindi",
        "hu": "Hungarian",
        "it": "Italian",
        "ja": "Japanese",
        "ko": "Korean",
        "nl": "Dutch",
        "pl": "Polish",
        "pt": "Portuguese",
        "ro": "Romanian",
        "ru": "Russian",
        "sv": "Swedish",
        "tr": "Turkish",
        "uk": "Ukrainian",
        "zh": "Chinese",
    }
)
#: ISO 639-1 code → the codes by which Apertium's packages call the language.
_APERTIUM_CODES = MappingProxyType(
    {
        "af": ("afr",), "an": ("arg",), "ar": ("ara",), "be": ("bel",), "bg": ("bul",), "br": ("bre",),
        "ca": ("cat",), "cy": ("cym",), "da": ("dan",), "de": ("deu",), "en": ("eng",), "eo": ("epo",),
        "es": ("spa",), "eu": ("eus",), "fr": ("fra",), "gl": ("glg",), "hi": ("hin",), "id": ("ind",),
        "is": ("isl",), "it": ("ita",), "kk": ("kaz",), "mk": ("mkd",), "ms": ("msa", "zlm"), "mt": ("mlt",),
        "nb": ("nob",), "nl": ("nld",), "nn": ("nno",), "oc": ("oci",), "pl": ("pol",), "pt": ("por",),
        "ro": ("ron",), "ru": ("rus",), "sl": ("slv",), "sv": ("swe",), "tr": ("tur",), "tt": ("tat",),
        "uk": ("ukr",), "ur": ("urd",),
    }
)  # fmt: skip
_MODE = re.compile(r"[a-z]{2,3}-[a-z]{2,3}(?:_[A-Za-z]+)?")
_TOO_LONG = 500_000
#: From here on a guess among all languages is taken before one among those that are installed.
_SURE = 0.75
#: And from here on the latter.
_LIKELY = 0.6
APERTIUM_HINT = "apt install apertium apertium-eng-spa"


def detect_language_fast(text: str) -> dict[str, Any]:
    """The likeliest language of `text` by script and function words."""
    guess = guess_language(need_text(text, "tell the language of"))
    if guess is None:
        raise BadOutput("no known language shows in this text: it is short, or has few ordinary words")
    return _answer(*guess)


def detect_language_careful(text: str) -> dict[str, Any]:
    """The likeliest language of `text` by its letter sequences (lingua)."""
    content = need_text(text, "tell the language of")
    best = _detector().compute_language_confidence_values(content[:20_000])[0]
    if not best.value:
        raise BadOutput("no known language shows in this text: it has no words")
    return _answer(best.language.iso_code_639_1.name.lower(), round(best.value, 3))


def translate_text(text: str, target: str, source: str | None = None) -> dict[str, Any]:
    """`text` in the language `target`, by Apertium; the source language is found out when not given."""
    content = need_text(text, "translate").replace("\0", "")
    if len(content) > _TOO_LONG:
        raise BadArguments(
            f"the text has over {_TOO_LONG:,} characters: translate it in parts", paths=("/text",)
        )
    pairs = _pairs()
    origin = source or _source_of(content, target, pairs)
    if origin == target:
        return {"text": content, "source": origin, "target": target}
    mode = pairs.get((origin, target))
    if mode is None:
        known = ", ".join(f"{one} to {other}" for one, other in sorted(pairs)) or "none"
        raise BadArguments(
            f"no translation from {origin} to {target} is installed; installed: {known}",
            paths=("/target",),
        )
    # The mode comes from Apertium's own list, never from the request.
    translated = run_program(["apertium", "-u", mode], content, hint=APERTIUM_HINT)
    if not translated.strip():
        raise BadOutput("the translation came out empty")
    # Apertium doubles the blank after a full stop.
    tidy = re.sub(r"(?<=\S) {2,}(?=\S)", " ", translated.strip())
    return {"text": tidy, "source": origin, "target": target}


def _answer(language: str, confidence: float) -> dict[str, Any]:
    return {"language": language, "name": NAMES.get(language, language), "confidence": confidence}


@cache
def _detector() -> LanguageDetector:
    """Only trigrams: 40 MB and 0.15 s to load instead of 500 MB and 6 s, for little less accuracy."""
    from lingua import Language, LanguageDetectorBuilder

    known = [language for language in Language.all() if language.iso_code_639_1.name.lower() in NAMES]
    return LanguageDetectorBuilder.from_languages(*known).with_low_accuracy_mode().build()


def _source_of(text: str, target: str, pairs: dict[tuple[str, str], str]) -> str:
    """The text's language; the only one there is a translation from when it does not show."""
    sources = [origin for origin, other in pairs if other == target]
    guess = guess_language(text)
    if sources and (guess is None or guess[1] < _SURE):
        near = guess_language(text, among=[*sources, target])
        guess = near if near and near[1] >= _LIKELY else guess or near
    if guess:
        return guess[0]
    if len(sources) == 1:
        return sources[0]
    raise BadArguments("the text's language does not show: give it as source", paths=("/source",))


def _pairs() -> dict[tuple[str, str], str]:
    """Installed translations: (source, target) in ISO 639-1 → Apertium's name of that direction."""
    iso = {code: language for language, codes in _APERTIUM_CODES.items() for code in (language, *codes)}
    found: dict[tuple[str, str], str] = {}
    for mode in sorted(
        run_program([("apertium"), "-l"], "", hint=APERTIUM_HINT).split(), key=lambda m: (len(m), m)
    ):
        origin, _, target = mode.partition("_")[0].partition("-")
        if _MODE.fullmatch(mode) and origin in iso and target in iso:
            found.setdefault((iso[origin], iso[target]), mode)
    return found


_DETECT_INPUT = schema({"text": string("The text whose language is asked for.")}, ["text"])
_DETECT_OUTPUT = outputs(
    language=string("The language as ISO 639-1 code, such as en."),
    name=string("The language's English name, such as English."),
    confidence=number("How sure the answer is.", minimum=0, maximum=1),
)
_DETECT_PORTS = Ports({"text": ("text",)}, {"language": "language", "name": "string", "confidence": "number"})
_DETECT_EXAMPLES = (
    {"request": "Which language is this written in?", "arguments": {"text": "Wo ist der nächste Bahnhof?"}},
)
_DETECT_ERRORS = ("bad_arguments: the text is empty", "bad_output: no language shows")

TOOLS: tuple[Tool, ...] = (
    Tool(
        name="detect_language_fast",
        summary="Detect the language of a text by its commonest words.",
        description="Looks at script and function words. Quickest; needs a sentence or two.",
        kind=Kind.PYTHON,
        runs=Runs.PROCESS,
        does=("detect_language",),
        input_schema=_DETECT_INPUT,
        output_schema=_DETECT_OUTPUT,
        ports=_DETECT_PORTS,
        limits=Limits(timeout=30),
        believed=(Believed(seconds=0.004, quality=0.75, n=8),),
        tags=("text", "language", "identify", "fast"),
        docs=Docs(
            when_to_use=(
                "To detect, identify, recognise, determine, guess or tell quickly which language or "
                "tongue a text is written in: English, Spanish, French, German …"
            ),
            examples=_DETECT_EXAMPLES,
            errors=_DETECT_ERRORS,
            run_before=("translate_text", "speak_text_clear"),
        ),
        binding={"function": "tools.builtin.languages:detect_language_fast"},
    ),
    Tool(
        name="detect_language_careful",
        summary="Detect the language of a text by its letter sequences (lingua).",
        description="Compares letter sequences with those of 25 languages; good for short texts too.",
        kind=Kind.PYTHON,
        runs=Runs.PROCESS,
        does=("detect_language",),
        input_schema=_DETECT_INPUT,
        output_schema=_DETECT_OUTPUT,
        ports=_DETECT_PORTS,
        limits=Limits(timeout=60),
        believed=(Believed(seconds=0.014, quality=0.93, n=8),),
        tags=("text", "language", "identify", "careful"),
        docs=Docs(
            when_to_use=(
                "To detect, identify, recognise, determine or tell reliably which language or tongue a "
                "text is written in: English, Spanish, French, German …"
            ),
            examples=_DETECT_EXAMPLES,
            errors=_DETECT_ERRORS,
            run_before=("translate_text", "speak_text_clear"),
        ),
        binding={"function": "tools.builtin.languages:detect_language_careful"},
    ),
    Tool(
        name="translate_text",
        summary="Translate a text into another language, such as Spanish or English.",
        description=(
            "Translates by rules and dictionaries (Apertium), offline. Which directions there are "
            "depends on the installed packages: at least English to Spanish and Spanish to English."
        ),
        kind=Kind.PYTHON,
        runs=Runs.PROCESS,
        does=("translate_text",),
        input_schema=schema(
            {
                "text": string("The text to translate, as plain text."),
                "target": string(
                    "The language to translate into, as ISO 639-1 code: es for Spanish, en for English.",
                    enum=sorted(_APERTIUM_CODES),
                ),
                "source": string(
                    "The language the text is in, as ISO 639-1 code; found out when absent.",
                    enum=sorted(_APERTIUM_CODES),
                ),
            },
            ["text", "target"],
        ),
        output_schema=outputs(
            text=string("The translation."),
            source=string("The language translated from, as ISO 639-1 code."),
            target=string("The language translated into, as ISO 639-1 code."),
        ),
        ports=Ports(
            {"text": ("text",), "target": ("language",), "source": ("language",)},
            {"text": "text", "source": "language", "target": "language"},
        ),
        limits=Limits(timeout=120),
        believed=(Believed(seconds=0.3, quality=0.8, n=8),),
        requires={"apertium": APERTIUM_HINT},
        tags=("text", "language", "translation", "spanish", "english", "apertium"),
        docs=Docs(
            when_to_use=(
                "To translate, render, put, turn, convert or say a text in another language: into "
                "Spanish, español, castellano, into English, from English, from Spanish; a Spanish or "
                "English version or translation."
            ),
            examples=(
                {
                    ("request"): "Translate this into Spanish",
                    "arguments": {"text": "The house is big.", "target": "es"},
                },
                {
                    "request": "Render the Spanish note in English",
                    "arguments": {"text": "La casa es grande.", "target": "en", "source": "es"},
                },
            ),
            errors=(
                "bad_arguments: the text is empty, or no such direction is installed",
                "unavailable: Apertium is not installed",
            ),
            run_before=("speak_text_clear", "write_docx"),
            run_after=("ocr_careful", "extract_text_article", "summarise_lexrank"),
        ),
        binding={"function": "tools.builtin.languages:translate_text"},
    ),
)
