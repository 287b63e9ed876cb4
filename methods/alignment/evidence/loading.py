"""The shared loading of a CLIP, under the name that it has in this family."""

from methods.clip_models import load_clip as load_scorer

__all__ = ["load_scorer"]
