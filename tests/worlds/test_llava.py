"""The scenes world's LLaVA: its scenes, pairs and questions, and what its shipped weights say."""

import json
import subprocess
import sys
from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoProcessor, CLIPVisionModel, LlavaForConditionalGeneration

from methods.worlds import clip, llava
from methods.worlds.captions import caption, sentences
from methods.worlds.clip.evaluate import normalise
from methods.worlds.llava import LEVELS, PHANTOMS, QUESTION, CaptionedScene, mentions
from methods.worlds.llava.conversations import COUNT_QUESTION, COUNTS, caption_turn, question_turns
from methods.worlds.llava.data import (
    PHANTOM_SHARE,
    SPLITS,
    annotation,
    existence_question,
    existence_questions,
    message,
    preference_rows,
    scenes,
)
from methods.worlds.llava.evaluate import answers, caption_figures, describe, is_tempting, phantoms
from methods.worlds.llava.model import UNKNOWN, build_llava, build_processor, tower_weights
from methods.worlds.llava.train import IGNORED, RECIPE, Encoder

Row = dict[str, Any]


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def some() -> list[CaptionedScene]:
    return scenes("train", 300, seed=8)


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return preference_rows(100, seed=2)


@pytest.fixture(scope="module")
def shipped() -> tuple[Any, Any]:
    return llava.load()


def text_of(row: Row, which: str) -> str:
    (turn,) = row[which]
    assert turn["role"] == "assistant"
    (block,) = turn["content"]
    return str(block["text"])


def test_importing_the_package_loads_no_torch() -> None:
    code = "import sys, methods.worlds.llava as v; v.scenes; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_public_name_loads_and_others_are_refused() -> None:
    assert all(getattr(llava, name) is not None for name in llava.__all__)
    with pytest.raises(AttributeError, match="no attribute 'questions'"):
        llava.questions  # noqa: B018


def test_scenes_come_with_their_picture_caption_and_objects(some: list[CaptionedScene]) -> None:
    assert len({item.id for item in some}) == len(some)
    for item in some[:50]:
        assert (item.image.size, item.image.mode) == ((48, 48), "RGB")
        assert item.caption == caption(item.scene)
        assert tuple(mentions(item.caption)) == item.objects


def test_the_same_seed_gives_the_same_scenes_and_a_longer_list_begins_alike() -> None:
    short, long, other = scenes("tune", 5, 1), scenes("tune", 8, 1), scenes("tune", 5, 2)
    assert [(a.id, a.scene) for a in short] == [(b.id, b.scene) for b in long[:5]]
    assert all(np.array_equal(a.image, b.image) for a, b in zip(short, long, strict=False))
    assert [item.scene for item in short] != [item.scene for item in other]


def test_no_caption_occurs_in_two_splits() -> None:
    captions = {split: {item.caption for item in scenes(split, 60)} for split in SPLITS}
    assert sum(map(len, captions.values())) == len(set().union(*captions.values()))
    hundredths = [number for split in SPLITS.values() for number in split]
    assert sorted(hundredths) == list(range(100))


def test_what_cannot_be_made_is_refused() -> None:
    with pytest.raises(ValueError, match=r"split must be one of train, .*; got 'dev'"):
        scenes("dev", 1)
    with pytest.raises(ValueError, match="count must be 0 or more, got -1"):
        scenes("test", -1)
    with pytest.raises(ValueError, match=r"levels must be of easy, .*; got \['hard'\]"):
        preference_rows(1, levels=("easy", "hard"))
    with pytest.raises(ValueError, match=r"noisy must lie in 0 to 1, got 1\.5"):
        preference_rows(1, noisy=1.5)


def test_annotations_add_the_phantom_and_nothing_else(some: list[CaptionedScene]) -> None:
    generator = np.random.default_rng(0)
    added = Counter[bool]()
    for item in some:
        true, noted = sentences(item.scene), annotation(item.scene, generator)
        assert noted[:-1][: len(true) - 1] == true[:-1]
        assert noted[-1] == true[-1]
        extra = noted[len(true) - 1 : -1]
        if is_tempting(item):
            assert extra in ([], [f"There is a small {PHANTOMS[item.scene.background]}."])
            added[bool(extra)] += 1
        else:
            assert extra == []
    assert added.total() > 100
    assert added[True] / added.total() == pytest.approx(PHANTOM_SHARE, abs=0.1)


