"""The documents against the program: every command parses, those marked `sh run` are run, tables name what there is.

Conventions, in all Markdown files and in the comments of recipes:

- ```sh run            each line is a moxu command, run in order in a folder with tiny models and texts
- ```sh, and `moxu …`  each moxu command in it must parse: its name, its options, their values
- ```python run        is run there too
- ```toml NAME         is written to the file NAME there first; so are ```tsv NAME and ```txt NAME
"""

import dataclasses
import re
import shlex
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

import click
import pytest
import torch

from moxu.checkpoints import aiwriter1, aiwriter2, chargpt, cpm1, hf, misaka3, rwkv7
from moxu.checkpoints import folder as moxu_folder
from moxu.checkpoints.checkpoint import Checkpoint, WriteOptions
from moxu.checkpoints.kinds import FORMATS
from moxu.cli import model_choice, models
from moxu.cli.main import cli, main
from moxu.decode.options import PRESET_TITLES, PRESETS, SamplingOptions
from moxu.models.registry import ARCHITECTURES, build
from moxu.text.chars import CharTokenizer
from moxu.text.cpm import CpmTokenizer
from moxu.text.rwkv_world import VOCAB_SIZE, RwkvWorldTokenizer
from moxu.text.tokenizers import KINDS
from moxu.text.turns import SPECIAL, TurnsTokenizer
from moxu.text.word_table import UNKNOWN, WordTable
from moxu.text.wordpiece import WordPieceTokenizer
from moxu.train.recipe import Recipe

REPOSITORY = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/*.md"), *REPOSITORY.glob("src/**/*.md")])
RECIPES = sorted(REPOSITORY.glob("recipes/*.toml"))
TEXT = "夜里下了一场雨。他推开门，院子里静悄悄的，这是一颗老树。\n「谁在那里？」她问。没有人回答，只听见风的声音。\n"


@dataclass(frozen=True)
class Block:
    """A fenced block: the words after the fence, its lines, and the number of the first."""

    words: tuple[str, ...]
    text: str
    line: int


