"""How the messages of a chat become a prompt, for models that know no template for them.

A model of dialogues reads turns, each ended with its end token. Any other reads what a person would write down: who
asks, who answers, line by line; and ends where it would write the next question.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from moxu.serve.problems import Problem
from moxu.serve.service import ServedModel
from moxu.text.prepare import NEWLINE
from moxu.writers.dialogue import prompt_of_turns, room_for_turns
from moxu.writers.manners import Prompt


@dataclass(frozen=True)
class Turn:
    """What somebody said: the ``system``, the ``user`` or the ``assistant``."""

    role: str
    text: str


@dataclass(frozen=True)
class Template:
    """The words before what the user and the assistant say, and what stands between two turns."""

    user: str
    assistant: str
    between: str

    @property
    def stop(self) -> str:
        """What begins the next question, which is not the assistant's to ask."""
        return self.between + self.user.rstrip()


PLAIN = Template("问：", "答：", "\n")
TEMPLATES = {"rwkv_world": Template("User: ", "Assistant:", "\n\n")}
"""By the kind of vocabulary; RWKV's World models were trained on dialogues of this form."""


def chat_prompt(turns: Sequence[Turn], model: ServedModel, answer: int) -> tuple[Prompt, tuple[str, ...]]:
    """Return the prompt of a conversation, and what ends an answer beside the model's own end.

    ``answer``: the tokens that an answer may take; a model of dialogues reads as many whole turns as leave room for it.
    Raises Problem where the model cannot hold this conversation.
    """
    if model.reads_source:
        raise Problem(400, f"{model.name} reads a source and writes a passage; use /v1/completions", param="model")
    if model.tokenizer.kind == "turns":
        return _dialogue(turns, model, answer), ()
    template = TEMPLATES.get(model.tokenizer.kind, PLAIN)
    return model.manner.prompt_of(_transcript(turns, template), model.tokenizer), (template.stop,)


def _dialogue(turns: Sequence[Turn], model: ServedModel, answer: int) -> Prompt:
    if turns[-1].role == "assistant":
        raise Problem(400, "the last message is the assistant's; this model answers a user's", param="messages")
    said = [NEWLINE.sub(" ", turn.text).replace("\t", " ").strip() for turn in turns]
    said = [text for text in said if text]
    if not said:
        raise Problem(400, "the messages are empty; say something", param="messages")
    return prompt_of_turns(said, model.tokenizer, room_for_turns(model.max_context, answer))


def _transcript(turns: Sequence[Turn], template: Template) -> str:
    """Return the conversation as text, up to where the assistant speaks, or goes on if it spoke last."""
    names = {"user": template.user, "assistant": template.assistant}
    lines = [names.get(turn.role, "") + turn.text.strip() for turn in turns]
    if turns[-1].role != "assistant":
        lines.append(template.assistant)
    return template.between.join(lines)
