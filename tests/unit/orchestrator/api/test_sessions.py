"""Sessions and one-time codes."""

from __future__ import annotations

import base64
import stat

import pytest

from orchestrator.api.sessions import CODE_SECONDS, SESSION_SECONDS, LoginCodes, Sessions

NOW = 1_795_000_000.0


def test_a_session_is_good_until_it_expires():
    sessions = Sessions("secret")
    cookie = sessions.make(now=NOW)
    assert sessions.valid(cookie, now=NOW)
    assert sessions.valid(cookie, now=NOW + SESSION_SECONDS - 1)
    assert not sessions.valid(cookie, now=NOW + SESSION_SECONDS)


def test_a_session_of_another_secret_is_refused():
    assert not Sessions("other").valid(Sessions("secret").make(now=NOW), now=NOW)


def test_no_bit_of_a_session_can_be_changed():
    sessions = Sessions("secret")
    raw = base64.urlsafe_b64decode(sessions.make(now=NOW))
    for place in range(len(raw)):
        forged = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        assert not sessions.valid(base64.urlsafe_b64encode(forged).decode(), now=NOW)


@pytest.mark.parametrize("text", ["", "x", "====", "AAAA", "é", "A" * 10_000])
def test_what_is_no_session_is_refused(text):
    assert not Sessions("secret").valid(text, now=NOW)


def test_a_code_is_good_once(tmp_path):
    codes = LoginCodes(tmp_path / "codes")
    code, expires = codes.make(now=NOW)
    assert expires == NOW + CODE_SECONDS
    assert codes.redeem(code, now=NOW + 1)
    assert not codes.redeem(code, now=NOW + 1)


def test_a_code_is_good_once_over_all_processes_of_a_folder(tmp_path):
    code, _ = LoginCodes(tmp_path).make(now=NOW)
    assert LoginCodes(tmp_path).redeem(code, now=NOW)
    assert not LoginCodes(tmp_path).redeem(code, now=NOW)


def test_a_code_expires(tmp_path):
    codes = LoginCodes(tmp_path)
    code, expires = codes.make(now=NOW)
    assert not codes.redeem(code, now=expires)


def test_the_code_itself_is_not_on_the_disk(tmp_path):
    folder = tmp_path / "codes"
    code, _ = LoginCodes(folder).make()
    (file,) = folder.iterdir()
    assert code not in file.name
    assert code not in file.read_text()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_codes_nobody_used_are_swept_away(tmp_path):
    codes = LoginCodes(tmp_path)
    codes.make()
    codes.make()
    (first, *_) = tmp_path.iterdir()
    codes.make(now=first.stat().st_mtime + CODE_SECONDS + 60)
    assert len(list(tmp_path.iterdir())) == 1
