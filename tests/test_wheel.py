"""What is installed: a wheel that is built from this tree has every file that the program looks for at run time."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests_paths import REPOSITORY

PROGRAM = """
import sys
from pathlib import Path

import httpx
import moxu
from moxu.cli.model_choice import find
from moxu.serve.app import make_app
from moxu.serve.service import Service
from moxu.store.store import Store

import asyncio

installed = Path(sys.argv[1])
assert installed in Path(moxu.__file__).parents, moxu.__file__
assert (find("default") / "model.safetensors").is_file()
with Store.open(f"sqlite:///{sys.argv[2]}") as store:
    pass

async def get(path):
    transport = httpx.ASGITransport(make_app(Service({})))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return await client.get(path)

page = asyncio.run(get("/"))
script = page.text.partition('src="')[2].partition('"')[0]
assert [page.status_code, asyncio.run(get(script)).status_code] == [200, 200], script
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what a wheel of this tree puts beside other packages."""
    place = tmp_path_factory.mktemp("wheel")
    build = f"from hatchling.build import build_wheel; build_wheel({str(place)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=REPOSITORY, check=True, capture_output=True)
    (wheel,) = place.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place / "installed")
    return place / "installed"


def test_a_wheel_has_every_file_of_the_package(installed: Path) -> None:
    files = {path.relative_to(installed).as_posix() for path in (installed / "moxu").rglob("*") if path.is_file()}
    source = REPOSITORY / "src"
    there = {path.relative_to(source).as_posix() for path in (source / "moxu").rglob("*") if path.is_file()}
    assert files == {name for name in there if "__pycache__" not in name}
    assert {"moxu/pretrained/default/model.safetensors", "moxu/serve/static/index.html"} <= files
    assert any(name.startswith("moxu/store/migrations/versions/v0001") for name in files)


def test_stories_are_kept_and_the_page_is_shown_from_what_a_wheel_installs(installed: Path, tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", PROGRAM, str(installed), str(tmp_path / "stories.db")]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "stories.db").is_file()
