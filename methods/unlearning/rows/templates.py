"""Templates: the text that a model is given of a row, and where in it the answer begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from methods.unlearning.rows.row import Row

TemplateName = Literal["auto", "alpaca", "chat", "plain"]
Text = tuple[str, str]
"""Prompt and answer, which the model is given one behind the other."""
WITH_INPUT = (
    "Below is an instruction that describes a task, paired with an input that provides further context. "
    "Write a response that appropriately completes the request.\n\n"
)
WITHOUT_INPUT = (
    "Below is an instruction that describes a task. "
    "Write a response that appropriately completes the request.\n\n"
)


def alpaca_text(row: Row) -> Text:
    """Stanford Alpaca's template (tatsu-lab/stanford_alpaca, train.py): "### Instruction:", "### Input:", "### Response:".

    A system turn takes the place of its opening sentence; earlier turns stand as sections of their own.
    """
    turns = list(row.turns)
    opening = f"{turns.pop(0).text}\n\n" if turns[0].role == "system" else ""
    instruction, further = split_input(row)
    sections = [
        f"### {'Instruction' if turn.role == 'user' else 'Response'}:\n{turn.text}\n\n"
        for turn in turns[:-1]
    ]
    sections.append(f"### Instruction:\n{instruction}\n\n")
    if further:
        sections.append(f"### Input:\n{further}\n\n")
    opening = opening or (WITH_INPUT if further else WITHOUT_INPUT)
    return f"{opening}{''.join(sections)}### Response:\n", row.answer


def split_input(row: Row) -> tuple[str, str]:
    """Instruction and input of a prompt that Alpaca's columns were joined to; the input is "" where there is none.

    A prompt that was edited is split where either of the two still stands as it was.
    """
    instruction, further = row.meta.get("instruction"), row.meta.get("input")
    if isinstance(instruction, str) and isinstance(further, str) and instruction and further:
        if row.prompt.startswith(f"{instruction}\n"):
            return instruction, row.prompt[len(instruction) + 1 :]
        if row.prompt.endswith(f"\n{further}"):
            return row.prompt[: -len(further) - 1], further
    return row.prompt, ""


def plain_text(row: Row) -> Text:
    """Turns and answer on lines of their own, nothing else."""
    return "".join(f"{turn.text}\n" for turn in row.turns), row.answer


def chat_text(tokenizer: Any) -> Callable[[Row], Text]:
    """By a tokeniser's own chat template; the answer is what stands behind the prompt that it makes for generation."""

    def text(row: Row) -> Text:
        said = [{"role": turn.role, "content": turn.text} for turn in row.turns]
        render = tokenizer.apply_chat_template
        prompt = render(said, tokenize=False, add_generation_prompt=True)
        whole = render([*said, {"role": "assistant", "content": row.answer}], tokenize=False)
        if not whole.startswith(prompt):
            raise ValueError(
                f"row {row.position} (id {row.id}): the chat template changes what stands before the answer once there is one "
                "(some leave out earlier thoughts), so that nothing says where the answer begins; choose the template alpaca or plain"
            )
        return prompt, whole[len(prompt) :]

    return text


def resolve(name: TemplateName, tokenizer: Any) -> Literal["alpaca", "chat", "plain"]:
    """What "auto" means for a tokeniser: its chat template where it has one, else alpaca.

    Raises:
        ValueError: "chat" is asked for and there is none.
    """
    has_chat = bool(getattr(tokenizer, "chat_template", None))
    if name == "chat" and not has_chat:
        raise ValueError(
            "template chat: the model's tokeniser has no chat template; choose alpaca or plain"
        )
    if name == "auto":
        return "chat" if has_chat else "alpaca"
    return name
