import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocks import ByteTokenizer, WindowedModel
from moxu.decode.options import SamplingOptions
from moxu.decode.reading import read_on
from moxu.decode.steps import Batch
from moxu.decode.window import Window, WindowPolicy
from moxu.errors import SettingsError

SIZE = 8


def write(policy: WindowPolicy, prompt: str, max_tokens: int = 40, rows: int = 1) -> tuple[Batch, list[list[int]]]:
    model = WindowedModel(SIZE)
    tokenizer = ByteTokenizer()
    tokenizer.end_id = None
    window = Window(size=SIZE, policy=policy)
    batch = Batch(
        model,
        tokenizer,
        tokenizer.encode(prompt),
        options=SamplingOptions(),
        seeds=range(rows),
        max_tokens=max_tokens,
        horizon=window,
    )
    written: list[list[int]] = [[] for _ in range(rows)]
    for step in batch.steps():
        for row in batch.rows:  # the logits a row is drawn from are those of a fresh reading of what it holds
            read = row.history[: -1 if row.written else None]
            if policy != "stop":
                assert row.held == held_after(policy, len(prompt), len(read))
        written[step.row].append(step.id)
    return batch, written


def held_after(policy: str, prompt: int, length: int) -> int:
    """The tokens a row holds once it has read ``length``, found by counting."""
    held = min(prompt, SIZE)
    for _ in range(length - prompt):
        held = held + 1 if held < SIZE else (SIZE if policy == "roll" else SIZE // 2)
    return held


@pytest.mark.parametrize("policy", ["roll", "reread"])
@pytest.mark.parametrize("prompt_length", [1, 5, SIZE, SIZE + 3])
def test_every_character_follows_from_a_fresh_prefill_of_what_the_row_holds(
    policy: WindowPolicy, prompt_length: int
) -> None:
    model, fresh, window = WindowedModel(SIZE), WindowedModel(SIZE), Window(size=SIZE, policy=policy)
    history = [list(range(prompt_length))]
    held = [len(window.visible(history[0]))]
    logits, state = model.prefill(np.asarray([window.visible(history[0])]))
    for _ in range(30):
        np.testing.assert_array_equal(logits, fresh.prefill(np.asarray([history[0][-held[0] :]]))[0])
        history[0].append(int(logits.argmax()))
        logits, state, held = read_on(model, state, history, held, [window] * len(held))
        assert held[0] == held_after(policy, prompt_length, len(history[0]))


@pytest.mark.parametrize("policy", ["roll", "reread"])
def test_rows_that_fill_their_windows_at_different_times_write_as_they_would_alone(policy: WindowPolicy) -> None:
    window = Window(size=SIZE, policy=policy)
    prompts = [[1], [2, 3, 4, 5], list(range(SIZE)), [7, 7]]

    def step_all(prompts: list[list[int]]) -> list[Any]:
        model = WindowedModel(SIZE)
        history, seen = [list(ids) for ids in prompts], []
        logits, state = model.prefill(np.asarray([prompts[0]]))
        for ids in prompts[1:]:
            more, other = model.prefill(np.asarray([ids]))
            logits, state = np.concatenate([logits, more]), state.join(other)
        held = [len(ids) for ids in prompts]
        for _ in range(25):
            seen.append(logits)
            for ids, row in zip(history, logits, strict=True):
                ids.append(int(row.argmax()))
            logits, state, held = read_on(model, state, history, held, [window] * len(held))
        return seen

    together = step_all(prompts)
    for row, ids in enumerate(prompts):
        for at_once, alone in zip(together, step_all([ids]), strict=True):
            np.testing.assert_array_equal(at_once[row], alone[0])


def test_stop_ends_the_text_when_the_context_is_full() -> None:
    _, written = write("stop", "abc")
    assert len(written[0]) == SIZE - 3 + 1  # the last one follows from a full context


def test_reread_costs_about_one_more_token_for_each_and_roll_a_window() -> None:
    rolled, _ = write("roll", "a", max_tokens=100)
    reread, _ = write("reread", "a", max_tokens=100)
    assert reread.model.tokens_read < 250  # type: ignore[attr-defined]
    assert rolled.model.tokens_read > 700  # type: ignore[attr-defined]


def test_a_prompt_longer_than_the_context_is_seen_by_its_end() -> None:
    _, whole = write("reread", "0123456789abcdef")
    _, end = write("reread", "89abcdef")
    assert whole == end


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(SettingsError, match="unknown window policy 'rol'; did you mean 'roll'"):
        Window(size=8, policy="rol")  # type: ignore[arg-type]


LINE = 0
LINES = Window(size=SIZE, policy="lines", line_ends=(LINE,))


@pytest.mark.parametrize(
    ("held", "kept"),
    [
        ("1 2 0 3 4 5 0 6 7", "3 4 5 0 6 7"),  # one line is enough to free a quarter of 8
        ("0 1 0 2 3 4 5 6 7", "2 3 4 5 6 7"),  # the fewest that are: not one, not three
        ("1 2 3 4 5 6 7 0 8", "8"),
        ("1 0 2 3 4 5 6 7 8", "2 3 4 5 6 7 8"),  # the last line stays whole though it leaves less
        ("1 2 3 4 5 0 6 7 0", "6 7 0"),  # a line that has just ended is the last
        ("1 2 3 4 5 6 7 8 9", "6 7 8 9"),  # one line that overfills: the newest half of it
        ("1 2 3 4 5 6 7 8 0", "6 7 8 0"),
    ],
)
def test_the_fewest_whole_lines_that_free_a_quarter_are_dropped(held: str, kept: str) -> None:
    ids = [int(word) for word in held.split()]
    assert LINES.anew([9, 9, *ids]) == [int(word) for word in kept.split()]


@pytest.mark.parametrize(("size", "most"), [(9, 6), (10, 7), (11, 8), (12, 9)])
def test_a_quarter_of_a_window_that_is_no_multiple_of_four_is_rounded_up(size: int, most: int) -> None:
    lines = Window(size=size, policy="lines", line_ends=(LINE,))
    assert len(lines.anew([LINE] * 2 * size)) == most


def test_of_a_long_prompt_the_whole_lines_that_fit_are_seen() -> None:
    assert LINES.visible([1, 0, 2, 0, 3, 4, 5, 6, 7, 8]) == [2, 0, 3, 4, 5, 6, 7, 8]
    assert LINES.visible([1, 0, 2, 0, 3, 4, 5, 6, 7, 8, 9]) == [3, 4, 5, 6, 7, 8, 9]
    assert LINES.visible([1, 0, 2, 0]) == [1, 0, 2, 0]
    assert LINES.visible([1, 0, 2, 3, 4, 5, 6, 7, 8, 9, 10]) == [3, 4, 5, 6, 7, 8, 9, 10]  # too long by one


def test_lines_need_an_id_that_ends_them() -> None:
    with pytest.raises(SettingsError, match="window policy 'lines' needs a vocabulary with a newline, or --past-end"):
        Window(size=8, policy="lines")


@given(st.lists(st.integers(0, 3), min_size=1, max_size=60), st.integers(1, 12))
def test_a_line_is_seen_whole_unless_it_overfills_its_window(text: list[int], prompt_length: int) -> None:
    prompt = text[:prompt_length]
    model, fresh = WindowedModel(SIZE, vocab_size=4), WindowedModel(SIZE, vocab_size=4)
    history = [list(prompt)]
    held = [len(LINES.visible(prompt))]
    logits, state = model.prefill(np.asarray([LINES.visible(prompt)]))
    for token_id in text[prompt_length:]:
        seen = history[0][-held[0] :]
        np.testing.assert_array_equal(logits, fresh.prefill(np.asarray([seen]))[0])
        before = history[0][: -held[0]]
        if before and before[-1] != LINE:  # a line is cut: with its beginning it would not fit
            beginning = before[::-1].index(LINE) if LINE in before else len(before)
            end = seen.index(LINE) + 1 if LINE in seen else len(seen)
            assert beginning + end > SIZE
        history[0].append(token_id)
        logits, state, held = read_on(model, state, history, held, [LINES] * len(held))
        assert 1 <= held[0] <= SIZE


def replay(model: Any, prompt: list[int], chosen: list[int], window: Window) -> Any:
    """Return the logits (N, V) from which each of the chosen ids followed."""
    logits, state = model.prefill(np.asarray([window.beginning(prompt)]))
    history, held, rows = [list(prompt)], [len(window.beginning(prompt))], [logits[0].numpy()]
    for token_id in chosen[:-1]:
        history[0].append(token_id)
        logits, state, held = read_on(model, state, history, held, [window] * len(held))
        rows.append(logits[0].numpy())
    return np.stack(rows)


def cpm_prompt(kind: str, text: str, end_id: int) -> list[int]:
    """Return the ids of a prompt as the original reads it: each part of a lyric ends with the end token."""
    parts = [[int(word) for word in part.split()] for part in text.split("<eod>") if part.strip()]
    return [token_id for part in parts for token_id in ([*part, end_id] if kind == "lyric" else part)]


@pytest.mark.parametrize("kind", ["novel", "lyric"])
def test_the_rolling_window_gives_the_logits_of_cpm1_past_its_length(reference: Path, cpm: Any, kind: str) -> None:
    folder = reference / "cpm1" / "public"
    config = json.loads((folder / "config.json").read_text("utf-8"))
    window, past = Window(size=config["seq_length"] - 1, policy="roll"), 0
    with np.load(folder / "outputs_mp1.npz") as golden:
        for number, (text, _) in enumerate(config["loop_prompts"]):
            prompt = cpm_prompt(kind, text, config["eod"])
            expected = golden[f"loop_{kind}_{number}_logits"]
            chosen = golden[f"loop_{kind}_{number}_chosen"].tolist()
            np.testing.assert_allclose(replay(cpm, prompt, chosen, window), expected, atol=2e-5)
            past += max(0, len(prompt) + len(chosen) - config["seq_length"])
    assert past > 15


def test_reread_gives_what_a_fresh_reading_gives_where_the_fast_cpm1_does_not(reference: Path, cpm: Any) -> None:
    folder = reference / "cpm1" / "public"
    config = json.loads((folder / "config.json").read_text("utf-8"))
    size = config["seq_length"] - 1
    window, differing = Window(size=size, policy="reread"), []
    with np.load(folder / "outputs_mp1.npz") as golden:
        for number, (text, _) in enumerate(config["loop_prompts"]):
            prompt = cpm_prompt("novel", text, config["eod"])
            chosen = golden[f"loop_novel_fast_{number}_chosen"].tolist()
            original = golden[f"loop_novel_fast_{number}_logits"]
            ours = replay(cpm, prompt, chosen, window)
            held = len(prompt)
            for place, logits in enumerate(ours):
                seen = [*prompt, *chosen[:place]][-held:]
                fresh = cpm.prefill(np.asarray([seen]))[0][0].numpy()
                np.testing.assert_allclose(logits, fresh, atol=2e-5)
                held = held + 1 if held < size else size // 2
            inside = size - len(prompt) + 1
            np.testing.assert_allclose(ours[:inside], original[:inside], atol=2e-5)
            differing += np.abs(ours - original)[inside + 1 :].max(axis=1).tolist()
    assert len(differing) > 10
    assert min(differing) > 0.1


def test_the_rolling_window_writes_what_aiwriter1_wrote_past_its_context(reference: Path) -> None:
    import torch

    from moxu.models.aiwriter1 import AiWriter1, AiWriter1Config

    folder = reference / "aiwriter_v1" / "public"
    sizes = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    weights = torch.load(folder / "unfolded_state_dict.pth", weights_only=True)
    weights.pop("copy_mask")
    config = AiWriter1Config(
        vocab_size=sizes["vocab_size"],
        context=sizes["ctx_len"],
        layers=sizes["n_layer"],
        heads=sizes["n_head"],
        width=sizes["n_embd"],
        attention_width=sizes["n_attn"],
        feed_forward_width=5 * sizes["n_ffn"] // 2,
    )
    model = AiWriter1(config)
    model.load_state_dict(weights)
    tokenizer = ByteTokenizer()
    tokenizer.vocab_size, tokenizer.forbidden_ids = sizes["vocab_size"], (sizes["unk_id"],)
    tokenizer.newline_id, tokenizer.end_id = sizes["newline_id"], None
    for case in json.loads((folder / "text.json").read_text(encoding="utf-8"))["greedy"]:
        batch = Batch(
            model,
            tokenizer,
            case["prompt_ids"],
            options=SamplingOptions(greedy=True),
            seeds=[0],
            max_tokens=case["n_new"],
            horizon=Window(size=model.max_context, policy="roll"),
        )
        assert [*case["prompt_ids"], *(step.id for step in batch.steps())] == case["all_ids"]
