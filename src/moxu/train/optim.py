"""Optimisers, their parameter groups, and the learning rate at each step."""

import math
from typing import Any

import torch
from torch import nn
from torch.optim import AdamW, Muon, Optimizer

from moxu.train.recipe import OptimRecipe


def make_optimizers(model: nn.Module, recipe: OptimRecipe) -> list[Optimizer]:
    """Return the optimisers of a run; each group's ``initial_lr`` is its highest learning rate.

    Decay falls on matrices named ``*.weight`` only: never on vectors, norms or low-rank factors. The decay of RWKV-7
    (``w0``) learns twice as fast, as in its released recipes.
    """
    matrices: list[nn.Parameter] = []
    muon_matrices: list[nn.Parameter] = []
    fast: list[nn.Parameter] = []
    rest: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        if parameter.ndim == 2 and name.endswith(".weight"):
            inside = name.startswith("blocks.") and recipe.optimizer == "muon"
            (muon_matrices if inside else matrices).append(parameter)
        else:
            (fast if name.endswith("att.w0") else rest).append(parameter)
    groups = [
        {"params": matrices, "lr": recipe.lr, "weight_decay": recipe.weight_decay},
        {"params": fast, "lr": 2 * recipe.lr, "weight_decay": 0.0},
        {"params": rest, "lr": recipe.lr, "weight_decay": 0.0},
    ]
    betas = (recipe.betas[0], recipe.betas[1])
    optimizers: list[Optimizer] = [AdamW([g for g in groups if g["params"]], betas=betas, eps=recipe.eps, fused=True)]
    if muon_matrices:
        optimizers.append(
            Muon(
                muon_matrices,
                lr=recipe.muon_lr,
                weight_decay=recipe.weight_decay,
                momentum=0.95,
                adjust_lr_fn="match_rms_adamw",
            )
        )
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["initial_lr"] = group["lr"]
    return optimizers


def set_learning_rate(optimizers: list[Optimizer], recipe: OptimRecipe, step: int, steps: int) -> float:
    """Set every group to its learning rate at ``step`` (from 0); return the part of the highest it is."""
    part = learning_rate_part(recipe, step, steps)
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"] * part
    return part


def learning_rate_part(recipe: OptimRecipe, step: int, steps: int) -> float:
    """Rise in a line, then fall to ``final_lr`` at the last step: by a half cosine, or late and in a line (wsd)."""
    if step < recipe.warmup_steps:
        return (step + 1) / recipe.warmup_steps
    if recipe.schedule == "cosine":
        begin = recipe.warmup_steps
    else:
        begin = max(recipe.warmup_steps, round(steps * (1 - recipe.decay_part)))
    done = min(1.0, max(0.0, (step - begin) / max(1, steps - 1 - begin)))
    fallen = 0.5 * (1 - math.cos(math.pi * done)) if recipe.schedule == "cosine" else done
    return 1 - (1 - recipe.final_lr) * fallen


def state_dicts(optimizers: list[Optimizer]) -> list[dict[str, Any]]:
    return [optimizer.state_dict() for optimizer in optimizers]


def clip(gradients: list[torch.Tensor], largest: float) -> float:
    """Scale gradients in place so that their norm together is at most ``largest``; return the norm before."""
    norm = torch.nn.utils.get_total_norm(gradients)
    torch._foreach_mul_(gradients, torch.clamp(largest / (norm + 1e-6), max=1.0))
    return float(norm)
