"""Invariants of the regulariser; numbers of the spec (F1 to F11) where one stands for a test."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from methods.fewshot.afr.mixup import MixupClassifier
from methods.fewshot.afr.preprocessing import Preprocessing
from methods.fewshot.afr.regularizer import AttentiveFeatureRegularizer
from methods.fewshot.afr.relate import random_classes
from tests.fewshot.afr.world import BASE, NOVEL, World

WAYS = 4
NOVELS = range(BASE, BASE + WAYS)
CLASSIFIERS = ["centroid", "cosine", "logistic"]


def made(world: World, **settings: Any) -> AttentiveFeatureRegularizer:
    return AttentiveFeatureRegularizer(world.prototypes, world.base, **settings)


def episode(world: World, shots: int = 2) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Support, labels, semantics and queries of the first novel classes."""
    support = torch.cat([world.rows(label)[:shots] for label in NOVELS])
    queries = torch.cat([world.rows(label)[shots:] for label in NOVELS])
    labels = torch.arange(WAYS).repeat_interleave(shots)
    return support, labels, world.semantics[list(NOVELS)], queries


def test_the_whole_of_a_training_free_fit_by_a_slow_loop(world: World) -> None:
    support, labels, semantics, queries = episode(world)
    model = made(world, gate=False, related=2, kappa=1.5, temperature=0.2)
    scores = model.fit(support, labels, semantics).scores(queries)

    def length_one(x: Tensor) -> Tensor:
        return x / x.square().sum().sqrt()

    mean = sum(length_one(p**0.5) for p in world.prototypes) / BASE

    def phi(x: Tensor) -> Tensor:
        return length_one(length_one(x**0.5) - mean)

    centres = []
    for way in range(WAYS):
        alike = [float(length_one(semantics[way]) @ length_one(t)) for t in world.base]
        nearest = sorted(range(BASE), key=lambda b: -alike[b])[:2]
        assert model.related_[way].tolist() == nearest
        assert model.similarities_[way].tolist() == pytest.approx([alike[b] for b in nearest])
        mixed = []
        for x in support[labels == way]:
            keys = [phi(world.prototypes[b]) for b in nearest]
            odds = [float(torch.exp(phi(x) @ key / 0.2)) for key in keys]
            known = sum(odd / sum(odds) * key for odd, key in zip(odds, keys, strict=True))
            weight = 1.5 / (1.5 + 2)
            mixed.append(length_one((1 - weight) * phi(x) + weight * length_one(known)))
        centres.append((mixed[0] + mixed[1]) / 2)
    for query, row in zip(queries, scores, strict=True):
        x = phi(query)
        expected = [1 - float((x - centre).square().sum()) for centre in centres]
        assert row.tolist() == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_f1_without_weight_and_gate_it_is_its_base_classifier(
    world: World, classifier: str
) -> None:
    support, labels, semantics, queries = episode(world)
    off = {"kappa": 0, "gate": False, "classifier": classifier, "steps": 5}
    model = made(world, **off).fit(support, labels, semantics)
    assert torch.equal(model.regularised_, model.support_)
    other = made(world, **off, related=7, temperature=3.0, attention="uniform")
    strange = other.fit(support, labels, world.semantics[-WAYS:])
    assert torch.equal(model.scores(queries), strange.scores(queries))
    if classifier == "centroid":
        phi = Preprocessing.of(world.prototypes, 0.5, True).apply
        means = torch.stack([phi(support)[labels == way].mean(0) for way in range(WAYS)])
        nearest = torch.cdist(phi(queries), means).argmin(-1)
        assert torch.equal(model.predict(queries), nearest)


