"""The training loop: one step after another, looking up now and then, stoppable and resumable at any step."""

import json
import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from moxu.checkpoints.checkpoint import Checkpoint
from moxu.corpus.pack.packed import PackedText
from moxu.errors import MoxuError, SettingsError
from moxu.interrupt import Interruption
from moxu.models.registry import build
from moxu.train import resume
from moxu.train.data import TrainingData, validation_batches
from moxu.train.gradients import GradientWorkers
from moxu.train.optim import clip, make_optimizers, set_learning_rate, state_dicts
from moxu.train.progress import TrainingProgress
from moxu.train.recipe import Recipe

LOG_FILE = "log.jsonl"


@dataclass(frozen=True)
class StepReport:
    """What one step showed: mean loss in bits per id, norm of the gradient, part of the highest learning rate."""

    step: int
    bits: float
    gradient_norm: float
    learning_rate: float
    ids_per_second: float


class Trainer:
    """A training run in a folder: the checkpoints ``step-…``, and ``log.jsonl`` with one line for each look-up."""

    def __init__(self, recipe: Recipe, run: Path, device: torch.device, progress: TrainingProgress) -> None:
        self.recipe, self.run, self.progress = recipe, run, progress
        self.packed = PackedText(recipe.data.folder)
        self.tokenizer = self.packed.tokenizer
        self.validation_set = validation_batches(
            self.packed, recipe.data.length, recipe.run.validation_sequences, recipe.run.micro_sequences
        )
        self.data = TrainingData(self.packed, recipe.data.length, recipe.data.weights, recipe.run.seed)
        config = {"vocab_size": self.tokenizer.vocab_size, **recipe.model.config}
        self.model = build(recipe.model.architecture, config)
        window = self.model.max_context
        if window is not None and recipe.data.length > window:
            raise SettingsError(f"recipe: data.length is {recipe.data.length}; the window of this model holds {window}")
        self.model.initialise(torch.Generator().manual_seed(recipe.run.seed))
        self.model.to(device)
        self.optimizers = make_optimizers(self.model, recipe.optim)
        self.step = 0
        self.validation: dict[str, float] = {}  # the last look-up: its step, and bits per character
        self._resume()

    def train(self) -> None:
        """Run to the recipe's last step; on Ctrl-C finish the step, save, and raise KeyboardInterrupt."""
        run = self.recipe.run
        self.run.mkdir(parents=True, exist_ok=True)
        with GradientWorkers(self.model, run) as workers, Interruption() as interruption:
            for report in self._steps(workers):
                self.progress.step(report)
                done = self.step == run.steps
                if self.step % run.validate_every == 0 or done:
                    self._validate(workers, report)
                if self.step % run.save_every == 0 or done or interruption.requested:
                    self.save()
                if interruption.requested and not done:
                    raise KeyboardInterrupt

    def save(self) -> Path:
        """Write a checkpoint of the step the run has come to."""
        training = {"step": self.step, "optimizers": state_dicts(self.optimizers), "recipe": self._recipe_text()}
        return resume.write(self.run, self.step, self.checkpoint(), training, self.recipe.run.keep)

    def checkpoint(self) -> Checkpoint:
        """Return the model as it is now, with a card that says what it has read."""
        run = self.recipe.run
        read = self.step * run.sequences * self.recipe.data.length
        card = {**self.recipe.card, "steps": self.step, "ids_read": read, "validation": self.validation}
        tensors = {name: tensor.detach() for name, tensor in self.model.state_dict().items()}
        return Checkpoint(self.recipe.model.architecture, asdict(self.model.config), tensors, self.tokenizer, card)

    def _steps(self, workers: GradientWorkers) -> Iterator[StepReport]:
        run, optim = self.recipe.run, self.recipe.optim
        parameters = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        while self.step < run.steps:
            begun = time.perf_counter()
            ids = self.data.batch(self.step, run.sequences)
            rate = set_learning_rate(self.optimizers, optim, self.step, run.steps)
            loss, gradients = workers.step(ids)
            if not math.isfinite(loss):
                raise MoxuError(
                    f"step {self.step + 1}: the loss is {loss}; begin again with a lower optim.lr or optim.clip; "
                    f"what {self.run} holds is kept"
                )
            norm = clip(gradients, optim.clip)
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.grad = gradient
            for optimizer in self.optimizers:
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
            self.step += 1
            speed = run.sequences * self.recipe.data.length / (time.perf_counter() - begun)
            yield StepReport(self.step, loss / math.log(2), norm, rate, speed)

    def _validate(self, workers: GradientWorkers, report: StepReport) -> None:
        nats, characters = 0.0, 0
        for ids, count in self.validation_set:
            nats += workers.loss(ids)
            characters += count
        bits = nats / math.log(2) / characters
        self.validation = {"step": self.step, "bits_per_character": round(bits, 4)}
        self.progress.validation(self.step, bits)
        with (self.run / LOG_FILE).open("a", encoding="utf-8") as log:
            log.write(json.dumps({**asdict(report), "validation_bits_per_character": bits}) + "\n")

    def _recipe_text(self) -> str:
        return json.dumps({**resume.recipe_key(self.recipe), "corpus": self.packed.fingerprint}, sort_keys=True)

    def _resume(self) -> None:
        found = resume.latest(self.run, self.progress.say) if self.run.exists() else None
        if found is None:
            return
        checkpoint, training = found
        if training["recipe"] != self._recipe_text():
            raise SettingsError(f"{self.run}: begun with another recipe or corpus; give --out another folder")
        self.model.load_state_dict(checkpoint.tensors)
        for optimizer, state in zip(self.optimizers, training["optimizers"], strict=True):
            optimizer.load_state_dict(state)
        self.step, self.validation = training["step"], checkpoint.card.get("validation", {})
        self.progress.say(f"resuming at step {self.step} of {self.recipe.run.steps}")
