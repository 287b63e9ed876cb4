"""From a benchmark's files to the benchmark, one function each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PIL import Image

from methods.alignment.hallucination.amber import amber
from methods.alignment.hallucination.amber_parts import EXACT, GENERATIVE
from methods.alignment.hallucination.answer_files import Item
from methods.alignment.hallucination.benchmarks import Answers, Benchmark, Brought, bring
from methods.alignment.hallucination.chair import chair
from methods.alignment.hallucination.config import EvaluateConfig
from methods.alignment.hallucination.mmhal import mmhal
from methods.alignment.hallucination.object_halbench import object_halbench
from methods.alignment.hallucination.pope import Question, pope
from methods.alignment.hallucination.readers.amber import (
    read_annotations,
    read_queries,
    read_words,
)
from methods.alignment.hallucination.readers.coco import read_synonyms, read_truth
from methods.alignment.hallucination.readers.judged import read_extractions, read_judgements
from methods.alignment.hallucination.readers.questions import (
    read_halbench,
    read_mmhal,
    read_pope,
    row_picture,
)
from methods.alignment.hallucination.scenes import score_scenes
from methods.alignment.hallucination.scores import Scores
from methods.alignment.hallucination.vectors import vector_similarity
from methods.base import Open
from methods.worlds.llava.data import QUESTION, existence_questions, scenes

SCENES_SEED = 0
"""Of the held-out scenes: the same in every run, so that runs compare."""


def load_benchmark(config: EvaluateConfig, open_file: Open, seed: int) -> Benchmark:
    """Read what the user brought, or make the small world's items.

    Args:
        open_file: opens a reference as `Context.open` does.
        seed: of the bootstrap.

    Raises:
        ValueError: a file is missing or malformed.
        MethodError: a reference leads nowhere.
    """
    if config.benchmark == "scenes":
        return scenes_benchmark(config.max_items, seed)
    if config.benchmark == "scenes_questions":
        return scenes_questions_benchmark(config.max_items, seed)
    return LOADERS[config.benchmark](bring(config, open_file, seed))


def scenes_benchmark(count: int, seed: int) -> Benchmark:
    """The first held-out scenes of the small world."""
    held_out = {scene.id: scene for scene in scenes("test", count, SCENES_SEED)}

    def find_picture(item: Item) -> Callable[[], Image.Image]:
        return lambda: held_out[item.id].image

    def score(answers: Answers) -> Scores:
        asked = [held_out[name] for name in answers.texts]
        return score_scenes(list(answers.texts.values()), asked, seed)

    items = tuple(Item(name, name, QUESTION, {"item": name}) for name in held_out)
    return Benchmark("scenes", items, find_picture, score)


def scenes_questions_benchmark(count: int, seed: int) -> Benchmark:
    """The first yes-or-no questions about held-out scenes: two or four of each scene, half of them with the answer no."""
    held_out = {scene.id: scene for scene in scenes("test", -(-count // 2), SCENES_SEED)}
    rows = existence_questions(held_out.values(), SCENES_SEED)[:count]
    asked = {
        f"{row['split']}/{row['question_id']}": Question(
            str(row["question_id"]), row["image"], row["text"], row["label"], row["split"]
        )
        for row in rows
    }

    def find_picture(item: Item) -> Callable[[], Image.Image]:
        return lambda: held_out[item.image].image

    def score(answers: Answers) -> Scores:
        questions = [asked[key] for key in answers.texts]
        found = pope(list(answers.texts.values()), questions, seed=seed)
        return replace(found, benchmark="scenes_questions")

    items = tuple(Item(key, each.image, each.text, {"item": key}) for key, each in asked.items())
    return Benchmark("scenes_questions", items, find_picture, score)


def chair_benchmark(brought: Brought) -> Benchmark:
    """The images whose truth is known; where a model is asked, of these the ones that are among the pictures."""
    synonyms = read_synonyms(brought.files)
    truth, names = read_truth(brought.files, synonyms)
    pictures = brought.pictures
    known = list(names)
    if pictures is not None and brought.config.asks_model:
        known = [image for image in known if pictures.place(names[image])]
        if not known:
            raise ValueError(
                f"{pictures.files.label}: none of its {len(pictures)} pictures is among the {len(truth)} images of "
                f"{brought.files.label}"
            )
    prompt = brought.config.prompt
    items = [Item(image, names[image], prompt, {"image_id": _number(image)}) for image in known]

    def score(answers: Answers) -> Scores:
        return chair(answers.texts, truth, synonyms, seed=brought.seed)

    return Benchmark("chair", tuple(items), brought.find_picture, score)


def object_halbench_benchmark(brought: Brought) -> Benchmark:
    """The images of the question file."""
    rows = {row.id("image_id"): row for row in read_halbench(brought.files)}
    synonyms = read_synonyms(brought.files)
    truth, names = read_truth(brought.files, synonyms, set(rows))
    items = []
    for image, row in rows.items():
        question = row.text("question", "prompt")
        repeated = {"image_id": _number(image), "question": question}
        items.append(Item(image, names.get(image, image), question, repeated))

    def find_picture(item: Item) -> Callable[[], Image.Image] | None:
        row = rows[item.id]
        return (lambda: row_picture(row)) if row.values.get("image") else brought.find_picture(item)

    def score(answers: Answers) -> Scores:
        if answers.judged is None:
            return object_halbench(answers.texts, truth, synonyms, seed=brought.seed)
        given = read_extractions(answers.judged.read_bytes(), answers.judged.name)
        return object_halbench(
            answers.texts,
            truth,
            synonyms,
            extractions=given,
            extractor=brought.config.judge,
            seed=brought.seed,
        )

    return Benchmark("object_halbench", tuple(items), find_picture, score)


def amber_benchmark(brought: Brought) -> Benchmark:
    """One half of AMBER."""
    config, files = brought.config, brought.files
    generative = config.benchmark == "amber_generative"
    annotations = read_annotations(files)
    wanted = {each.id for each in annotations if (each.type == GENERATIVE) == generative}
    items = []
    for row in read_queries(files, generative):
        key = row.id("id")
        if key not in wanted:
            raise row.error(f"item {key} has no annotation of its kind")
        items.append(Item(key, row.text("image"), row.text("query"), {"id": _number(key)}))
    words = read_words(files) if generative else None
    similarity = EXACT
    if words is not None and config.vectors:
        similarity = vector_similarity(brought.open_file(config.vectors), words.vocabulary)
    images = {item.id: item.image for item in items}

    def score(answers: Answers) -> Scores:
        found = amber(
            answers.texts,
            annotations,
            words,
            images=images,
            similarity=similarity,
            reading="first_word",
            seed=brought.seed,
        )
        half = found.generative if generative else found.discriminative
        if half is None:
            raise ValueError(f"no answer is to an item of {config.benchmark}")
        return half

    return Benchmark(config.benchmark, tuple(items), brought.find_picture, score)


def pope_benchmark(brought: Brought) -> Benchmark:
    """The questions of all POPE files."""
    asked = {
        f"{each.split}/{each.id}" if each.split else each.id: each
        for each in read_pope(brought.files)
    }
    items = [
        Item(key, each.image, each.text, {"question": each.text}) for key, each in asked.items()
    ]

    def score(answers: Answers) -> Scores:
        questions = [asked[key] for key in answers.texts]
        return pope(list(answers.texts.values()), questions, seed=brought.seed)

    return Benchmark("pope", tuple(items), brought.find_picture, score)


def mmhal_benchmark(brought: Brought) -> Benchmark:
    """The questions of MMHal-Bench."""
    records, rows = read_mmhal(brought.files)
    asked = {record.id: record for record in records}
    items = [
        Item(record.id, record.image, record.question, dict(row.values))
        for record, row in zip(records, rows, strict=True)
    ]

    def score(answers: Answers) -> Scores:
        judged = answers.judged
        said = None if judged is None else read_judgements(judged.read_bytes(), judged.name)
        questions = [asked[key] for key in answers.texts]
        return mmhal(questions, said, judge=brought.config.judge, seed=brought.seed)

    return Benchmark("mmhal", tuple(items), brought.find_picture, score)


LOADERS: dict[str, Callable[[Brought], Benchmark]] = {
    "chair": chair_benchmark,
    "object_halbench": object_halbench_benchmark,
    "amber_generative": amber_benchmark,
    "amber_discriminative": amber_benchmark,
    "pope": pope_benchmark,
    "mmhal": mmhal_benchmark,
}


def _number(name: str) -> int | str:
    """An id as the benchmarks' files have it: a number where it is one."""
    return int(name) if name.isdecimal() else name