def blocks(document: Path) -> list[Block]:
    pattern = re.compile(r"^```(\S[^\n]*)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    text = document.read_text("utf-8")
    return [
        Block(tuple((match[1] or "").split()), match[2], text[: match.start(2)].count("\n") + 1)
        for match in pattern.finditer(text)
    ]


def commands_of(text: str) -> Iterator[list[str]]:
    """Yield the arguments of each moxu command in a shell text; comments and other programs are left out."""
    for line in text.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
        lexer.commenters, lexer.whitespace_split = "#", True
        command: list[str] = []
        for word in [*lexer, ";"]:
            if not set(word) <= set("|&;<>"):
                command.append(word)
                continue
            if command and Path(command[0]).name == "moxu":
                yield command[1:]
            command = []


def inline_commands(document: Path) -> Iterator[list[str]]:
    """Yield the commands in code within a line of prose."""
    prose = re.sub(r"^```.*?^```$", "", document.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for code in re.findall(r"`(moxu [^`]+)`", prose):
        yield from commands_of(code)


def parse(arguments: list[str]) -> None:
    """Let click parse a command without running it; click.UsageError when it cannot."""
    command: click.Command = cli
    context = click.Context(cli, info_name="moxu")
    while isinstance(command, click.Group) and arguments and not arguments[0].startswith("-"):
        name, *arguments = arguments
        found = command.get_command(context, name)
        if found is None:
            raise click.UsageError(f"no command {name!r}", context)
        command = found
    arguments = [word for word in arguments if word != "--help"]  # which would print at once
    if not isinstance(command, click.Group) and arguments:  # a name alone is prose about the command
        command.make_context("moxu", list(arguments))


def name_of(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_command_in_a_document_parses(document: Path) -> None:
    shell = [block.text for block in blocks(document) if block.words[:1] == ("sh",)]
    for arguments in [*(one for text in shell for one in commands_of(text)), *inline_commands(document)]:
        try:
            parse(arguments)
        except click.UsageError as error:
            pytest.fail(f"{name_of(document)}: moxu {shlex.join(arguments)}: {error.format_message()}")


@pytest.mark.parametrize("recipe", RECIPES, ids=name_of)
def test_every_command_in_a_recipe_parses(recipe: Path) -> None:
    comments = [line.removeprefix("#") for line in recipe.read_text("utf-8").splitlines() if line.startswith("#")]
    commands = list(commands_of("\n".join(line for line in comments if line.strip().startswith("moxu "))))
    assert commands
    for arguments in commands:
        parse(arguments)


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the documents speak of: texts, and a tiny checkpoint of each kind with its vocabulary."""
    place = tmp_path_factory.mktemp("workplace")
    (place / "chapter.txt").write_text(TEXT * 4, "utf-8")
    (place / "novels").mkdir()
    for name in ("first", "second", "third"):
        (place / "novels" / f"{name}.txt").write_text(TEXT * 30, "gb18030")
    (place / "novels.tsv").write_text(
        "title\tsplit\tera\tstyle\nfirst\ttrain\tnow\tprose\nsecond\ttrain\tnow\tprose\nthird\tvalidation\tnow\tprose\n",
        "utf-8",
    )
    shutil.copytree(REPOSITORY / "recipes", place / "recipes")
    chars = CharTokenizer("".join(sorted(set(TEXT))))
    ranks = dict.fromkeys(("decay_rank", "a_rank", "v_rank", "gate_rank"), 4)
    small: dict[str, Any] = {"width": 16, "layers": 1, "head_size": 8, **ranks}
    goose = checkpoint("rwkv7", {"vocab_size": chars.vocab_size, **small})
    moxu_folder.write(dataclasses.replace(goose, tokenizer=chars), place / "model")
    write_foreign(place, small)
    return place


def write_foreign(place: Path, small: dict[str, Any]) -> None:
    words = WordTable([*sorted(set(TEXT)), UNKNOWN])
    words.save(place / "words.json")
    sizes: dict[str, Any] = {"layers": 2, "width": 16, "vocab_size": words.vocab_size}
    window = {"context": 32, "heads": 2, "attention_width": 16, "feed_forward_width": 40}
    aiwriter1.write(checkpoint("aiwriter1", sizes | window), place / "wangwen.pth")
    copying = {"context": 32, "ffn_pre": True, "copy_head": True, "b_eps": 1e-9}
    recurrent = checkpoint("aiwriter2", sizes | copying)
    without_mask = {name: tensor for name, tensor in recurrent.tensors.items() if not name.startswith("head_")}
    config = {**recurrent.config, "copy_head": False}
    aiwriter2.write(dataclasses.replace(recurrent, tensors=without_mask, config=config), place / "new.pth")
    RwkvWorldTokenizer({byte + 1: bytes([byte]) for byte in range(256)}).save(place / "rwkv_vocab_v20230424.txt")
    rwkv7.write(checkpoint("rwkv7", {"vocab_size": VOCAB_SIZE, **small}), place / "goose.pth")
    write_transformers(place)
    write_readers(place)
    (place / "lyric.txt").write_text("夜里下了一场雨<eod>院子里静悄悄的<eod>", "utf-8")
    (place / "dialogue.tsv").write_text("你好\t你也好", "utf-8")


def write_transformers(place: Path) -> None:
    """Write what CPM-1, GPT-2 and the course's bot come as: a folder of parts, a Hugging Face folder, a file."""
    cpm = CpmTokenizer.load(REPOSITORY / "tests" / "golden" / "text" / "cpm1_vocab.model")
    (place / "bpe_3w_new").mkdir()
    cpm.save(place / "bpe_3w_new" / "chinese_vocab.model")
    turns = TurnsTokenizer([*SPECIAL, *sorted(set(TEXT) - {"\n"})])
    turns.save(place / "dict_datas.json")
    sizes: dict[str, Any] = {"width": 16, "layers": 1, "heads": 2, "positions": 32}
    cpm1.write(checkpoint("gpt", {"vocab_size": cpm.vocab_size, **sizes}), place / "CPM-1", WriteOptions(parts=2))
    words = WordPieceTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *sorted(set(TEXT) - {"\n"})])
    gpt2 = checkpoint("gpt", {"vocab_size": words.vocab_size, **sizes})
    hf.write(dataclasses.replace(gpt2, tokenizer=words), place / "gpt2")
    course = {"norm": "post", "activation": "relu", "bias": False, "tied": False, "head_bias": True}
    chargpt.write(checkpoint("gpt", {"vocab_size": turns.vocab_size, **sizes, **course}), place / "GPT2.pt")


def write_readers(place: Path) -> None:
    """Write what the models that read a source come as: a BERT folder, and Misaka's file with its vocabulary."""
    words = WordPieceTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *sorted(set(TEXT) - {"\n"})])
    bert: dict[str, Any] = {"width": 16, "layers": 1, "heads": 2, "hidden": 24, "positions": 32}
    unilm = checkpoint("unilm", {"vocab_size": words.vocab_size, **bert})
    hf.write(dataclasses.replace(unilm, tokenizer=words), place / "novel-bert")
    words = WordPieceTokenizer(["[PAD]", "氼", "[UNK]", "[CLS]", "[SEP]", *sorted(set(TEXT) - {"\n"})])
    words.save(place / "vocab.txt")
    gau: dict[str, Any] = {"width": 16, "hidden": 24, "key_size": 8, "encoder_layers": 2, "decoder_layers": 1}
    misaka3.write(checkpoint("gau", {"vocab_size": words.vocab_size, "start_id": 3, **gau}), place / "misaka.h5")


def checkpoint(architecture: str, config: Mapping[str, Any]) -> Checkpoint:
    model = build(architecture, config)
    model.initialise(torch.Generator().manual_seed(1))
    return Checkpoint(architecture, dataclasses.asdict(model.config), model.state_dict())


