"""Why a page could not be had, in words that fit into a report."""

from http import HTTPStatus

from OpenSSL import SSL
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from twisted.internet.error import ConnectError

from moxu.corpus.book import one_line

PASSING = (  # failures that may be gone in a while; what an archive that was cut raises is an OSError
    CannotResolveHostError,
    ConnectError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)
UNREACHABLE = (CannotResolveHostError, ConnectError, DownloadConnectionRefusedError)
NO_TLS = "wrong version number"  # what OpenSSL says of an answer that is plain text
TOO_MANY_REDIRECTS = "redirects too often"
NOT_REACHED = "was not reached before the crawl was stopped"


class PageFailed(Exception):
    """A page that cannot be had; the message says why, and fits behind the address of the page and a colon."""


def status_reason(status: int) -> str:
    """Return what an answer with this status says, such as ``answers 404 Not Found``."""
    known = status in HTTPStatus.__members__.values()
    return f"answers {status} {HTTPStatus(status).phrase}" if known else f"answers {status}"


def is_unreachable(error: Exception) -> bool:
    """Say whether a download failed because there is no such server, whatever one asks it for."""
    return isinstance(error, UNREACHABLE) or (isinstance(error, DownloadFailedError) and NO_TLS in str(error))


def reason_of(error: Exception, timeout: float, max_bytes: int) -> str:
    """Return why a download failed, whatever Scrapy, Twisted or a decompressor raised."""
    match error:
        case PageFailed():
            return str(error)
        case DownloadTimeoutError():
            return f"gives no whole answer within {timeout:g} seconds"
        case CannotResolveHostError():
            return "its host is not known"
        case DownloadConnectionRefusedError():
            return "its host refuses the connection"
        case ResponseDataLossError():
            return "the answer breaks off"
        case DownloadFailedError() if NO_TLS in str(error):
            return "its host speaks no https there; try http://"
        case DownloadFailedError():
            return f"the connection broke ({_innermost(error)})"
        case ConnectError():
            return "its host cannot be reached"
        case DownloadCancelledError():
            return f"is larger than {max_bytes:,} bytes; --max-page-bytes allows more"
        case IgnoreRequest() if "redirections" in str(error):
            return TOO_MANY_REDIRECTS
        case IgnoreRequest():
            return f"is larger than {max_bytes:,} bytes once unpacked; --max-page-bytes allows more"
    return f"the answer cannot be read ({type(error).__name__}: {error})"


def _innermost(error: Exception) -> str:
    """Return what broke a connection, in the words of OpenSSL or Twisted, without those around them."""
    reasons = [reason.value for reason in getattr(error.__cause__, "reasons", ())]
    if not reasons:
        return str(error)
    last = reasons[-1]
    if isinstance(last, SSL.Error) and last.args:
        return ", ".join(str(one[-1]) for one in last.args[0]) or "TLS"
    return one_line(str(last)).rstrip(".") or type(last).__name__
