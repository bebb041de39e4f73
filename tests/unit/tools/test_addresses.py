"""Which hosts may be dialled."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.addresses import AllowList, is_public, parse_host
from tools.errors import AddressForbidden

NOBODY = AllowList()

PRIVATE = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.127.255.255",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::808:808",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:2::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:c0a8:101::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700::1%eth0",
    "fec0::1",
    "ff02::1",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.216.34",
    "100.63.255.255",
    "100.128.0.0",
    "172.32.0.1",
    "192.1.0.1",
    "2606:4700:4700::1111",
    "2a00:1450:4001:82b::200e",
    "64:ff9b::808:808",
    "2002:808:808::1",
    "::ffff:8.8.8.8",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_of_the_public_internet_are_told_apart(address: str) -> None:
    assert not is_public(ip_address(address))
    with pytest.raises(AddressForbidden, match="not a public address"):
        NOBODY.check_host(address, 443)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(ip_address(address))
    assert NOBODY.check_host(address, 443) == ip_address(address)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_no_more_public_inside_an_ipv6_one(address: object) -> None:
    number = int(address)  # type: ignore[call-overload]
    public = is_public(address)
    assert is_public(ip_address(0xFFFF << 32 | number)) == public
    assert is_public(ip_address(0x64FF9B << 96 | number)) == public
    assert is_public(ip_address(0x2002 << 112 | number << 80)) == public


@given(st.ip_addresses())
def test_what_python_calls_private_is_never_public(address: object) -> None:
    ip = ip_address(str(address))
    translated = ip.version == 6 and int(ip) >> 32 in (0xFFFF, 0x64FF9B << 64)
    if not translated and (ip.is_private or ip.is_loopback or ip.is_link_local or ip.is_multicast):
        assert not is_public(ip)


@pytest.mark.parametrize(
    "host",
    [
        "0",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0x7f.0.0.0x1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.01",
        "127.0.0.256",
        "1.2.3.4.5",
        "8.8.8",
        "0x",
        "example.com.0x7f",
        "",
        ".",
        "..",
        "a b",
        "%31%32%37.0.0.1",
        "127.0.0.1\\@example.com",
        "exa\nmple.com",
        "example.com/",
        "-",
        "１２７.０.０.１",
    ],
)
def test_hosts_that_programs_read_differently_are_refused(host: str) -> None:
    with pytest.raises(AddressForbidden):
        NOBODY.check_host(host, 80)


def test_a_name_is_compared_in_lower_case_and_without_its_last_dot() -> None:
    assert parse_host("Example.COM.") == "example.com"
    assert str(parse_host("127.0.0.1.")) == "127.0.0.1"
    assert str(parse_host("[::1]")) == "::1"


@pytest.mark.parametrize("host", ["metadata.google.internal", "METADATA.google.internal.", "metadata"])
def test_names_that_serve_credentials_are_refused_before_they_resolve(host: str) -> None:
    with pytest.raises(AddressForbidden, match="credentials of the machine"):
        NOBODY.check_host(host, 80)


@pytest.mark.parametrize(
    ("entry", "host", "port", "allowed"),
    [
        ("127.0.0.1", "127.0.0.1", 9, True),
        ("127.0.0.1", "::ffff:127.0.0.1", 9, True),
        ("127.0.0.1", "127.0.0.2", 9, False),
        ("127.0.0.1:8080", "127.0.0.1", 8080, True),
        ("127.0.0.1:8080", "127.0.0.1", 8081, False),
        ("10.0.0.0/8", "10.255.0.1", 80, True),
        ("10.0.0.0/8", "11.0.0.1", 80, True),
        ("10.0.0.0/8", "192.168.0.1", 80, False),
        ("[::1]:8080", "::1", 8080, True),
        ("[::1]:8080", "::1", 80, False),
        ("::1", "::1", 80, True),
        ("fd00::/8", "fd12::1", 80, True),
        ("localhost", "127.0.0.1", 80, False),
        ("metadata.google.internal", "metadata.google.internal", 80, True),
        (" Metadata:80 ", "metadata", 80, True),
        ("metadata:80", "metadata", 81, False),
    ],
)
def test_the_operator_may_allow_hosts_ports_and_networks(
    entry: str, host: str, port: int, allowed: bool
) -> None:
    allow = AllowList.parse([entry])
    if allowed:
        allow.check_host(host, port)
    else:
        with pytest.raises(AddressForbidden):
            allow.check_host(host, port)


def test_an_allowed_name_may_have_any_address() -> None:
    allow = AllowList.parse(["db.internal:5000"])
    allow.check_addresses("db.internal", 5000, [ip_address("10.0.0.5")])
    for host, port in [("db.internal", 5001), ("other.internal", 5000)]:
        with pytest.raises(AddressForbidden, match=r"internal \(10\.0\.0\.5\) is not a public address"):
            allow.check_addresses(host, port, [ip_address("10.0.0.5")])


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(AddressForbidden, match=r"192\.168\.0\.1"):
        NOBODY.check_addresses("example.com", 443, [ip_address("8.8.8.8"), ip_address("192.168.0.1")])


@pytest.mark.parametrize(
    "entry", ["http://localhost", "10.0.0.0/33", "127.1", "a b", "", "*", "host:", "1.2.3.4:"]
)
def test_an_entry_that_makes_no_sense_is_refused_at_the_start(entry: str) -> None:
    with pytest.raises(ValueError, match="is no allowed host"):
        AllowList.parse([entry])
