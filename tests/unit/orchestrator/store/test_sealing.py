"""Secrets at rest."""

from orchestrator.store.sealing import Sealed

OLD, NEW = "o" * 32, "n" * 32


def test_what_is_sealed_opens_under_its_key_and_name_alone() -> None:
    sealed = Sealed([OLD]).seal("crm", "opensesame")
    assert "opensesame" not in sealed
    assert Sealed([OLD]).open("crm", sealed) == "opensesame"
    assert Sealed([NEW]).open("crm", sealed) is None
    assert Sealed([OLD]).open("bank", sealed) is None
    assert Sealed([OLD]).open("crm", sealed[:-4] + "AAA=") is None


def test_an_old_key_opens_and_does_not_seal() -> None:
    both = Sealed([NEW, OLD])
    assert both.open("crm", Sealed([OLD]).seal("crm", "opensesame")) == "opensesame"
    assert Sealed([OLD]).open("crm", both.seal("crm", "opensesame")) is None


def test_the_same_value_never_looks_the_same() -> None:
    sealed = Sealed([NEW])
    assert sealed.seal("crm", "opensesame") != sealed.seal("crm", "opensesame")
