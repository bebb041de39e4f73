"""What HTTP statuses mean."""

import pytest

from tools.errors import BadArguments, BadOutput, NotAuthorised, RateLimited, ServerFault
from tools.statuses import retry_after, status_error


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (304, BadOutput),
        (400, BadArguments),
        (401, NotAuthorised),
        (403, NotAuthorised),
        (404, BadArguments),
        (408, ServerFault),
        (422, BadArguments),
        (429, RateLimited),
        (500, ServerFault),
        (503, ServerFault),
    ],
)
def test_every_status_has_its_error(status: int, kind: type) -> None:
    error = status_error(status, {}, host="h.example", excerpt="why")
    assert type(error) is kind
    assert str(error).startswith(f"h.example answered {status}: why")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        (" 1.5 ", 1.5),
        ("-3", 0.0),
        ("1e9", 86_400.0),
        ("inf", None),
        ("nan", None),
        ("soon", None),
        ("", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 2015 07:28:00", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400.0),
    ],
)
def test_the_pause_is_read_in_both_forms_and_bounded(text: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": text}) == seconds


def test_without_the_header_there_is_no_pause() -> None:
    assert retry_after({}) is None
