"""Servers have to be who they say they are, unless the user does not mind."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from certificates import DAY, ELSEWHERE, HERE, self_signed
from moxu.corpus.crawl.crawl import crawl
from moxu.corpus.crawl.options import CrawlOptions
from moxu.corpus.crawl.result import CrawlResult
from moxu.errors import TextError
from sites import Site, small_book


def fetch(site: Site, out: Path, **options: bool) -> CrawlResult:
    return crawl(site.url("/book/"), out, CrawlOptions(allow_private=True, throttle=False, **options))  # type: ignore[arg-type]


@pytest.fixture
def unsigned(tmp_path: Path) -> Iterator[Site]:
    with Site(small_book(12), self_signed(tmp_path / "site.pem")) as site:
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
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "site.pem"))
    with Site(small_book(12), self_signed(tmp_path / "site.pem", host, ends=ends)) as site:
        with pytest.raises(TextError, match=why):
            fetch(site, tmp_path / "book")
        assert not site.asked


def test_server_that_an_authority_of_the_system_vouches_for_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "site.pem"))
    with Site(small_book(12), self_signed(tmp_path / "site.pem")) as site:
        assert fetch(site, tmp_path / "book").is_complete
