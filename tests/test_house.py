"""The rules of the house, as far as a program can see them: sizes, imports, names, and what loads what."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGE = REPOSITORY / "src" / "moxu"
SOURCES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((REPOSITORY / "tests").rglob("*.py"))
BENCHMARKS = sorted((REPOSITORY / "benchmarks").rglob("*.py"))
SCRIPTS = sorted((REPOSITORY / "scripts").iterdir())
EVERYTHING = [*SOURCES, *TESTS, *BENCHMARKS, *SCRIPTS]

FEWER_LINES_A_FILE, FEWER_LINES_A_FUNCTION = 400, 60
SAYS_NOTHING = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"}

# What other programs may import. A name that appears or goes is a decision: write it down here and in CHANGELOG.md.
PUBLIC = {
    "__init__": {"__version__"},
    "errors": {"CheckpointError", "DeviceError", "MoxuError", "SettingsError", "StoreError", "TextError"},
    "language_model": {"Array", "LanguageModel", "Passage", "State"},
    "text/tokenizer": {"Detokenizer", "Tokenizer"},
    "text/prepare": {
        *("BLANK", "END_MARK", "NEWLINE", "SPACES", "aiwriter_opening", "aiwriter_opening_with_empty_lines"),
        *("as_typed", "cpm_parts", "lyric_parts", "opening", "paragraphs"),
    },
    "decode/options": {"PRESETS", "PRESET_TITLES", "SamplingOptions", "check_range", "sampling_options"},
    "models/registry": {"ARCHITECTURES", "architecture", "build"},
    "checkpoints/checkpoint": {"WRITE_DEFAULTS", "Checkpoint", "Format", "ReadOptions", "WriteOptions"},
    "checkpoints/kinds": {"FORMATS"},
    "checkpoints/formats": {"detect", "format_of", "load", "read_checkpoint", "write_checkpoint"},
    "store/records": {
        *("Candidate", "Chapter", "ChapterEntry", "Draft", "Json", "Note", "NoteContent", "NoteKind"),
        *("Revision", "RevisionEntry", "Story", "Verdict"),
    },
    "store/refusals": {"Conflict", "Missing"},
    "store/store": {"Store"},
    "writers/base": {"Continuation", "Event", "Request", "Started", "Writer", "collect", "write_texts"},
    "writers/local": {"LocalWriter"},
}


def name_of(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def functions_of(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text("utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_every_file_has_fewer_than_400_lines() -> None:
    lengths = {name_of(path): path.read_text("utf-8").count("\n") for path in EVERYTHING}
    assert {name: lines for name, lines in lengths.items() if lines >= FEWER_LINES_A_FILE} == {}


def test_every_function_has_fewer_than_60_lines() -> None:
    long = []
    for path in EVERYTHING:
        for function in functions_of(path):
            lines = (function.end_lineno or 0) - function.lineno + 1
            if lines >= FEWER_LINES_A_FUNCTION:
                long.append(f"{name_of(path)}: {function.name}: {lines}")
    assert long == []


def test_every_module_says_what_it_is() -> None:
    modules = [*SOURCES, *BENCHMARKS, *SCRIPTS]
    silent = [name_of(path) for path in modules if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]
    assert silent == []


def test_the_map_of_the_checkpoints_names_every_module() -> None:
    package = PACKAGE / "checkpoints"
    named = set(
        re.findall(r"``(\w+)``", ast.get_docstring(ast.parse((package / "__init__.py").read_text("utf-8"))) or "")
    )
    assert named == {path.stem for path in package.glob("*.py")} - {"__init__"}


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [name_of(path) for path in EVERYTHING if SAYS_NOTHING & set(path.stem.split("_"))] == []


def test_every_test_of_a_package_is_named_after_a_module() -> None:
    folder = REPOSITORY / "tests"
    tests = [path.relative_to(folder) for path in TESTS if path.name.startswith("test_") and path.parent != folder]
    modules = {path.relative_to(PACKAGE) for path in SOURCES}
    of_modules = [path for path in tests if path.parts[0] != "desk"]  # tests/desk are of the page, which is in web/
    assert [path for path in of_modules if path.with_name(path.name.removeprefix("test_")) not in modules] == []


def test_no_except_is_bare() -> None:
    trees = {name_of(path): ast.parse(path.read_text("utf-8")) for path in SOURCES}
    handlers = [
        (name, node.lineno)
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and node.type is None
    ]
    assert handlers == []


def test_imports_run_one_way() -> None:
    # In a process of its own: it would silence all loggers of this one, and fails where Twisted is loaded.
    code = "import sys, importlinter.cli as cli; sys.exit(cli.lint_imports(sys.argv[1], no_cache=True, no_logo=True))"
    command = [sys.executable, "-c", code, str(REPOSITORY / "pyproject.toml")]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def loaded_by(statement: str) -> set[str]:
    """Return the outermost packages that a new Python has loaded after ``statement``."""
    code = f"{statement}\nimport sys\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "statement", ["import moxu", "from moxu.cli.main import main\nmain(['--help'])", "import moxu.writers.local"]
)
def test_torch_and_transformers_are_not_loaded_by(statement: str) -> None:
    assert loaded_by(statement) & {"torch", "transformers", "safetensors"} == set()


@pytest.mark.parametrize("package", ["text", "decode", "corpus"])
def test_torch_is_not_loaded_by_any_module_of(package: str) -> None:
    paths = (path.relative_to(PACKAGE.parent).with_suffix("") for path in sorted((PACKAGE / package).rglob("*.py")))
    assert "torch" not in loaded_by("\n".join(f"import {'.'.join(path.parts)}" for path in paths))


@pytest.mark.parametrize("module", PUBLIC)
def test_public_names_are_those_that_were_decided_on(module: str) -> None:
    assert defined_names(PACKAGE / f"{module}.py") == PUBLIC[module]


def defined_names(path: Path) -> set[str]:
    """Return the names that a module defines itself, without a leading underscore (but ``__version__``)."""
    names: set[str] = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return {name for name in names if name == "__version__" or not name.startswith("_")}


def test_version_is_that_of_the_changelog() -> None:
    import moxu

    newest = re.search(r"^## \[(.+?)\]", (REPOSITORY / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert newest is not None
    assert newest[1] == moxu.__version__


def test_package_init_files_export_nothing() -> None:
    inits = [path for path in SOURCES if path.name == "__init__.py" and path.parent != PACKAGE]
    assert [name_of(path) for path in inits if len(ast.parse(path.read_text("utf-8")).body) > 1] == []