@pytest.mark.parametrize("classifier", CLASSIFIERS)
@pytest.mark.parametrize("gate", [False, True])
def test_stacked_episodes_are_fitted_as_each_alone(
    world: World, classifier: str, gate: bool
) -> None:
    support, labels, semantics, queries = episode(world)
    stack = torch.stack([support, support.flip(0)]), torch.stack([labels, labels.flip(0)])
    other = world.semantics[-WAYS:]
    settings = {"classifier": classifier, "gate": gate, "steps": 4}
    both = made(world, **settings).fit(*stack, torch.stack([semantics, other]))
    scores = both.scores(torch.stack([queries, queries]))
    assert both.related_.shape == (2, WAYS, 3)
    assert both.attention_.shape == (2, 2 * WAYS, 3)
    for place, meaning in enumerate([semantics, other]):
        alone = made(world, **settings).fit(stack[0][place], stack[1][place], meaning)
        assert torch.allclose(alone.scores(queries), scores[place], atol=1e-5)
        assert torch.equal(alone.related_, both.related_[place])


def test_f5_the_order_of_the_base_classes_changes_nothing(world: World) -> None:
    support, labels, semantics, queries = episode(world)
    order = torch.randperm(BASE, generator=torch.Generator().manual_seed(1))
    one = made(world, steps=5).fit(support, labels, semantics)
    other = AttentiveFeatureRegularizer(world.prototypes[order], world.base[order], steps=5)
    other.fit(support, labels, semantics)
    assert torch.equal(order[other.related_], one.related_)
    assert torch.allclose(one.scores(queries), other.scores(queries), atol=1e-9)


def test_f6_the_length_of_semantic_vectors_does_not_matter(world: World) -> None:
    support, labels, semantics, queries = episode(world)
    one = made(world, gate=False).fit(support, labels, semantics)
    longer = AttentiveFeatureRegularizer(world.prototypes, 7 * world.base, gate=False)
    longer.fit(support, labels, 0.01 * semantics)
    assert torch.allclose(one.scores(queries), longer.scores(queries), atol=1e-9)


def test_f7_a_novel_class_that_is_a_base_class_is_refused(world: World) -> None:
    support, labels, semantics, _ = episode(world)
    leaking = semantics.clone()
    leaking[2] = 3 * world.base[5]
    with pytest.raises(ValueError, match=r"novel class 2 and base class 5 .* same class"):
        made(world).fit(support, labels, leaking)


@pytest.mark.parametrize("gate", [False, True])
def test_f8_a_feature_given_twice_counts_once(world: World, gate: bool) -> None:
    support, labels, semantics, queries = episode(world)
    twice = torch.cat([support, support[:1]]), torch.cat([labels, labels[:1]])
    one = made(world, gate=gate, steps=0).fit(support, labels, semantics)
    other = made(world, gate=gate, steps=0).fit(*twice, semantics)
    assert other.weight_.tolist() == pytest.approx([1.5 / 3.5] * 9)
    assert torch.allclose(one.scores(queries), other.scores(queries), atol=1e-9)


def test_classes_may_have_unequal_shots(world: World) -> None:
    support, labels, semantics, queries = episode(world)
    model = made(world, gate=False).fit(support[1:], labels[1:], semantics)
    assert model.weight_.tolist() == pytest.approx([0.6] + [1.5 / 3.5] * 6)
    assert model.predict(queries).shape == (len(queries),)
    trained = made(world, gate=False, classifier="cosine", steps=1)
    assert trained.fit(support[1:], labels[1:], semantics).weight_.tolist() == [0.6] + [0.5] * 6


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_f11_no_query_is_read_before_predict(world: World, classifier: str) -> None:
    """The same answers whatever lies beside the support in memory, and a poisoned query is met at predict only."""
    support, labels, semantics, queries = episode(world)
    settings = {"classifier": classifier, "steps": 4}
    clean = made(world, **settings).fit(support, labels, semantics).scores(queries)
    table = torch.full((len(support) + len(queries), support.shape[1]), torch.nan).double()
    table[: len(support)] = support
    poisoned = made(world, **settings).fit(table[: len(support)], labels, semantics)
    with pytest.raises(ValueError, match=r"queries must be finite; row \[0\]"):
        poisoned.predict(table[len(support) :])
    assert torch.equal(poisoned.scores(queries), clean)
    few = torch.cat([poisoned.scores(query[None]) for query in queries])
    assert torch.allclose(few, clean, atol=1e-12)  # no query's answer depends on another


