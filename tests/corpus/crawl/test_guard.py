"""The guard: public addresses pass, all others do not, however they are spelled or hidden."""

from ipaddress import ip_address

import pytest

from moxu.corpus.crawl.failures import PageFailed
from moxu.corpus.crawl.guard import Guard, is_public, origin

PRIVATE = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.0.1",
    "169.254.169.254",  # where clouds tell secrets to their machines
    "100.64.0.1",  # shared by customers of one provider
    "192.0.0.8",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "fe80::1",
    "fe80::1%2",
    "fec0::1",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "100::1",
    "2001:db8::1",
    "2002:7f00:1::",  # 6to4 of 127.0.0.1
    "2002:c0a8:1::1",  # 6to4 of 192.168.0.1
    "2001:0:4136:e378:8000:63bf:80ff:fffe",  # Teredo
    "64:ff9b::127.0.0.1",  # NAT64
    "64:ff9b::a00:1",
    "64:ff9b:1::1",
    "4000::1",
]
PUBLIC = ["1.1.1.1", "93.184.215.14", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:101:101::1"]


@pytest.mark.parametrize("address", PRIVATE)
def test_address_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_address_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "0x7f.1", "0X7F000001", "017700000001", "2130706433", "0", "10.0.0.1.", "192.168.257"),
        *("[::1]", "[::ffff:127.0.0.1]", "[fe80::1]", "localhost", "LOCALHOST", "localhost.", "a.localhost"),
        *("localhost.localdomain", "169.254.169.254", "１２７。０.0.1", "ｌocalhost"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_url_of_a_private_host_is_refused(scheme: str, host: str) -> None:
    with pytest.raises(PageFailed, match=r"^refused: .* is a (private address|name of this machine)$"):
        Guard().check_url(f"{scheme}://{host}:8080/book/")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("file:///etc/passwd", "expected http or https, not 'file'"),
        ("ftp://example.com/", "expected http or https, not 'ftp'"),
        ("javascript:alert(1)", "expected http or https, not 'javascript'"),
        ("//example.com/", "expected an address that begins with http:// or https://"),
        ("http:///book", "names no host"),
        ("http://example.com:99999/", "is no address of a page"),
        ("http://[::1/", "is no address of a page"),
        ("http://\x91ï.example/", "no host has such a name"),
        (f"http://{'a' * 70}.example/", "no host has such a name"),
        ("http://me:secret@example.com/", "a name or a password"),
        ("http://me@example.com/", "a name or a password"),
    ],
)
def test_url_that_is_no_page_of_the_web_is_refused(url: str, why: str) -> None:
    with pytest.raises(PageFailed) as error:
        Guard().check_url(url)
    assert why in str(error.value)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "https://example.com:8443/a?b=c",
        "http://1.1.1.1/",
        "http://[2606:4700::1111]/",
        "http://雾港.example/",
    ],
)
def test_url_of_a_public_host_passes(url: str) -> None:
    Guard().check_url(url)


def test_only_the_origin_that_is_allowed_may_be_private() -> None:
    guard = Guard(frozenset({origin("http://LocalHost:8000/book/")}))
    guard.check_url("http://localhost:8000/other")
    for other in ("http://localhost:8001/", "http://localhost/", "http://127.0.0.1:8000/"):
        with pytest.raises(PageFailed):
            guard.check_url(other)


def test_origin_has_the_port_of_its_scheme() -> None:
    assert origin("http://Example.com/") == "example.com:80"
    assert origin("https://example.com./") == "example.com:443"


def test_private_answers_of_a_name_server_are_not_connected_to() -> None:
    guard = Guard()
    assert guard.permitted("mixed.example", 80, ["127.0.0.1", "1.1.1.1", "::1"]) == ["1.1.1.1"]
    assert guard.refusal("http://mixed.example/") is None
    assert guard.permitted("inside.example", 80, ["10.0.0.1", "::1"]) == []
    assert str(guard.refusal("http://Inside.example/a")) == "refused: inside.example has a private address"
    assert guard.refusal("http://inside.example:81/") is None


def test_name_without_an_address_is_not_reported_as_refused() -> None:
    guard = Guard()
    assert guard.permitted("nowhere.example", 80, []) == []
    assert guard.refusal("http://nowhere.example/") is None


def test_allowed_origin_may_have_private_addresses_at_its_port_only() -> None:
    guard = Guard(frozenset({"books.example:8000"}))
    assert guard.permitted("books.example", 8000, ["192.168.0.9"]) == ["192.168.0.9"]
    assert guard.permitted("books.example", 8001, ["192.168.0.9"]) == []