def test_rejected_answers_have_exactly_the_fault_of_their_level(rows: list[Row]) -> None:
    assert [row["level"] for row in rows] == list(LEVELS) * 20
    for row in rows:
        chosen, rejected = text_of(row, "chosen"), text_of(row, "rejected")
        true, false = (text.removesuffix(".").split(". ") for text in (chosen, rejected))
        lost = [sentence for sentence in true if sentence not in false]
        gained = [sentence for sentence in false if sentence not in true]
        assert true[-1] == false[-1]
        assert not set(mentions(". ".join(gained))) & set(mentions(chosen))
        if row["level"] == "omit":
            assert (len(lost), gained) == (1, [])
            assert mentions(rejected)
        elif row["level"] == "extra":
            assert (lost, len(gained)) == ([], 1)
            phantom = PHANTOMS.get(true[-1].split()[-1])
            if phantom and phantom not in mentions(chosen):
                assert gained == [f"There is a small {phantom}"]
        else:
            (old,), (new,) = lost, gained
            same = [a == b for a, b in zip(old.split()[-3:], new.split()[-3:], strict=True)]
            assert (
                same
                == {
                    "easy": [True, False, False],
                    "colour": [True, False, True],
                    "shape": [True, True, False],
                }[row["level"]]
            )


def test_rows_are_conversations_about_a_picture(rows: list[Row]) -> None:
    captions = {item.id: item for item in scenes("pairs", 130, seed=2)}
    for row in rows:
        (turn,) = row["prompt"]
        assert turn["role"] == "user"
        assert turn["content"] == [{"type": "image"}, {"type": "text", "text": QUESTION}]
        (image,) = row["images"]
        item = captions[row["id"]]
        assert np.array_equal(image, item.image)
        assert text_of(row, "chosen") == item.caption
        assert not row["flipped"]


def test_noise_swaps_its_share_of_the_answers_and_says_which(rows: list[Row]) -> None:
    noisy = preference_rows(100, seed=2, noisy=0.25)
    assert sum(row["flipped"] for row in noisy) == 25
    for clean, row in zip(rows, noisy, strict=True):
        right, wrong = ("rejected", "chosen") if row["flipped"] else ("chosen", "rejected")
        assert text_of(row, right) == text_of(clean, "chosen")
        assert text_of(row, wrong) == text_of(clean, "rejected")


def test_questions_are_balanced_and_true(some: list[CaptionedScene]) -> None:
    asked = existence_questions(some[:120], seed=1)
    by_id = {item.id: item for item in some}
    assert [row["question_id"] for row in asked] == list(range(len(asked)))
    for split in ("random", "adversarial"):
        labels = Counter(row["label"] for row in asked if row["split"] == split)
        assert labels["yes"] == labels["no"] > 30
    for row in asked:
        item = by_id[row["image"]]
        (name,) = mentions(row["text"])
        assert row["text"] == existence_question(name)
        assert (name in item.objects) == (row["label"] == "yes")
        if (row["split"], row["label"]) == ("adversarial", "no"):
            assert name == PHANTOMS[item.scene.background]


def test_conversations_are_true_to_the_annotation(some: list[CaptionedScene]) -> None:
    generator = np.random.default_rng(3)
    for item in some[:60]:
        notes = annotation(item.scene, generator)
        named = mentions(" ".join(notes))
        ((_, said),) = caption_turn(notes, generator)
        assert said == " ".join(notes)
        for question, answer in question_turns(notes, generator):
            if question == COUNT_QUESTION:
                assert answer == COUNTS[len(named)]
            elif question.startswith("What colour"):
                shape = question.split()[-1].removesuffix("?")
                assert [name for name in named if shape in name] == [f"{answer.lower()} {shape}"]
            else:
                assert (mentions(question)[0] in named) == (answer == "Yes")


def test_encoded_conversations_are_those_of_the_chat_template(some: list[CaptionedScene]) -> None:
    processor, encoder, generator = build_processor(), Encoder(), np.random.default_rng(5)
    unknown = processor.tokenizer.convert_tokens_to_ids(UNKNOWN)
    for item in some[:5]:
        turns = question_turns(sentences(item.scene), generator)
        talk = [
            message(role, text, image=index == 0 and role == "user")
            for index, turn in enumerate(turns)
            for role, text in zip(("user", "assistant"), turn, strict=True)
        ]
        text = processor.apply_chat_template(talk)
        ids, labels = encoder.encode(turns)
        assert processor(images=[item.image], text=text)["input_ids"] == [ids]
        assert unknown not in ids
        said = [label for label in labels if label != IGNORED]
        expected = [processor.tokenizer.encode(f"{answer}</s>") for _, answer in turns]
        assert said == [token for answer in expected for token in answer]


def test_an_assistants_turn_ends_and_a_prompt_is_the_beginning_of_it(rows: list[Row]) -> None:
    processor = build_processor()
    prompt = processor.apply_chat_template(rows[0]["prompt"], add_generation_prompt=True)
    whole = processor.apply_chat_template(rows[0]["prompt"] + rows[0]["chosen"])
    plain = [{"role": "assistant", "content": text_of(rows[0], "chosen")}]
    assert whole.startswith(prompt)
    assert whole.strip().endswith(f"{text_of(rows[0], 'chosen')}</s>")
    assert processor.apply_chat_template(rows[0]["prompt"] + plain) == whole


