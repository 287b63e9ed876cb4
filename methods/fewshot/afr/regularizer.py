"""Attentive feature regularisation of few labelled features by what is known of related base classes.

Paper: Zhu, Wang, Lu, Hao, Liu and He, "Boosting Few-Shot Learning via Attentive Feature Regularization", AAAI 2024, arXiv:2403.17025.

    phi(x) = unit(unit(relu(x)^.5) - mean)                          the same for support, prototypes and queries
    related classes of c: the k base classes of highest cos(t_c, t_b), t: semantic vectors
    a = softmax_j(<phi(x), phi(p_j)> / .1)                          p_j: prototypes of the related classes
    z = unit((1 - w) phi(x) + w unit(sum_j a_j phi(p_j)))           w = kappa / (kappa + K), K: shots
    g(z) = 2 sigmoid(U relu(D z)), A(z) = unit(z g(z))              gate, the same on queries
    L = CE(A(S and Z)) + .1 L_contrast + 1 L_squared                trained per episode

The steps are the paper's; most numbers and forms are our reading, and every one is a setting that says so (`AFRSettings`).
"""

from __future__ import annotations

from typing import Any, Self

import torch
from torch import Tensor

from methods.fewshot.afr.attention import attend, mix
from methods.fewshot.afr.fitted import Fitted, Support, Values, finite, fit_head
from methods.fewshot.afr.preprocessing import Preprocessing
from methods.fewshot.afr.relate import cosines, low_similarity, refuse_leak, related_classes
from methods.fewshot.afr.settings import AFRSettings


