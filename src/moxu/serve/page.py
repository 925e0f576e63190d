"""The page of the writing desk, and the policy under which a browser shows it.

Scripts come from files of this server only. Styles do, too, but for those that the editor makes for itself: they bear
a nonce that is another for each page. The files beside the page have names that change with what is in them, so that a
browser need never ask for one of them twice.
"""

import os
import secrets
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from moxu.serve.security import POLICY

STATIC = Path(str(files("moxu.serve"))) / "static"
ASSETS = STATIC / "assets"
NONCE = "{{nonce}}"
"""What stands in index.html where a nonce is to be."""

router = APIRouter()


class Assets(StaticFiles):
    """The files of the page, which a browser may keep for ever: another build gives them other names."""

    def __init__(self) -> None:
        super().__init__(directory=ASSETS)

    def file_response(self, full_path: os.PathLike[str] | str, *rest: Any, **more: Any) -> Response:
        answer = super().file_response(full_path, *rest, **more)
        answer.headers["cache-control"] = "public, max-age=31536000, immutable"
        return answer


@router.head("/", include_in_schema=False)
@router.get("/", include_in_schema=False)
def page() -> HTMLResponse:
    """Show the page."""
    nonce = secrets.token_urlsafe(16)
    text = (STATIC / "index.html").read_text("utf-8").replace(NONCE, nonce)
    policy = f"{POLICY}; style-src 'self' 'nonce-{nonce}'"
    return HTMLResponse(text, headers={"content-security-policy": policy, "cache-control": "no-store"})
