"""Servers have to be who they say they are, unless the user does not mind."""

import ipaddress
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from moxu.corpus.crawl.crawl import crawl
from moxu.corpus.crawl.options import CrawlOptions
from moxu.corpus.crawl.result import CrawlResult
from moxu.errors import TextError
from sites import Site, small_book

HERE = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
ELSEWHERE = x509.DNSName("other.example")
DAY = timedelta(days=1)


def certificate(path: Path, host: x509.GeneralName = HERE, *, ends: timedelta = DAY) -> Path:
    """Write a certificate that nobody but itself has signed, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a site of the tests")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - 9 * DAY, now + ends)
        .add_extension(x509.SubjectAlternativeName([host]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(made.public_bytes(Encoding.PEM) + private)
    return path


def served(path: Path) -> Site:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(path)
    return Site(small_book(12), tls)


def fetch(site: Site, out: Path, **options: bool) -> CrawlResult:
    return crawl(site.url("/book/"), out, CrawlOptions(allow_private=True, throttle=False, **options))  # type: ignore[arg-type]


@pytest.fixture
def unsigned(tmp_path: Path) -> Iterator[Site]:
    with served(certificate(tmp_path / "site.pem")) as site:
        yield site


@pytest.mark.parametrize("obey_robots", [True, False])
def test_server_that_nobody_vouches_for_is_asked_for_nothing(unsigned: Site, tmp_path: Path, obey_robots: bool) -> None:
    with pytest.raises(TextError) as error:
        fetch(unsigned, tmp_path / "book", obey_robots=obey_robots)
    why = "its certificate has expired, or nobody known has signed it; --insecure asks nevertheless"
    assert str(error.value) == f"{unsigned.url('/book/')}: {why}"
    assert not unsigned.asked


def test_server_that_nobody_vouches_for_is_asked_when_the_user_does_not_mind(unsigned: Site, tmp_path: Path) -> None:
    assert fetch(unsigned, tmp_path / "book", insecure=True).is_complete


@pytest.mark.parametrize(
    ("host", "ends", "why"),
    [
        (ELSEWHERE, DAY, "its certificate is not for this host; --insecure"),
        (HERE, -DAY, "its certificate has expired"),
    ],
)
def test_certificate_of_another_host_or_time_is_refused_though_its_signer_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: x509.GeneralName, ends: timedelta, why: str
) -> None:
    path = certificate(tmp_path / "site.pem", host, ends=ends)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with served(path) as site:
        with pytest.raises(TextError, match=why):
            fetch(site, tmp_path / "book")
        assert not site.asked


def test_server_that_an_authority_of_the_system_vouches_for_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = certificate(tmp_path / "site.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with served(path) as site:
        assert fetch(site, tmp_path / "book").is_complete
