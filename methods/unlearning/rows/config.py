"""Settings that every run of this family shares: which adapter of which model, and the rows that it was trained on."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic.config import JsonDict

from methods.base import Config

TOWN = "town"
"""The small world's name, wherever a model or rows are chosen."""
TOWN_ADAPTERS = ("regularised", "memorising")
"""The small world's adapters."""
ROW_SUFFIXES = (".jsonl", ".json", ".parquet")
FormatName = Literal["auto", "alpaca", "completion", "chat", "sharegpt"]

MAIN: JsonDict = {"group": "main"}
POLICY: JsonDict = {"group": "policy"}
MORE: JsonDict = {"group": "more"}
MODEL: JsonDict = {"group": "main", "widget": "model"}
ADAPTER: JsonDict = {
    "group": "main",
    "widget": "artefact",
    "suffix": ".zip",
    "examples": list(TOWN_ADAPTERS),
}
DATA: JsonDict = {"group": "main", "widget": "upload", "suffix": ",".join(ROW_SUFFIXES)}
HELD_OUT: JsonDict = {"group": "more", "widget": "upload", "suffix": ",".join(ROW_SUFFIXES)}


class RowSettings(Config):
    """A model and the instruction rows that it is, or was, tuned on."""

    model: str = Field(
        TOWN,
        min_length=1,
        max_length=500,
        title="Model",
        description=f"The base: “{TOWN}” (the small world's), a folder of a transformers causal language model, or a hub id "
        "owner/name[@revision]; safetensors weights only, not quantised.",
        examples=[TOWN],
        json_schema_extra=MODEL,
    )
    data: str = Field(
        "",
        max_length=1000,
        title="Rows",
        description=f"Instruction rows: empty (those that the adapter says it was trained on), “{TOWN}” (the small world's), an "
        "upload (.jsonl, .json or .parquet), a file on this machine, or run_id/rows.jsonl.",
        json_schema_extra=DATA,
    )
    format: FormatName = Field(
        "auto",
        title="Format",
        description="Whose columns the rows have: Alpaca (also TALLRec's), prompt and completion, chat messages, ShareGPT; auto "
        "tells it by the columns.",
        json_schema_extra=MORE,
    )
    template: Literal["auto", "alpaca", "chat", "plain"] = Field(
        "auto",
        title="Template",
        description="The text around a row, which must be that of the training: the tokeniser's chat template, Alpaca's, or "
        "none. Auto is the one that the adapter names, so choose one for an adapter made elsewhere; in a training, chat where the "
        "tokeniser has it, else Alpaca's.",
        json_schema_extra=MORE,
    )
    held_out: str = Field(
        "",
        max_length=1000,
        title="Held-out rows",
        description="Rows of the same kind that the adapter was not trained on, as the data; empty is what the adapter's own "
        "training held out, if anything.",
        json_schema_extra=HELD_OUT,
    )


class AdapterSettings(RowSettings):
    """An adapter, its base, and the rows that it was trained on."""

    adapter: str = Field(
        "regularised",
        min_length=1,
        max_length=1000,
        title="Adapter",
        description="A PEFT LoRA adapter: “regularised” or “memorising” (the small world's), run_id/adapter.zip, an upload, a "
        "folder or a zip of one.",
        json_schema_extra=ADAPTER,
    )
