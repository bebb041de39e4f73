"""Parts of a request that ask for nothing: what is there, why, and what somebody can then do."""

from __future__ import annotations

import re

_SENTENCE = re.compile(r"(?:(?!\s[-–—]+\s)[^.!?;\n])+(?:\.(?=\w)(?:(?!\s[-–—]+\s)[^.!?;\n])*)*")
_STATES = re.compile(
    r"\s*(?:\S+://\S+ (?:is|are|was|has)\b|(?:i|we) (?:can't|cannot|couldn't|don't|haven't|didn't)\b|"
    r"(?:i|we) (?:just |recently |once )?(?:took|photographed|scanned|snapped|attached|uploaded|downloaded|"
    r"received|found|recorded|saved|saw)\b|"
    r"(?:my|our|his|her|their) \w+ (?:(?:only|just|never|always|also|really|barely|hardly) \w+|"
    r"(?:can|can't|cannot|could|doesn't|didn't|won't|will|said|says|told|gave|sent|speaks|understands|knows|"
    r"likes|loves|prefers|thinks|reads|uses)\b)|"
    r"i (?:wonder|guess|suspect|think|believe|suppose|assume|hope|know)\b|"
    r"(?:someone|somebody|he|she|they|a friend|my \w+|our \w+) (?:(?:has|have|just|recently) )*"
    r"(?:sent|gave|wrote|made|left|took|found|\w+ed)\b|"
    r"i'm|i am|i have|i've|i got|we have|we've|we are|we're|there (?:is|are)|there's|"
    r"here(?:'s| is| are)|this is|these are|it (?:is|has)|it's|"
    r"(?:the|this|these|my|our|attached|enclosed)\b[^,]{0,60}?"
    r"\b(?:is|are|shows?|lists?|contains?|has|have|holds?|was|were)\b)",
    re.IGNORECASE,
)
_WISHES = re.compile(
    r"\b(?:wants?|needs?|like|wish|looking for|interested|please|should|must)\b", re.IGNORECASE
)
_CAN = re.compile(
    r"\b(?:so (?:that )?)?(?:i|we|they|he|she|people|anyone|everybody|everyone|you|my \w+) "
    r"(?:can|could|may|will|'ll) "
    r"(?:then |also |easily )?\w+"
    r"(?:(?!\s+(?:and|then|as|in|into|using|but|or)\b)\s+[^\s,.;:!?]+(?![^\s,.;:!?]))*",
    re.IGNORECASE,
)
#: Who wants it, before what they want.
_ASKS = re.compile(
    r"\b(?:my|our|the|his|her|their) \w+(?: \w+)? (?:wants?|needs?|would like|"
    r"asked(?: (?:me|us))?(?: (?:for|to))?|(?:is|are) asking for|requires?)\b",
    re.IGNORECASE,
)
#: "Which of my customers will come back" tells nothing: it asks for that.
_ASKED = re.compile(r"\s*(?:which|what|who|whose|how|when|where|why)\b", re.IGNORECASE)
_REASON = re.compile(r"\b(?:because|since i|since we|as i |so that|in order that)\b[^.!?;\n]*", re.IGNORECASE)
_WISH_FIRST = re.compile(r"\s*(?:can|could|would|will) you|.*\b(?:want|need|like)\b", re.IGNORECASE)


def asides(text: str) -> list[tuple[int, int]]:
    """Places of the text, `[start, end)`, whose words are no demand.

    >>> [text[a:b] for text in ("I'm too busy. Sum it up so I can read it",) for a, b in asides(text)]
    ["I'm too busy", 'so I can read']
    """
    sentences = list(_SENTENCE.finditer(text))
    found: list[tuple[int, int]] = []
    for sentence in sentences:
        states = _STATES.match(sentence[0]) and not _WISHES.search(sentence[0])
        if states and len(sentences) > 1:
            found.append(sentence.span())
    asked = [sentence.span() for sentence in sentences if _ASKED.match(sentence[0])]
    others = (match for pattern in (_CAN, _REASON, _ASKS) for match in pattern.finditer(text))
    found.extend(
        match.span()
        for match in others
        if match.re is _ASKS
        or not (
            _WISH_FIRST.match(match[0])
            or (match.re is _CAN and any(a <= match.start() < b for a, b in asked))
        )
    )
    return sorted(found)
