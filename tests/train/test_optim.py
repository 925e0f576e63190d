"""Optimisers: decay where it belongs, the learning rate of each step, gradients of bounded norm."""

import pytest
import torch
from torch.optim import Muon

from moxu.models.rwkv7 import Rwkv7, Rwkv7Config
from moxu.train.optim import clip, learning_rate_part, make_optimizers, set_learning_rate
from moxu.train.recipe import OptimRecipe


@pytest.fixture
def model() -> Rwkv7:
    return Rwkv7(Rwkv7Config(30, width=16, layers=2, head_size=8))


def settings_by_name(model: Rwkv7, recipe: OptimRecipe) -> dict[str, tuple[str, float, float]]:
    """Return for each parameter its optimiser, learning rate and decay."""
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    return {
        names[id(parameter)]: (type(optimizer).__name__, group["lr"], group["weight_decay"])
        for optimizer in make_optimizers(model, recipe)
        for group in optimizer.param_groups
        for parameter in group["params"]
    }


def test_decay_falls_on_matrices_only(model: Rwkv7) -> None:
    settings = settings_by_name(model, OptimRecipe())
    assert len(settings) == len(list(model.parameters()))
    decayed = {name for name, (_, _, decay) in settings.items() if decay > 0}
    parts = ("att.receptance", "att.key", "att.value", "att.output", "ffn.key", "ffn.value")
    expected = {f"blocks.{layer}.{part}.weight" for layer in (0, 1) for part in parts}
    assert decayed == expected | {"emb.weight", "head.weight"}


def test_decay_of_the_state_learns_twice_as_fast(model: Rwkv7) -> None:
    settings = settings_by_name(model, OptimRecipe(lr=1e-3))
    assert {name for name, (_, lr, _) in settings.items() if lr == 2e-3} == {"blocks.0.att.w0", "blocks.1.att.w0"}


def test_muon_takes_the_matrices_inside_the_blocks(model: Rwkv7) -> None:
    settings = settings_by_name(model, OptimRecipe(optimizer="muon"))
    by_muon = {name for name, (kind, _, _) in settings.items() if kind == Muon.__name__}
    assert by_muon
    assert all(name.startswith("blocks.") and name.endswith(".weight") for name in by_muon)
    assert settings["head.weight"][0] == settings["blocks.0.att.w1"][0] == "AdamW"


def test_cosine_rises_in_a_line_and_falls_to_the_final_part() -> None:
    recipe = OptimRecipe(warmup_steps=10, final_lr=0.1)
    parts = [learning_rate_part(recipe, step, 110) for step in range(110)]
    assert parts[:10] == pytest.approx([(step + 1) / 10 for step in range(10)])
    assert parts[10] == 1.0
    assert parts[10:] == sorted(parts[10:], reverse=True)
    assert parts[-1] == pytest.approx(0.1)
    assert parts[10 + 99 // 2] == pytest.approx(0.55, abs=0.02)


def test_wsd_stays_and_falls_in_a_line_at_the_end() -> None:
    recipe = OptimRecipe(schedule="wsd", warmup_steps=10, decay_part=0.2, final_lr=0.0)
    parts = [learning_rate_part(recipe, step, 100) for step in range(100)]
    assert set(parts[10:81]) == {1.0}
    assert parts[90] == pytest.approx(1 - 10 / 19)
    assert parts[-1] == 0.0


def test_every_group_keeps_its_own_highest_rate(model: Rwkv7) -> None:
    recipe = OptimRecipe(optimizer="muon", lr=1e-3, muon_lr=1e-2, warmup_steps=4)
    optimizers = make_optimizers(model, recipe)
    assert set_learning_rate(optimizers, recipe, 1, 100) == 0.5
    rates = {group["lr"] for optimizer in optimizers for group in optimizer.param_groups}
    assert rates == {5e-4, 1e-3, 5e-3}


def test_clip_bounds_the_norm_and_tells_what_it_was() -> None:
    gradients = [torch.tensor([3.0, 0.0]), torch.tensor([[0.0, 4.0]])]
    assert clip(gradients, 1.0) == pytest.approx(5.0)
    torch.testing.assert_close(torch.cat([g.flatten() for g in gradients]), torch.tensor([0.6, 0.0, 0.0, 0.8]))
    small = [torch.tensor([0.3, 0.4])]
    clip(small, 1.0)
    torch.testing.assert_close(small[0], torch.tensor([0.3, 0.4]))
