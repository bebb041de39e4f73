"""Numbers in words, each read as one: "twenty-six point two", "a hundred and five", "1.5 million"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from orchestrator.planning.offline.lexicon import NUMBER_WORDS

_SCALES = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
#: What multiplies the number before it, or stands for itself.
_TIMES = {"hundred": 100, "dozen": 12, **_SCALES}
_SMALL = {word: int(number) for word, number in NUMBER_WORDS.items() if number < 100 and number % 1 == 0}
_DIGITS = {word: number for word, number in _SMALL.items() if number < 10 and word not in ("pair", "trio")}
_COUNTED = {**_SMALL, **_TIMES}
_PART = re.compile(r"[^\W\d_]+", re.UNICODE)
_DIGITS_BEFORE = re.compile(r"(?<![\w.,-])\d{1,6}(?:\.\d{1,6})?$")
_ARTICLE = re.compile(r"(?<!\w)an?\s+$", re.IGNORECASE)
_JOINT = re.compile(r"[\s-]{0,3}")
_HALF_MORE = re.compile(r"\s+and\s+a\s+half\b", re.IGNORECASE)
_OF_A_DOZEN = re.compile(r"\s+(?:a\s+)?dozen\b", re.IGNORECASE)
#: Characters before a word in which the digits that it multiplies stand.
_NEAR = 20


@dataclass(slots=True)
class _Sum:
    """A number being read: whole thousands and above, what is below them, and what it was read from."""

    high: float = 0
    low: float | None = None
    words: list[str] = field(default_factory=list)
    #: Whether the last word was one after which "and" goes on with the number.
    open: bool = False

    @property
    def number(self) -> float:
        return self.high + (self.low or 0)

    def take(self, word: str) -> bool:
        """Adds a word; false when it begins another number."""
        if word in _TIMES:
            if self.low is None and self.words:
                return False
            self._multiply(word)
        elif self.low is None:
            self.low = _SMALL[word]
        elif (self.low % 100 >= 20 and self.low % 10 == 0 and 0 < _SMALL[word] < 10) or (
            self.open and _SMALL[word] > 0
        ):
            self.low += _SMALL[word]
        else:
            return False
        self.open = word in _TIMES and word != "dozen"
        self.words.append(word)
        return True

    def _multiply(self, word: str) -> None:
        product = (1 if self.low is None else self.low) * _TIMES[word]
        if word in _SCALES:
            self.high, self.low = self.high + product, 0
        else:
            self.low = product


def in_digits(text: str) -> str:
    """The text with its numbers in words put into digits, at the same length.

    >>> in_digits("twelve times forty-two")
    '12     times 42       '
    """
    for number, start, end, _ in number_phrases(text):
        digits = f"{number:.12g}"
        if len(digits) <= end - start:
            text = text[:start] + digits.ljust(end - start) + text[end:]
    return text


def number_phrases(text: str) -> Iterator[tuple[float, int, int, str]]:
    """Each number in words: its value, its place in `text`, and its words as they were counted.

    >>> [found[0] for found in number_phrases("two hundred and six or 1.5 million, and half")]
    [206, 1500000.0, 0.5]
    """
    parts = [(match[0].lower(), match.start(), match.end()) for match in _PART.finditer(text)]
    place = 0
    while place < len(parts):
        word, start, end = parts[place]
        if word not in _COUNTED:
            dozen = _OF_A_DOZEN.match(text, end) if word == "half" else None
            if dozen:
                yield 6, start, dozen.end(), "half a dozen"
                place += 2
            elif word in NUMBER_WORDS:
                yield NUMBER_WORDS[word], start, end, word
            place += 1
            continue
        number, start, end, said, place = _phrase(text, parts, place)
        yield number, start, end, said


def _phrase(text: str, parts: list[tuple[str, int, int]], place: int) -> tuple[float, int, int, str, int]:
    """The number that begins at a part, and the part behind it."""
    first, start, _ = parts[place]
    found, end = _Sum(), start
    before = _DIGITS_BEFORE.search(text[max(0, start - _NEAR) : start].rstrip()) if first in _TIMES else None
    if (
        before is None
        and first in _TIMES
        and (article := _ARTICLE.search(text[max(0, start - _NEAR) : start]))
    ):
        start -= len(article[0])
    if before is not None:
        start = len(text[:start].rstrip()) - len(before[0])
        found.low, found.words = float(before[0]), [before[0]]
    while place < len(parts):
        word, at, stop = parts[place]
        if found.words and not _JOINT.fullmatch(text, end, at):
            break
        further = word == "and" and found.open and place + 1 < len(parts) and parts[place + 1][0] in _SMALL
        if not further and (word not in _COUNTED or not found.take(word)):
            break
        end, place = stop, place + 1
    number, end, place = _fraction(text, parts, found.number, end, place)
    return number, start, end, " ".join(found.words), place


def _fraction(
    text: str, parts: list[tuple[str, int, int]], number: float, end: int, place: int
) -> tuple[float, int, int]:
    """With "… point two five" or "… and a half" behind the number."""
    half = _HALF_MORE.match(text, end)
    if half:
        return number + 0.5, half.end(), place + 3
    digits = ""
    if place < len(parts) and parts[place][0] == "point":
        for word, _, stop in parts[place + 1 : place + 10]:
            if word not in _DIGITS:
                break
            digits, end = digits + str(_DIGITS[word]), stop
    if not digits:
        return number, end, place
    return float(f"{int(number)}.{digits}"), end, place + 1 + len(digits)