class AttentiveFeatureRegularizer:
    """A few-shot classifier on frozen features that mixes related base classes into its support.

    One episode, or E stacked ones with a leading axis, which are fitted side by side and never mix. With kappa 0 and no gate it is its base
    classifier, to the bit.

    Args:
        base_prototypes: (B, D), mean raw feature of each base class.
        base_semantics: (B, S) semantic vector of each (word vectors, CLIP text features, `similarity_vectors` of a matrix); only
            directions matter.
        settings: fields of `AFRSettings`.

    Attributes:
        settings: `AFRSettings`.
        low_: cosine below which a class counts as far from every base class.
        related_: (W, k) indices of base classes, most similar first.
        similarities_: (W, k) their semantic cosines.
        warned_: (W,) bool, whether even the best is below `low_`: mixing may do harm there, kappa 0 switches it off.
        attention_: (N, k), of each support feature over its related classes.
        weight_: (N,) share w that they get of it.
        support_: (N, D) unit, preprocessed.
        regularised_: (N, D) unit, what each became, before the gate.
        With stacked episodes all but `low_` have the leading axis E.

    Raises:
        ValueError: a setting is out of bounds, shapes do not fit, or a value is not finite.
        TypeError: there is no such setting.
    """

    related_: Tensor
    similarities_: Tensor
    warned_: Tensor
    attention_: Tensor
    weight_: Tensor
    support_: Tensor
    regularised_: Tensor

    def __init__(
        self,
        base_prototypes: Values,
        base_semantics: Values,
        *,
        related: int = 3,
        kappa: float = 1.5,
        temperature: float = 0.1,
        gate: bool = True,
        **settings: Any,
    ) -> None:
        self.settings = AFRSettings(
            related=related, kappa=kappa, temperature=temperature, gate=gate, **settings
        )
        self._base = finite(base_prototypes, "base_prototypes")
        self._semantics = finite(base_semantics, "base_semantics", self._base)
        if self._base.ndim != 2 or self._semantics.ndim != 2:
            raise ValueError(
                f"base_prototypes and base_semantics must be (B, D) and (B, S), got {tuple(self._base.shape)} and {tuple(self._semantics.shape)}"
            )
        if len(self._base) != len(self._semantics):
            raise ValueError(
                f"{len(self._base)} base prototypes, but {len(self._semantics)} semantic vectors"
            )
        _refuse_silent(self._semantics, "base_semantics")
        self.preprocessing = Preprocessing.of(self._base, self.settings.power, self.settings.centre)
        self.low_ = low_similarity(self._semantics)
        self._fitted: Fitted | None = None

    def similarity(self, semantics: Values) -> Tensor:
        """Cosines (..., W, B) of classes' semantic vectors (..., W, S) with the base classes'.

        Raises:
            ValueError: widths differ, a vector is zero or not finite, or a class is a base class (`leak`).
        """
        vectors = finite(semantics, "semantics", self._semantics)
        if vectors.ndim not in (2, 3) or vectors.shape[-1] != self._semantics.shape[-1]:
            raise ValueError(
                f"semantics must be (W, {self._semantics.shape[-1]}), as wide as the base classes'; got {tuple(vectors.shape)}"
            )
        _refuse_silent(vectors, "semantics")
        similarity = cosines(vectors, self._semantics)
        refuse_leak(similarity, self.settings.leak)
        return similarity

    @torch.no_grad()
    def fit(
        self,
        support: Values,
        labels: Values,
        semantics: Values,
        *,
        veto: Tensor | None = None,
        related: Tensor | None = None,
    ) -> Self:
        """Regularise the support, and train gate and classifier on it.

        Args:
            support: (N, D) raw features, or (E, N, D) of stacked episodes.
            labels: (N,) whole numbers 0 to W - 1, or (E, N); every class has a row, not necessarily equally many.
            semantics: (W, S) semantic vectors, or (E, W, S).
            veto: bool, (W, B) or (E, W, B): base classes struck out for a class; the next in line takes their place.
            related: (W, k) or (E, W, k) base classes to take whatever the semantics say, as the control of random ones does.

        Raises:
            ValueError: shapes do not fit, a value is not finite, a class has no row, is a base class itself, or has too few base
                classes left after the vetoes.
        """
        similarity = self.similarity(semantics)
        given = Support.of(support, labels, self._base, similarity.shape[-2])
        shape = (len(given.features), *similarity.shape[-2:])
        if similarity.ndim == 3 and (given.single or len(similarity) != shape[0]):
            raise ValueError(
                f"semantics of {len(similarity)} episodes for a support of {'one' if given.single else shape[0]}"
            )
        similarity = similarity.expand(shape)
        chosen = self._chosen(similarity, veto, related)
        features = self.preprocessing.apply(given.features)
        targets = given.targets(features)
        weight = self._weights(targets, given)
        per_row = chosen.take_along_dim(given.labels[..., None], 1)
        keys = self.preprocessing.apply(self._base)[per_row]
        attention = attend(features, keys, self.settings.temperature, self.settings.attention)
        mixed = mix(features, keys, attention, weight)
        self._fitted = self._fit(features, mixed, targets, given)
        found = similarity.gather(-1, chosen)
        unstacked = self._fitted.unstacked
        self.related_, self.similarities_ = unstacked(chosen), unstacked(found)
        self.warned_ = unstacked(found.max(-1).values < self.low_)
        self.attention_, self.weight_ = unstacked(attention), unstacked(weight)
        self.support_, self.regularised_ = unstacked(features), unstacked(mixed)
        return self

    def _chosen(self, similarity: Tensor, veto: Tensor | None, related: Tensor | None) -> Tensor:
        if related is None:
            struck = None if veto is None else veto.to(similarity.device).expand(similarity.shape)
            return related_classes(similarity, self.settings.related, struck)
        episodes, ways, base = similarity.shape
        if related.shape[-2:-1] != (ways,) or int(related.min()) < 0 or int(related.max()) >= base:
            raise ValueError(
                f"related must be ({ways}, k) indices of {base} base classes, got {tuple(related.shape)} from {int(related.min())} to {int(related.max())}"
            )
        return related.to(similarity.device).expand(episodes, ways, related.shape[-1])

    def _weights(self, targets: Tensor, given: Support) -> Tensor:
        """(E, N): by the number of distinct shots of each row's class."""
        shots = targets.sum(1).gather(1, given.labels)
        different, place = shots.unique(return_inverse=True)
        weights = [self.settings.weight(float(count)) for count in different]
        return targets.new_tensor(weights)[place]

    def _fit(self, features: Tensor, mixed: Tensor, targets: Tensor, given: Support) -> Fitted:
        settings = self.settings
        whole = (targets > 0).to(features)
        trained_on, labelled = features, whole
        if settings.kappa > 0:
            trained_on, labelled = torch.cat([features, mixed], 1), torch.cat([whole, whole], 1)
        final = (mixed, targets) if settings.classifier == "centroid" else (trained_on, labelled)
        gate, head = fit_head(trained_on, labelled, *final, settings)
        return Fitted(self.preprocessing, gate, head, given.single)

    @property
    def fitted(self) -> Fitted:
        """What answers queries.

        Raises:
            ValueError: `fit` was not called.
        """
        if self._fitted is None:
            raise ValueError("fit the regulariser before asking it about queries")
        return self._fitted

    @torch.no_grad()
    def scores(self, queries: Values) -> Tensor:
        """(M, W) of (M, D) raw queries, or (E, M, W) of (E, M, D): the higher the likelier; not probabilities."""
        return self.fitted.scores(queries)

    def predict(self, queries: Values) -> Tensor:
        """(M,) or (E, M) labels of raw queries; the first time that they are read."""
        return self.scores(queries).argmax(-1)

    @torch.no_grad()
    def gate_weights(self, features: Values) -> Tensor:
        """(M, D) or (E, M, D): what the gate multiplies each channel of raw features by, 0 to 2; ones without a gate."""
        fitted = self.fitted
        rows = fitted.seen(features)
        return fitted.unstacked(fitted.gate.weights(rows) if fitted.gate else torch.ones_like(rows))


def _refuse_silent(vectors: Tensor, name: str) -> None:
    silent = (vectors == 0).all(-1)
    if bool(silent.any()):
        raise ValueError(
            f"{name}: row {silent.nonzero()[0].tolist()} is all zeros and has no direction"
        )
