"""The scenes world's CLIP: a small `open_clip` model that reads sentences about coloured shapes.

**Data**: pictures made by `methods.worlds.scenes`, one to three objects of 8 shapes in 6 colours, and
every sentence about them that is true or false (`statements.py`). **Model**: a real `open_clip.CLIP`
(vision 4 x 128, patches of 8 x 8 at 48 x 48 pixels; text 2 x 64, a vocabulary of words), stored in
open_clip's own layout, so that `create_model_and_transforms("local-dir:...")` and
`get_tokenizer("local-dir:...")` load it without network.

**For**: few-shot classification, and how hard the pairs of a preference set are to tell apart.

`CARD.md` beside this file says how it was trained and what was measured.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

IMAGE_SIZE = 48
PATCH_SIZE = 8
WEIGHTS = Path(__file__).parent / "weights"


def folder() -> Path:
    """Return the folder of the shipped model, in open_clip's layout."""
    return WEIGHTS


def load(device: "str | torch.device" = "cpu") -> tuple[Any, Any, Any]:
    """Return model (eval, float32), preprocess (PIL image -> (3, 48, 48)) and tokeniser."""
    import open_clip

    name = f"local-dir:{folder()}"
    model, _, preprocess = open_clip.create_model_and_transforms(name, device=device)
    return model.eval(), preprocess, open_clip.get_tokenizer(name)
