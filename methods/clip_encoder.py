"""Any CLIP of open_clip as an encoder: features of images and texts, in batches."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from methods.base import MethodError

Precision = Literal["float32", "bfloat16", "float16"]
Features = npt.NDArray[np.float32]
Opener = Callable[[], Image.Image]

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
BATCH_SIZE = 64
PROBE = "A probe: 3 red circles, and (perhaps) a blue star."


class ClipEncoder:
    """A CLIP and what it needs to look at pictures and read texts.

    Attributes:
        name: what was loaded, for people.
        id: 16 hex digits of weights, architecture, preprocessing, tokeniser and precision: equal ids give equal features.
        tau: factor of a cosine in CLIP's softmax, exp(logit_scale).
        window: tokens of the text window; what is longer is cut by the tokeniser.
        side: height and width of the pictures that the model sees, in pixels.
        mean, std: what its preprocessing takes from each channel of 0..1, and divides it by.
        batch_size: images in one forward.
        text_batch: texts in one forward; as `batch_size` unless somebody sets it.
        device: where the model is.
        notes: what was mended while loading, in sentences.
        after_batch: called after every forward; a run says there that it is alive, and is stopped there.
    """

    def __init__(
        self,
        name: str,
        model: Any,
        preprocess: Callable[[Image.Image], Tensor],
        tokenizer: Any,
        *,
        precision: Precision = "float32",
        batch_size: int = BATCH_SIZE,
        fixed_batches: bool = False,
        notes: Sequence[str] = (),
    ) -> None:
        """Wrap a model that is loaded already.

        Args:
            precision: of weights and forward, to which the model given is brought for good; features are float32, and so are batch norms.
            batch_size: images, or texts, in one forward.
            fixed_batches: fill every batch up to its size, so that no feature depends, in its last bits, on what else was
                asked for with it.
        """
        self.name, self.notes = name, tuple(notes)
        self.after_batch: Callable[[], None] = lambda: None
        self._model, self._preprocess, self._tokenizer = model.eval(), preprocess, tokenizer
        self._precision, self._fixed = precision, fixed_batches
        self.batch_size = self.text_batch = batch_size
        self.device: torch.device = model.logit_scale.device
        self.tau = float(model.logit_scale.detach().exp())
        self.window = int(self._tokenizer([PROBE]).shape[1])
        size = model.visual.image_size
        self.side = int(size if isinstance(size, int) else size[0])
        wanted = model.visual.preprocess_cfg
        self.mean, self.std = tuple(wanted["mean"]), tuple(wanted["std"])
        self.id = self._fingerprint()
        if precision != "float32":
            _lower(model, DTYPES[precision])

    def image_features(
        self, images: Sequence[Image.Image | Opener], *, unit: bool = True
    ) -> Features:
        """Features (N, D) of pictures, or of functions that open them, called batch by batch.

        Args:
            unit: bring every feature to length 1; False leaves it as the tower gives it.

        Raises:
            MethodError: out of memory; features that are not finite.
        """
        with ThreadPoolExecutor(torch.get_num_threads()) as pool:  # PIL works without the GIL
            return self.pixel_features(self._pixels(images, pool), unit=unit)

    def pixel_features(self, batches: Iterable[Tensor], *, unit: bool = True) -> Features:
        """Features (N, D) of pictures that are prepared already.

        Args:
            batches: each (B, 3, side, side), less `mean` and divided by `std`, B at most the batch size.
            unit: as `image_features` has it.
        """
        return self._features(self._model.encode_image, batches, self.batch_size, unit)

    def prepared(self, image: Image.Image) -> Tensor:
        """A picture (3, side, side) as the model's own preprocessing makes it: resized, cropped in the middle, scaled."""
        pixels: Tensor = self._preprocess(image.convert("RGB"))
        return pixels

    def tokens(self, texts: Sequence[str]) -> tuple[Tensor, list[bool]]:
        """What CLIP reads of texts: ids (N, window), and which texts do not fit, so that it reads only their beginning."""
        wider = self._tokenizer(["", *texts], context_length=self.window + 1)  # (1 + N, window + 1)
        padding, ids = wider[0, -1], wider[1:]
        too_long = ids[:, -1] != padding
        kept = ids[:, :-1].clone()
        if too_long.any():  # shortened as the tokeniser itself does it: the end token stays
            cut = [text for text, long in zip(texts, too_long.tolist(), strict=True) if long]
            kept[too_long] = self._tokenizer(cut)
        return kept, too_long.tolist()

    def text_features(self, texts: Sequence[str]) -> Features:
        """Unit features (N, D) of texts."""
        return self.token_features(self.tokens(texts)[0])

    def token_features(self, ids: Tensor) -> Features:
        """Unit features (N, D) of texts as `tokens` gives them."""
        size = self.text_batch
        batches = (ids[start : start + size] for start in range(0, len(ids), size))
        return self._features(self._model.encode_text, batches, size, unit=True)

    def _pixels(
        self, images: Sequence[Image.Image | Opener], pool: ThreadPoolExecutor
    ) -> Iterator[Tensor]:
        """Batches (B, 3, H, W); while the model looks at one, the next is opened."""
        ahead: list[Future[Tensor]] = []
        for start in range(0, len(images) + self.batch_size, self.batch_size):
            batch = images[start : start + self.batch_size]
            coming = [pool.submit(self._opened, image) for image in batch]
            if ahead:
                yield torch.stack([pixels.result() for pixels in ahead])
            ahead = coming

    def _opened(self, image: Image.Image | Opener) -> Tensor:
        return self.prepared(image() if callable(image) else image)

    def pixel_batch(self, batch: Tensor) -> Tensor:
        """Features (B, D) of one batch as the tower gives them, on the model's device, which isn't waited for: `checked` is for the caller.

        Args:
            batch: as `pixel_features` has them.
        """
        features = self._forward(self._model.encode_image, batch, self.batch_size)
        self.after_batch()
        return features

    def checked(self, features: Tensor) -> Tensor:
        """The same on the CPU.

        Raises:
            MethodError: they are not finite.
        """
        found = features.cpu()
        if not found.isfinite().all():
            raise MethodError(
                f"{self.name} gives features that are no numbers in {self._precision}: take another precision, or other weights"
            )
        return found

    def _features(
        self,
        encode: Callable[[Tensor], Tensor],
        batches: Iterable[Tensor],
        size: int,
        unit: bool,
    ) -> Features:
        parts = []
        for batch in batches:
            features = self._forward(encode, batch, size)
            found = functional.normalize(features, dim=-1) if unit else features
            parts.append(self.checked(found).numpy())
            self.after_batch()
        if not parts:
            raise ValueError("features need at least one picture or text")
        return np.concatenate(parts)

    @torch.inference_mode()
    def _forward(self, encode: Callable[[Tensor], Tensor], batch: Tensor, size: int) -> Tensor:
        """Features (B, D) of one batch, on the model's device; where batches are fixed, of one filled up to `size`."""
        count = len(batch)
        missing = size - count if self._fixed else 0
        filled = torch.cat([batch, batch[-1:].expand(missing, *batch.shape[1:])])
        if filled.is_floating_point():
            filled = filled.to(DTYPES[self._precision])
        try:
            return encode(filled.to(self.device))[:count].float()
        except torch.OutOfMemoryError as error:
            raise MethodError(
                f"{self.name} ran out of memory with {count} images or texts at a time: lower the batch size"
            ) from error

    def _fingerprint(self) -> str:
        digest = hashlib.sha256()
        # Weights do not say which activation they meet, nor how pictures and texts are prepared.
        for part in (
            self._model,
            self._preprocess,
            self._precision,
            self._tokenizer([PROBE]).tolist(),
        ):
            digest.update(repr(part).encode())
        for name, value in sorted(self._model.state_dict().items()):
            digest.update(f"{name} {tuple(value.shape)} {value.dtype}".encode())
            digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
        return digest.hexdigest()[:16]


def _lower(model: nn.Module, dtype: torch.dtype) -> None:
    """Bring a model to half precision; not by autocast, which casts all weights anew for every batch."""
    model.to(dtype)
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.float()  # running variances of half precision overflow, or are rounded away
