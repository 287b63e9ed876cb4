"""The scenes world's CLIP: statements and their truth, its losses, and what its shipped weights read."""

import json
import subprocess
import sys

import numpy as np
import open_clip
import pytest
import torch
from torch.nn import functional

from methods.worlds import clip
from methods.worlds.captions import draw_scene, sentences
from methods.worlds.clip.data import TASKS, Pool, any_scene, make_pool, task_images
from methods.worlds.clip.evaluate import normalise, sentence_scores, told_apart, zero_shot
from methods.worlds.clip.losses import multi_positive_loss
from methods.worlds.clip.model import CONTEXT_LENGTH, END, UNKNOWN, build_tokenizer, vocabulary
from methods.worlds.clip.statements import STATEMENTS, Statement, near_misses, truth
from methods.worlds.clip.train import RECIPE, mirrored
from methods.worlds.patches import patch_labels
from methods.worlds.scenes import SHAPES, Scene, SceneObject

TONES = ((240, 240, 240), (60, 60, 60))
NAME = f"local-dir:{clip.folder()}"


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def test_importing_the_package_loads_no_torch() -> None:
    code = "import sys, methods.worlds.clip as c; c.folder(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_holds_of_a_scene_is_what_can_be_said_of_it() -> None:
    star = SceneObject("star", "blue", 0.42, (0.7, 0.3))
    circle = SceneObject("circle", "red", 0.28, (0.2, 0.6))
    held = truth(Scene((star, circle), "dotted", TONES))
    said = {statement.sentence for statement, holds in zip(STATEMENTS, held, strict=True) if holds}
    assert said == {
        "There is a large blue star.",
        "There is a blue star.",
        "There is a large star.",
        "There is a star.",
        "There is a blue object.",
        "There is a small red circle.",
        "There is a red circle.",
        "There is a small circle.",
        "There is a circle.",
        "There is a red object.",
        "The background is dotted.",
    }
    assert len({statement.sentence for statement in STATEMENTS}) == len(STATEMENTS) == 178


def test_captions_consist_of_true_statements_in_known_words() -> None:
    said = {statement.sentence: index for index, statement in enumerate(STATEMENTS)}
    tokenizer, generator = build_tokenizer(), np.random.default_rng(1)
    unknown = tokenizer.convert_tokens_to_ids(UNKNOWN)
    for _ in range(50):
        scene = draw_scene(generator)
        for sentence in sentences(scene):
            assert truth(scene)[said[sentence]]
            ids = tokenizer.encode(sentence)
            assert unknown not in ids
            assert len(ids) <= CONTEXT_LENGTH
            assert ids[-1] == max(ids) == vocabulary().index(END)  # where open_clip pools


def test_near_misses_differ_in_one_word() -> None:
    pairs = near_misses()
    # 96 whole statements, each with 1 other size, 5 colours, 7 shapes; 4 backgrounds with 3 others.
    assert {kind: len(found) for kind, found in pairs.items()} == {
        "size": 96,
        "colour": 480,
        "shape": 672,
        "background": 12,
    }
    first, second = (STATEMENTS[index] for index in pairs["colour"][0])
    assert (first.size, first.shape) == (second.size, second.shape)
    assert first.colour != second.colour


def test_loss_with_single_positives_is_open_clips_own() -> None:
    torch.manual_seed(0)
    images, texts = (functional.normalize(torch.randn(6, 8), dim=-1) for _ in range(2))
    own = open_clip.ClipLoss()(images, texts, torch.tensor(14.0))
    ours = multi_positive_loss(14.0 * images @ texts.T, torch.eye(6, dtype=torch.bool))
    assert ours.item() == pytest.approx(own.item(), rel=1e-6)


