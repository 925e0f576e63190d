import json
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mocks import NgramModel, PassageModel, WindowedModel
from moxu.decode.passages import Passages
from moxu.decode.reading import read_on, read_prompt
from moxu.decode.window import Window
from moxu.errors import SettingsError
from moxu.models.gpt import Gpt, GptConfig

PROMPT = list("这是一颗".encode())


@pytest.mark.parametrize("chunk", [1, 5, 12, 100])
def test_a_prompt_read_in_pieces_is_the_prompt_read_whole(chunk: int) -> None:
    progress: list[tuple[int, int]] = []
    model = WindowedModel(20)
    logits, state = read_prompt(model, PROMPT, chunk=chunk, progress=lambda done, total: progress.append((done, total)))
    whole, whole_state = model.prefill(np.asarray([PROMPT]))
    np.testing.assert_array_equal(logits, whole)
    np.testing.assert_array_equal(state.memory, whole_state.memory)
    assert progress[-1] == (len(PROMPT), len(PROMPT))
    assert len(progress) == -(-len(PROMPT) // chunk)


def test_an_empty_prompt_is_refused() -> None:
    with pytest.raises(SettingsError, match="the prompt is empty"):
        read_prompt(NgramModel(), [])


def test_a_source_is_read_whole_whatever_the_size_of_a_piece() -> None:
    model = PassageModel(source=6)
    logits, _ = read_prompt(model, [257, 1, 2, 3, 4, 258], chunk=2)
    np.testing.assert_array_equal(logits, PassageModel(source=6).prefill(np.asarray([[257, 1, 2, 3, 4, 258]]))[0])
    assert model.sources == [[1, 2, 3, 4]]


def test_rows_that_begin_anew_come_back_in_their_order() -> None:
    model, lines = WindowedModel(8), Window(size=8, policy="lines", line_ends=(0,))
    history = [[1, 2, 0, 3, 4, 5, 6, 7], [5, 6], [1, 0, 3, 4, 5, 6, 7, 8], [4, 2, 0, 9, 9, 9, 9, 9]]
    logits, state = model.prefill(np.asarray([history[0]]))
    for ids in history[1:]:
        state = state.join(model.prefill(np.asarray([ids]))[1])
    held = [len(ids) for ids in history]
    for ids in history:
        ids.append(7)
    logits, state, held = read_on(model, state, history, held, [lines] * len(held))
    assert held == [6, 3, 7, 6]
    for row, ids in enumerate(history):
        expected, alone = WindowedModel(8).prefill(np.asarray([ids[-held[row] :]]))
        np.testing.assert_array_equal(logits[row], expected[0])
        np.testing.assert_array_equal(state.memory[row], alone.memory[0])


def test_the_memory_of_what_a_row_no_longer_sees_is_given_back() -> None:
    model, window = Gpt(GptConfig(vocab_size=9, width=4, layers=1, heads=1, positions=200)), Window(size=200)
    model.initialise(torch.Generator().manual_seed(0))
    history = [[1] * 200]
    _, state = model.prefill(history)
    full = weakref.ref(state.tensors["blocks.0.keys"])
    history[0].append(2)
    _, state, held = read_on(model, state, history, [200], [window])
    assert held == [100]
    assert full() is None
    assert state.tensors["blocks.0.keys"].shape[2] < 200


def test_passages_of_one_length_are_read_in_one_prefill() -> None:
    sizes: list[int] = []

    class CountingModel(PassageModel):
        def prefill(self, ids: Any) -> tuple[Any, Any]:
            sizes.append(len(ids))
            return super().prefill(ids)

    model, passages = CountingModel(), Passages(6, 5, (257, 258))
    history: list[list[int]] = [[1, 2, 3], list(range(9)), [4], list(range(20))]
    _, state = model.prefill(np.asarray([[257, 258]] * 4))
    sizes.clear()
    _, _, held = read_on(model, state, history, [passages.over, 4, 0, 4], [passages] * 4)
    assert sorted(sizes) == [1, 2]
    assert held == [0, 0, 1, 0]


def test_texts_of_different_lengths_write_together_what_each_writes_alone(reference: Path, gpt2: Gpt) -> None:
    cases = json.loads((reference / "gpt2" / "public" / "generation.json").read_text("utf-8"))
    padded = cases["leftpad_greedy"]
    masks = padded["attention_mask"]
    prompts = [
        np.asarray(ids)[np.asarray(mask) == 1].tolist() for ids, mask in zip(padded["prompt"], masks, strict=True)
    ]
    read = [gpt2.prefill([ids]) for ids in prompts]
    logits = np.concatenate([first.numpy() for first, _ in read])
    with np.load(reference / "gpt2" / "public" / "logits.npz") as golden:
        assert golden["leftpad_ids"].tolist() == padded["prompt"]
        np.testing.assert_allclose(logits, golden["leftpad_logits"][:, -1], atol=2e-5)
    state = read[0][1].join(read[1][1]).join(read[2][1])
    history, held = [list(ids) for ids in prompts], [len(ids) for ids in prompts]
    for _ in range(padded["args"]["max_new_tokens"]):
        for ids, row in zip(history, logits, strict=True):
            ids.append(int(row.argmax()))
        logits, state, held = read_on(gpt2, state, history, held, [Window(size=gpt2.max_context)] * len(held))
    for row, ids in enumerate(history):
        width = len(padded["prompt"][row])
        assert ids[len(prompts[row]) :] == padded["sequences"][row][width:]
        assert ids == cases[f"leftpad_single{row}"]["sequences"][0]
