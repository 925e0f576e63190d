import numpy as np
import pytest
import torch

from moxu.decode.chain import apply, sampler_chain
from moxu.decode.draw import draw, fresh_seed, on_host, row_seeds, uniform
from moxu.decode.options import PRESETS, SamplingOptions, sampling_options
from moxu.errors import MoxuError


def test_a_uniform_number_depends_on_seed_and_step_alone() -> None:
    once = [[uniform(seed, step) for step in range(200)] for seed in (1, 2)]
    again = [[uniform(seed, step) for step in reversed(range(200))][::-1] for seed in (1, 2)]
    assert once == again
    assert len({number for row in once for number in row}) == 400
    assert all(0.0 <= number < 1.0 for row in once for number in row)


def test_the_numbers_of_a_seed_never_change() -> None:
    first, later = [uniform(42, step) for step in (0, 1, 63)], [uniform(42, step) for step in (64, 100_000)]
    assert first == [0.8201981478608876, 0.18924562408645496, 0.9601736136859869]
    assert later == [0.43084465801716765, 0.04041137319032506]


def test_candidate_i_has_the_seed_plus_i() -> None:
    assert row_seeds(7, 3) == (7, 8, 9)
    assert fresh_seed() != fresh_seed()


def test_a_draw_is_the_first_token_whose_sum_passes_the_number() -> None:
    logits = np.log(np.asarray([[0.25, 0.5, 0.25]] * 4, np.float32))
    assert draw(logits, [0.0, 0.2499, 0.251, 0.999999]) == [0, 0, 1, 2]


def test_what_was_cut_is_never_drawn() -> None:
    logits = np.full((2, 5), -np.inf, np.float32)
    logits[:, 3] = 1.0
    assert draw(logits, [0.0, 1.0 - 2**-53]) == [3, 3]
    assert draw(torch.from_numpy(logits), [0.0, 1.0 - 2**-53]) == [3, 3]


def test_draws_are_as_frequent_as_probable() -> None:
    probabilities = np.asarray([0.5, 0.25, 0.125, 0.1, 0.025])
    logits = np.log(probabilities, dtype=np.float32)[None]
    count = 20_000
    drawn = draw(np.repeat(logits, count, axis=0), [uniform(11, step) for step in range(count)])
    expected = probabilities * count
    chi_square = ((np.bincount(drawn, minlength=5) - expected) ** 2 / expected).sum()
    assert chi_square < 18.5  # 4 degrees of freedom: exceeded once in a thousand seeds


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_unusable_logits_are_an_error(bad: float) -> None:
    logits = np.full((2, 4), bad if bad == -np.inf else 0.0, np.float32)
    logits[0] = 0.0
    logits[1, 2] = bad
    for array in (logits, torch.from_numpy(logits)):
        with pytest.raises(MoxuError, match="NaN instead of probabilities"):
            draw(array, [0.5, 0.5])


@pytest.mark.parametrize("preset", [*PRESETS, "everything"])
def test_numpy_and_torch_choose_the_same_tokens(preset: str) -> None:
    every = SamplingOptions(
        temperature=0.8, top_k=50, top_p=0.9, min_p=0.01, repetition_penalty=1.2, presence_penalty=0.3
    )
    chain = sampler_chain(every if preset == "everything" else sampling_options(preset), newline_id=10)
    random = np.random.default_rng(3)
    logits = random.normal(size=(40, 300)).astype(np.float32) * 3
    history = random.integers(0, 30, size=(40, 20)).tolist()
    uniforms = random.random(40).tolist()
    on_device = apply(chain, torch.from_numpy(logits), history)
    assert isinstance(on_device, torch.Tensor)
    assert draw(on_device, uniforms) == draw(apply(chain, logits, history), uniforms)


def test_a_tensor_in_main_memory_is_seen_as_numpy_without_a_copy() -> None:
    with torch.inference_mode():
        tensor = torch.zeros(2, 3) + 1
    view = on_host(tensor)
    assert isinstance(view, np.ndarray)
    assert view.__array_interface__["data"][0] == tensor.data_ptr()