def test_loss_with_several_positives_is_that_of_a_slow_loop() -> None:
    torch.manual_seed(1)
    logits, true = torch.randn(4, 5, dtype=torch.float64), torch.rand(4, 5) < 0.4
    true[2], true[:, 0] = False, False  # a picture of which nothing holds, a sentence true of none
    ways = []
    for values, holds in ((logits, true), (logits.T, true.T)):
        losses = [
            -row.log_softmax(0)[found].mean().item()
            for row, found in zip(values, holds, strict=True)
            if found.any()
        ]
        ways.append(np.mean(losses))
    assert multi_positive_loss(logits, true).item() == pytest.approx(np.mean(ways), rel=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_mirrored_picture_is_the_picture_of_the_mirrored_scene(shape: str) -> None:
    scenes = [
        Scene((SceneObject(shape, "red", 0.4, (x, 0.4)),), "checkered", TONES) for x in (0.3, 0.7)
    ]
    plain = [Scene(scene.objects, "plain", TONES) for scene in scenes]
    pool = make_pool(plain, np.random.default_rng(0))
    flipped = pool.patches.flip(-1)
    assert torch.equal(flipped[0], pool.patches[1])
    seeds = (torch.Generator().manual_seed(seed) for seed in range(20))
    found = [mirrored(pool, generator) for generator in seeds]
    assert {torch.equal(one.patches, pool.patches) for one in found} == {True, False}
    for one in found:
        for index in range(2):
            turned = torch.equal(one.patches[index], flipped[index])
            expected = pool.images[index].flip(-1) if turned else pool.images[index]
            assert torch.equal(one.images[index], expected)
    assert torch.equal(found[0].truth, pool.truth)


def test_a_pool_holds_pictures_truth_and_labels_of_its_scenes() -> None:
    generator = np.random.default_rng(2)
    scenes = [any_scene(generator) for _ in range(6)]
    pool = make_pool(scenes, generator)
    assert isinstance(pool, Pool)
    assert (pool.images.shape, pool.images.dtype) == ((6, 3, 48, 48), torch.uint8)
    assert pool.truth.tolist() == [truth(scene).tolist() for scene in scenes]
    assert pool.patches.tolist() == [patch_labels(scene, 6).tolist() for scene in scenes]


def test_tasks_show_each_class_in_turn_and_unknown_ones_are_refused() -> None:
    pictures, labels = task_images("tiny clutter", 50, seed=5)
    again, _ = task_images("tiny clutter", 50, seed=5)
    assert [picture.size for picture in pictures] == [(96, 96)] * 50
    assert labels == [*range(48), 0, 1]
    assert all(np.array_equal(a, b) for a, b in zip(pictures, again, strict=True))
    with pytest.raises(ValueError, match=r"task must be one of large, .*; got 'huge'"):
        task_images("huge", 1)


def test_shipped_model_loads_as_open_clip_loads_any_folder() -> None:
    model, preprocess, tokenizer = clip.load()
    assert isinstance(model, open_clip.CLIP)
    assert not model.training
    assert next(model.parameters()).dtype == torch.float32
    pictures, _ = task_images("large", 2)
    images = torch.stack([preprocess(picture) for picture in pictures])
    assert images.shape == (2, 3, clip.IMAGE_SIZE, clip.IMAGE_SIZE)
    texts = tokenizer(["a photo of a red circle.", "a zebra"])
    assert texts.shape == (2, CONTEXT_LENGTH)
    with torch.no_grad():
        assert model.encode_image(images).shape == model.encode_text(texts).shape == (2, 128)


def test_preprocessing_of_a_picture_of_the_right_size_is_normalisation() -> None:
    _, preprocess, _ = clip.load()
    picture = task_images("small", 1)[0][0].resize((48, 48))
    tensor = torch.from_numpy(np.array(picture)).permute(2, 0, 1)
    assert torch.allclose(preprocess(picture), normalise(tensor[None])[0], atol=1e-6)


def test_shipped_model_names_objects_and_finds_the_tiny_ones_hard() -> None:
    right = zero_shot(NAME, ("large", "small", "clutter", "tiny"), 96, seed=11)
    assert min(right["large"], right["small"], right["clutter"]) >= 0.9 * 96
    assert 0.1 * 96 < right["tiny"] < 0.9 * 96  # what refinement by crops is for


def test_shipped_model_tells_true_sentences_from_near_misses() -> None:
    apart = told_apart(*sentence_scores(NAME, 60, seed=11))
    assert set(apart) == {"size", "colour", "shape", "background"}
    assert min(apart.values()) > 0.9


def test_shares_told_apart_are_those_of_a_hand_made_table() -> None:
    small_red, large_red = (
        STATEMENTS.index(Statement(size, "red", "star")) for size in ("small", "large")
    )
    true = torch.zeros(2, len(STATEMENTS), dtype=torch.bool)
    true[0, small_red] = true[1, large_red] = True
    true[:, STATEMENTS.index(Statement(background="plain"))] = True
    cosines = torch.zeros(2, len(STATEMENTS))
    cosines[0, small_red] = 0.5  # right; in the second picture the wrong one is no smaller
    shares = told_apart(cosines, true)
    assert shares["size"] == 0.5
    assert shares["background"] == 0.0


def test_json_card_belongs_to_the_shipped_weights() -> None:
    card = json.loads((clip.WEIGHTS / "card.json").read_text())
    assert card["training"]["steps"] == RECIPE.steps
    assert set(card["zero_shot"]) == set(TASKS)
    floors = {"large": 0.971, "small": 0.671, "clutter": 0.488}  # of the first trials
    assert all(card["zero_shot"][task]["accuracy"] > floor for task, floor in floors.items())
    full = card["storage"]["right_in_float32"]
    assert all(abs(full[task] - card["zero_shot"][task]["right"]) <= 2 for task in TASKS)
    last = (clip.WEIGHTS / "training.log").read_text().splitlines()
    assert any(line.startswith(f"step {RECIPE.steps}:") for line in last)


def test_written_card_states_the_figures_of_the_json_card() -> None:
    card = json.loads((clip.WEIGHTS / "card.json").read_text())
    text = (clip.WEIGHTS.parent / "CARD.md").read_text()
    for task, figures in card["zero_shot"].items():
        low, high = figures["interval"]
        assert f"| {task} | {figures['accuracy']:.3f} | {low:.3f} to {high:.3f} |" in text
    for kind, share in card["told_apart"].items():
        assert f"| {kind} | {share:.4f} |" in text