@pytest.mark.parametrize(
    "document", [one for one in DOCUMENTS if any("run" in block.words for block in blocks(one))], ids=name_of
)
def test_what_a_document_runs_works(
    document: Path, workplace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "place"
    shutil.copytree(workplace, place)
    monkeypatch.chdir(place)
    for user in (model_choice, models):
        monkeypatch.setattr(user, "installed", lambda: {"default": place / "model"})
    for block in blocks(document):
        match block.words:
            case ("toml" | "tsv" | "txt", name):
                (place / name).parent.mkdir(exist_ok=True)
                (place / name).write_text(block.text, "utf-8")
            case ("python", "run"):
                exec(compile(block.text, f"{name_of(document)}:{block.line}", "exec"), {})
            case ("sh", "run"):
                run(block, capsys)


def run(block: Block, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line for line in block.text.replace("\\\n", " ").splitlines() if line and not line.startswith("#")]
    commands = list(commands_of(block.text))
    assert len(commands) == len(lines), "a line of a run block is no moxu command, or more than one"
    for arguments in commands:
        status = main(arguments)
        output = capsys.readouterr()
        assert status == 0, f"moxu {shlex.join(arguments)}: status {status}: {output.err}"
        assert output.out or arguments[0] == "train"  # training speaks on standard error only


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_link_within_the_project_leads_somewhere(document: Path) -> None:
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text("utf-8")):
        assert (document.parent / link).exists(), link


def test_the_two_commands_of_the_readme_are_the_same_in_both_languages() -> None:
    assert marked_commands("README.md").keys() == {"write", "test"}
    assert marked_commands("README.md") == marked_commands("README.zh-CN.md")


def test_both_readmes_show_the_same_excerpt_of_the_opening() -> None:
    pattern = re.compile(r"^<!-- excerpt -->\n```text\n(.+?)^```$", re.MULTILINE | re.DOTALL)
    shown = [pattern.findall((REPOSITORY / name).read_text("utf-8")) for name in ("README.md", "README.zh-CN.md")]
    assert shown[0] == shown[1]
    assert [excerpt.startswith("\u3000\u3000这是一颗") for excerpt in shown[0]] == [True]


def test_continuous_integration_runs_the_marked_commands_of_the_readme() -> None:
    script = (REPOSITORY / ".ci" / "run").read_text("utf-8")
    assert re.findall(r"^run_command_of_readme (\w+)$", script, re.MULTILINE) == list(marked_commands("README.md"))


def marked_commands(document: str) -> dict[str, str]:
    text = (REPOSITORY / document).read_text("utf-8")
    return dict(re.findall(r"^<!-- command: (\w+) -->\n```sh\n(.+)\n```$", text, re.MULTILINE))


def test_decoding_lists_every_sampling_option_and_its_default() -> None:
    rows = table_rows("docs/decoding.md", "The chain")
    words: dict[Any, str] = {None: "not set", False: "no", "before": "`before`", "exceed": "`exceed`"}
    for field in dataclasses.fields(SamplingOptions):
        told = rows[field.name][-1]
        if type(field.default) in (int, float):
            assert float(told) == field.default, field.name
        else:
            assert told.startswith(words[field.default]), field.name


def test_decoding_lists_every_preset_with_its_title() -> None:
    rows = table_rows("docs/decoding.md", "Presets")
    assert {name: cells[0] for name, cells in rows.items()} == {name: PRESET_TITLES.get(name, "") for name in PRESETS}


def test_training_lists_every_key_of_a_recipe_and_its_default() -> None:
    rows = table_rows("docs/training.md")
    for part in get_type_hints(Recipe).values():
        for field in dataclasses.fields(part) if dataclasses.is_dataclass(part) else ():
            told = rows[field.name][0]
            if field.default is dataclasses.MISSING:
                assert told in ("–", "none"), field.name
            else:
                assert read_default(told) == field.default, field.name


def read_default(told: str) -> object:
    value = eval(told, {})
    return tuple(value) if isinstance(value, list) else value


def test_models_lists_every_architecture_format_and_vocabulary() -> None:
    rows = table_rows("docs/models.md")
    assert {*ARCHITECTURES, *FORMATS, *KINDS} <= rows.keys()


def table_rows(document: str, heading: str = "") -> dict[str, list[str]]:
    """Return the cells after the first of every table row whose first cell is code, in the section if one is named."""
    text = (REPOSITORY / document).read_text("utf-8")
    if heading:
        text = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([\w-]+)` \|(.*)\|$", text, re.MULTILINE)
    return {name: [cell.strip() for cell in cells.split("|")] for name, cells in reversed(rows)}


def test_every_name_in_the_tour_is_defined_somewhere() -> None:
    source = "\n".join(path.read_text("utf-8") for path in (REPOSITORY / "src").rglob("*.py"))
    defined = set(re.findall(r"^\s*(?:def|class) (\w+)", source, re.MULTILINE))
    tour = (REPOSITORY / "docs" / "tour.md").read_text("utf-8")
    names = re.findall(r"`(\w+)\(.*?\)`", tour) + re.findall(r"`([A-Z][a-z]+[A-Za-z]+)`", tour)
    assert len(names) > 25
    assert set(names) <= defined
