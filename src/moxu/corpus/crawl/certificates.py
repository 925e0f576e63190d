"""Which servers are believed: those with a certificate for the very name that was asked for, from a known authority.

Scrapy believes every server. Known are the authorities of the system, which ``SSL_CERT_FILE`` may add to, and those of
Mozilla's list in certifi: the OpenSSL that comes with Python's packages finds none on macOS and Windows.
"""

from typing import Any

import certifi
from OpenSSL import SSL
from scrapy.exceptions import DownloadFailedError
from service_identity import CertificateError, VerificationError
from twisted.internet._sslverify import IOpenSSLTrustRoot
from twisted.internet.ssl import AcceptableCiphers, optionsForClientTLS
from twisted.web.client import HostnameCachingHTTPSPolicy
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer  # type: ignore[import-untyped]

CIPHERS = "DEFAULT"  # of OpenSSL; Twisted's own choice leaves out what old servers have
ADVICE = "--insecure asks nevertheless"


def checked_certificates() -> Any:
    """Return what Twisted asks how to speak TLS with a host; it remembers the hosts, since authorities are many."""
    return HostnameCachingHTTPSPolicy(_Policy())  # type: ignore[arg-type]


def certificate_problem(error: Exception) -> str | None:
    """Return what is wrong with the certificate of a server; None when a download failed for another reason."""
    if not isinstance(error, DownloadFailedError):
        return None
    for reason in getattr(error.__cause__, "reasons", ()):
        if isinstance(reason.value, VerificationError | CertificateError):
            return f"its certificate is not for this host; {ADVICE}"
        if isinstance(reason.value, SSL.Error) and "certificate verify failed" in str(reason.value):
            return f"its certificate has expired, or nobody known has signed it; {ADVICE}"
    return None


@implementer(IOpenSSLTrustRoot)
class _Authorities:
    def _addCACertsToContext(self, context: SSL.Context) -> None:  # noqa: N802 — the name is Twisted's
        context.set_default_verify_paths()
        context.load_verify_locations(certifi.where())


@implementer(IPolicyForHTTPS)
class _Policy:
    def creatorForNetloc(self, hostname: bytes, port: int) -> Any:  # noqa: N802, ARG002 — the name is Twisted's
        ciphers = AcceptableCiphers.fromOpenSSLCipherString(CIPHERS)  # type: ignore[no-untyped-call]
        options = {"fixBrokenPeers": True, "acceptableCiphers": ciphers}
        authorities: Any = _Authorities()
        return optionsForClientTLS(hostname.decode("ascii"), authorities, extraCertificateOptions=options)