def test_vetoed_classes_give_way_to_the_next(world: World) -> None:
    support, labels, semantics, _ = episode(world)
    free = made(world, related=4, gate=False).fit(support, labels, semantics).related_
    veto = torch.zeros(WAYS, BASE, dtype=torch.bool)
    veto[1, free[1, 0]] = True
    model = made(world, gate=False).fit(support, labels, semantics, veto=veto)
    assert model.related_[1].tolist() == free[1, 1:].tolist()
    assert model.related_[0].tolist() == free[0, :3].tolist()
    veto[1] = True
    with pytest.raises(ValueError, match="class 1 has 0 base classes left after the vetoes"):
        made(world).fit(support, labels, semantics, veto=veto)


def test_given_classes_are_taken_whatever_the_meaning(world: World) -> None:
    support, labels, semantics, _ = episode(world)
    model = made(world, gate=False)
    chosen = random_classes(model.similarity(semantics), 3, seed=4)
    assert model.fit(support, labels, semantics, related=chosen).related_.equal(chosen)
    assert all(len(set(row)) == 3 for row in chosen.tolist())


def test_a_class_far_from_all_base_classes_is_warned_of(world: World) -> None:
    support, labels, _, _ = episode(world)
    along, across = torch.eye(6).double()[:2]
    base = (
        along + 0.1 * torch.arange(BASE)[:, None] * across
    )  # a fan: neighbours are near each other
    found = torch.stack([along, along + across, along + 2 * across, -along])
    model = AttentiveFeatureRegularizer(world.prototypes, base, gate=False, leak=1.1)
    assert 0.99 < model.low_ < 1
    assert model.fit(support, labels, found).warned_.tolist() == [False, False, False, True]


def test_the_gate_learns_and_is_the_same_on_queries(world: World) -> None:
    support, labels, semantics, queries = episode(world)
    still = made(world, steps=0).fit(support, labels, semantics)
    assert torch.equal(still.gate_weights(queries), torch.ones_like(queries))
    plain = made(world, gate=False).fit(support, labels, semantics)
    assert torch.allclose(still.scores(queries), plain.scores(queries), atol=1e-12)
    learnt = made(world, steps=20).fit(support, labels, semantics).gate_weights(queries)
    assert 0 < float(learnt.min()) < 1 < float(learnt.max()) < 2


@pytest.mark.parametrize("loss", ["cross_entropy", "contrastive", "squared"])
def test_each_loss_alone_moves_the_gate_and_none_leaves_it(world: World, loss: str) -> None:
    support, labels, semantics, queries = episode(world)
    none = {"cross_entropy": 0.0, "contrastive": 0.0, "squared": 0.0, "steps": 3}
    off = made(world, **none).fit(support, labels, semantics).gate_weights(queries)
    assert torch.equal(off, torch.ones_like(off))
    one = made(world, **none | {loss: 1.0}).fit(support, labels, semantics)
    assert not torch.equal(one.gate_weights(queries), off)


def test_related_classes_help_where_meaning_follows_features_and_random_ones_do_not(
    world: World,
) -> None:
    def right(**how: Any) -> float:
        kappa = how.pop("kappa", 1.5)
        hits = []
        for shot in range(6):
            support = torch.stack([world.rows(BASE + way)[shot] for way in range(NOVEL)])
            queries = torch.cat([world.rows(BASE + way)[6:] for way in range(NOVEL)])
            model = made(world, gate=False, kappa=kappa)
            semantics, extra = world.semantics[BASE:], {}
            if how.get("random"):
                extra["related"] = random_classes(model.similarity(semantics), 3, shot)
            given = model.fit(support, torch.arange(NOVEL), semantics, **extra).predict(queries)
            hits.append((given == torch.arange(NOVEL).repeat_interleave(6)).double().mean())
        return float(torch.stack(hits).mean())

    assert right() > right(kappa=0) + 0.02 > right(kappa=0) > right(random=True)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"related": 0}, "related must be 1 to"),
    ({"kappa": -1.0}, "kappa must be 0 to"),
    ({"temperature": float("nan")}, "temperature must be"),
    ({"classifier": "forest"}, "classifier must be one of centroid, cosine, logistic"),
    ({"power": 1.5}, "power must be above 0"),
]


