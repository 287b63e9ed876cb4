"""The contrastive loss for pictures and sentences several of which belong together."""

from torch import Tensor
from torch.nn import functional


def multi_positive_loss(logits: Tensor, truth: Tensor) -> Tensor:
    """Return the symmetric contrastive loss where a row may have several true columns.

    Cross-entropy with the target spread evenly over what is true, from pictures to sentences and from
    sentences to pictures; with one true column a row and one true row a column it is CLIP's own
    loss (Radford et al., 2021). Rows and columns without anything true are left out.

    Args:
        logits: (B, S) scaled cosines.
        truth: (B, S) bool.
    """
    return (_one_way(logits, truth) + _one_way(logits.T, truth.T)) / 2


def _one_way(logits: Tensor, truth: Tensor) -> Tensor:
    some = truth.any(dim=1)
    logits, truth = logits[some], truth[some]
    target = truth.float() / truth.sum(dim=1, keepdim=True)
    return functional.cross_entropy(logits, target)
