import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mocks import ByteTokenizer, WindowedModel
from moxu.decode.options import SamplingOptions
from moxu.decode.steps import Batch
from moxu.decode.window import Window, WindowPolicy, read_on
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
        window=window,
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
        logits, state, held = read_on(model, state, history, held, window)
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
            logits, state, held = read_on(model, state, history, held, window)
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
            window=Window(size=model.max_context, policy="roll"),
        )
        assert [*case["prompt_ids"], *(step.id for step in batch.steps())] == case["all_ids"]