@pytest.mark.parametrize(("settings", "message"), BAD)
def test_settings_out_of_bounds(world: World, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        made(world, **settings)


def test_bad_input_is_named(world: World) -> None:
    support, labels, semantics, queries = episode(world)
    broken = support.clone()
    broken[3, 0] = torch.inf
    silent = semantics.clone()
    silent[1] = 0
    model = made(world, gate=False)
    with pytest.raises(ValueError, match="fit the regulariser before"):
        model.predict(queries)
    for arguments, message in [
        ((broken, labels, semantics), r"support must be finite; row \[3\]"),
        ((support, labels[:-1], semantics), "labels must be 8 whole numbers"),
        ((support, labels.double(), semantics), "labels must be 8 whole numbers"),
        ((support, labels + 1, semantics), "labels must be 0 to 3, got 1 to 4"),
        ((support, labels.clamp(max=2), semantics), "class 3 has no support row"),
        ((support[:, :5], labels, semantics), r"support must be \(N, 32\)"),
        ((support, labels, semantics[:, :3]), r"semantics must be \(W, 6\)"),
        ((support, labels, silent), r"semantics: row \[1\] is all zeros"),
        ((support[None], labels, semantics.expand(2, -1, -1)), "semantics of 2 episodes"),
    ]:
        with pytest.raises(ValueError, match=message):
            model.fit(*arguments)
    model.fit(support, labels, semantics)
    with pytest.raises(ValueError, match=r"queries must be \(M, 32\)"):
        model.predict(queries[:, :4])
    with pytest.raises(ValueError, match="24 base prototypes, but 23 semantic"):
        AttentiveFeatureRegularizer(world.prototypes, world.base[1:])
    with pytest.raises(ValueError, match="cuts negative values"):
        AttentiveFeatureRegularizer(-world.prototypes, world.base, power=0.5)


def test_mixup_is_its_base_classifier_plus_mixtures(world: World) -> None:
    support, labels, semantics, queries = episode(world, 1)
    for classifier in CLASSIFIERS:
        mixed = MixupClassifier(world.prototypes, classifier=classifier, steps=5)
        assert mixed.fit(support, labels).predict(queries).shape == (len(queries),)
    base = made(world, kappa=0, gate=False).fit(support, labels, semantics)
    # Shares near 0 and 1 only: every mixture is a support feature again, and so is every class mean.
    edge = MixupClassifier(world.prototypes, alpha=1e-4, rounds=3).fit(support, labels)
    assert torch.equal(edge.predict(queries), base.predict(queries))
    with pytest.raises(ValueError, match="alpha must be above 0"):
        MixupClassifier(world.prototypes, alpha=0)


@pytest.mark.gpu
@pytest.mark.parametrize("classifier", CLASSIFIERS)
@pytest.mark.parametrize("gate", [False, True])
def test_cuda_scores_as_the_processor_does(world: World, classifier: str, gate: bool) -> None:
    support, labels, semantics, queries = episode(world)
    settings: dict[str, Any] = {"classifier": classifier, "gate": gate, "steps": 10}
    wanted = made(world, **settings).fit(support, labels, semantics).scores(queries)
    there = AttentiveFeatureRegularizer(world.prototypes.cuda(), world.base.cuda(), **settings)
    there.fit(support.cuda(), labels.cuda(), semantics.cuda())
    found = there.scores(queries.cuda())
    assert found.is_cuda
    torch.testing.assert_close(found.cpu(), wanted, rtol=1e-3, atol=1e-3)
