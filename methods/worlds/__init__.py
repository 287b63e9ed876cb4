"""Small worlds: honest stand-ins that let every page compute something real at the first start.

A small world is a data set that is generated here or ships inside a dependency, a small model of the
*same class* as the real one (diffusers' `DiTTransformer2DModel`, an `open_clip` model,
`LlavaForConditionalGeneration`), and a judge that measures what the model makes. Each world is one
package with its training script, its seed, its shipped weights and a `CARD.md` that says what the
model can and can't do. Results from a small world are always called that: they show how a method
behaves, they never stand in for a figure of a paper.

Importing this package, or the package of one world, loads no torch.
"""

from typing import Literal

Prediction = Literal["epsilon", "v_prediction"]
"""What a diffusion model's output stands for, by the names of diffusers' schedulers."""
