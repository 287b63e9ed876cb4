"""Settings of counting hallucinations."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic.config import JsonDict

from methods.base import Config

BenchmarkName = Literal[
    "scenes",
    "scenes_questions",
    "chair",
    "object_halbench",
    "amber_generative",
    "amber_discriminative",
    "pope",
    "mmhal",
]
SCENES = "scenes"
WORLD = ("scenes", "scenes_questions")
"""Benchmarks on the small world, for which nothing has to be brought."""
ANSWER_SUFFIXES = (".json", ".jsonl")
MAIN: JsonDict = {"group": "main"}
MORE: JsonDict = {"group": "more"}
MODEL: JsonDict = {"group": "main", "widget": "model"}
ADAPTER: JsonDict = {"group": "main", "widget": "artefact", "suffix": ".zip"}
FILES: JsonDict = {"group": "more", "widget": "upload", "suffix": ".zip,.json,.jsonl"}
IMAGES: JsonDict = {"group": "more", "widget": "upload", "suffix": ".zip"}
ANSWERS: JsonDict = {"group": "more", "widget": "upload", "suffix": ",".join(ANSWER_SUFFIXES)}
VECTORS: JsonDict = {"group": "more", "widget": "upload", "suffix": ".txt,.npz"}


class EvaluateConfig(Config):
    """One benchmark on a model, before and after an adapter, or on answers that are there already."""

    benchmark: BenchmarkName = Field(
        "scenes",
        title="Benchmark",
        description="“scenes” (descriptions) and “scenes_questions” (yes or no) are the small world's: nothing to bring. The "
        "others read the benchmark's own files, named under “More”.",
        json_schema_extra=MAIN,
    )
    model: str = Field(
        SCENES,
        max_length=500,
        title="Model",
        description="Answers the items: the small world “scenes”, a folder of a transformers image-text model, or a hub id "
        "owner/name[@revision]; safetensors only. Not needed where answers are given.",
        examples=[SCENES],
        json_schema_extra=MODEL,
    )
    adapter: str = Field(
        "",
        max_length=500,
        title="Adapter",
        description="What training made: run_id/adapter.zip, a PEFT folder or a zip of one. The model answers without it "
        "(before) and with it (after). Empty: the model alone.",
        json_schema_extra=ADAPTER,
    )
    max_items: int = Field(
        200,
        ge=1,
        le=20_000,
        title="Most items",
        description="Answer the first so many items, images or questions; the same ones in every run.",
        json_schema_extra=MAIN,
    )
    files: str = Field(
        "",
        max_length=1000,
        title="Benchmark files",
        description="Folder or zip with the benchmark's own files under their own names: CHAIR instances_*.json, "
        "captions_*.json, synonyms.txt (or truth.json and synonyms.txt for images of your own); Object HalBench these and its "
        "question file; AMBER annotations.json, relation.json, safe_words.txt, query_*.json; POPE *pope*.json; MMHal-Bench "
        "response_template.json.",
        json_schema_extra=FILES,
    )
    images: str = Field(
        "",
        max_length=1000,
        title="Images",
        description="Folder or zip with the pictures that the files name.",
        json_schema_extra=IMAGES,
    )
    prompt: str = Field(
        "Please describe this image in detail.",
        min_length=1,
        max_length=2000,
        title="Prompt",
        description="What CHAIR asks of each image; the other benchmarks bring their questions.",
        json_schema_extra=MORE,
    )
    answers_before: str = Field(
        "",
        max_length=1000,
        title="Answers before",
        description="Score these answers, in the benchmark's own answer format, instead of asking a model: those before "
        "training. Needs the answers after as well.",
        json_schema_extra=ANSWERS,
    )
    answers_after: str = Field(
        "",
        max_length=1000,
        title="Answers",
        description="Score these answers, in the benchmark's own answer format, instead of asking a model.",
        json_schema_extra=ANSWERS,
    )
    judged_before: str = Field(
        "",
        max_length=1000,
        title="Judged, before",
        description="What somebody has said of the answers before: ratings for MMHal-Bench, extracted objects for Object "
        "HalBench.",
        json_schema_extra=ANSWERS,
    )
    judged_after: str = Field(
        "",
        max_length=1000,
        title="Judged",
        description="What somebody has said of the answers: MMHal-Bench needs a judge's ratings (rows with `choices`, "
        "`judgement` or `rating`); Object HalBench takes extracted objects ({image id: [objects]}), and uses a rule without.",
        json_schema_extra=ANSWERS,
    )
    judge: str = Field(
        "",
        max_length=200,
        title="Judge",
        description="Who rated or extracted, such as gpt-4-0314: stands beside every figure.",
        json_schema_extra=MORE,
    )
    vectors: str = Field(
        "",
        max_length=1000,
        title="Word vectors",
        description="For AMBER's descriptions: word vectors (GloVe text or .npz) that say which words are alike; without, only "
        "equal words are.",
        json_schema_extra=VECTORS,
    )
    max_new_tokens: int = Field(
        256,
        ge=1,
        le=4096,
        title="Longest answer",
        description="Tokens after which an answer is cut; how many were cut is said.",
        json_schema_extra=MORE,
    )
    beams: int = Field(
        1,
        ge=1,
        le=16,
        title="Beams",
        description="Beams of the search; 1 is greedy decoding. Nothing is sampled.",
        json_schema_extra=MORE,
    )
    batch_size: int = Field(
        16,
        ge=1,
        le=256,
        title="Batch size",
        description="Items answered at a time.",
        json_schema_extra=MORE,
    )
    precision: Literal["float32", "bfloat16"] = Field(
        "float32",
        title="Precision",
        description="Number format of the model's weights.",
        json_schema_extra=MORE,
    )

    @property
    def asks_model(self) -> bool:
        """Answers come from the model."""
        return not self.answers_after

    @property
    def compares(self) -> bool:
        """There are answers before and after."""
        return bool(self.adapter if self.asks_model else self.answers_before)