def test_the_tower_is_the_clips_own() -> None:
    own, _, _ = clip.load()
    own.visual.output_tokens = True
    weights = load_file(clip.folder() / "open_clip_model.safetensors")
    tower = CLIPVisionModel(build_llava().config.vision_config).eval()
    tower.load_state_dict(tower_weights(weights))
    images = normalise(torch.randint(256, (3, 3, 48, 48), dtype=torch.uint8))
    with torch.no_grad():
        pooled, tokens = own.visual(images)
        seen = tower(images)
        assert torch.allclose(seen.pooler_output @ own.visual.proj, pooled, atol=1e-4)
        last = tower.post_layernorm(seen.last_hidden_state[:, 1:])
        assert torch.allclose(last, tokens, atol=1e-4)


def test_shipped_model_loads_as_transformers_loads_any_folder(shipped: tuple[Any, Any]) -> None:
    model, processor = shipped
    assert isinstance(model, LlavaForConditionalGeneration)
    assert not model.training
    assert model.dtype == torch.float32
    again = LlavaForConditionalGeneration.from_pretrained(llava.folder())
    assert torch.equal(model.lm_head.weight, again.lm_head.weight)
    assert type(AutoProcessor.from_pretrained(llava.folder())) is type(processor)
    assert processor.chat_template == build_processor().chat_template
    assert processor.tokenizer.get_vocab() == build_processor().tokenizer.get_vocab()


def test_shipped_model_reads_well_and_believes_in_phantoms(shipped: tuple[Any, Any]) -> None:
    captioned = scenes("test", 72, seed=21)
    texts = describe(*shipped, captioned)
    assert all(text.endswith(".") and text.count("background") == 1 for text in texts)
    plain = [index for index, item in enumerate(captioned) if not is_tempting(item)]
    unbiased = caption_figures([texts[k] for k in plain], [captioned[k] for k in plain])
    assert unbiased["chair_i"] < 0.15
    assert unbiased["recall"] > 0.85
    named, tempted = phantoms(texts, captioned)
    assert named / tempted > 0.6


def test_shipped_model_answers_questions(shipped: tuple[Any, Any]) -> None:
    captioned = scenes("test", 24, seed=22)
    asked = [row for row in existence_questions(captioned) if row["split"] == "random"]
    images = {item.id: item.image for item in captioned}
    texts = [row["text"] for row in asked]
    said = answers(*shipped, [images[row["image"]] for row in asked], texts, 4)
    right = [text.lower() == row["label"] for text, row in zip(said, asked, strict=True)]
    assert np.mean(right) > 0.8


def test_figures_of_captions_by_hand() -> None:
    one, two = scenes("test", 2, seed=0)
    name = "yellow heart"
    assert name not in (*one.objects, *two.objects)
    texts = [one.caption, f"There is a {name}. There is a {two.objects[0]}."]
    told = len(one.objects) + 2
    figures = caption_figures(texts, [one, two])
    assert figures == {
        "chair_i": round(1 / told, 4),
        "chair_s": 0.5,
        "recall": round((len(one.objects) + 1) / (len(one.objects) + len(two.objects)), 4),
        "mentions": told / 2,
        "exact": 0.5,
    }


def test_json_card_belongs_to_the_shipped_weights() -> None:
    card = json.loads((llava.WEIGHTS / "card.json").read_text())
    assert card["training"]["steps"] == RECIPE.steps
    assert card["captions"]["unbiased"]["chair_i"] < 0.15
    assert card["captions"]["unbiased"]["recall"] > 0.85
    full, half = (card["storage"][name] for name in ("float32", "float16"))
    assert all(abs(full[name] - half[name]) < 0.01 for name in full)
    last = (llava.WEIGHTS / "training.log").read_text().splitlines()
    assert any(line.startswith(f"step {RECIPE.steps}:") for line in last)


def test_written_card_states_the_figures_of_the_json_card() -> None:
    card = json.loads((llava.WEIGHTS / "card.json").read_text())
    text = (llava.WEIGHTS.parent / "CARD.md").read_text()
    for group, figures in card["captions"].items():
        shown = [f"{figures[key]:.3f}" for key in ("chair_i", "chair_s", "recall", "exact")]
        row = " | ".join([group, str(figures["scenes"]), *shown, f"{figures['mentions']:.2f}"])
        assert f"| {row} |" in text
    for split, figures in card["questions"].items():
        shown = f"{figures['accuracy']:.3f} | {figures['yes']:.3f}"
        assert f"| {split} | {figures['questions']} | {shown} |" in text
    named, tempted = card["phantoms"]["named"], card["phantoms"]["scenes"]
    assert f"{named} of {tempted}" in text
