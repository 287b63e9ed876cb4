"""What people use today, in the same process: TaylorSeer, first-block cache and cache-dit on a DiT.

Each is the ecosystem's own code, put on the model by `peer.apply_peer` and taken off again; the handle has the surface of
`StepCache`. None of them knows the corrections of EOC and GOC.

**TaylorSeer** (diffusers' `apply_taylorseer_cache`; Liu et al., "From Reusing to Forecasting: Accelerating Diffusion
Models with TaylorSeers", ICCV 2025, arXiv:2503.06923). Every attention and feed-forward is computed at each N-th step and
forecast from finite differences between: with F the last computed value, d steps ago, D_0 = F, and D_j the change of
D_{j-1} since the computed step before, divided by N,

    F_k = sum over j <= order of D_j d^j / j!

Order 0 is FORA, bit for bit. Set up here without warm-up, so that it executes exactly what FORA executes at this interval,
on the modules of a DiT by name, with factors in the model's own number format. Three traps of diffusers 0.42.1, each kept
in view by a test:

* its default names end in "attn", those of a DiT in "attn1": nothing matches, every step is computed, and nobody says so;
* its lite mode forecasts a `proj_out` that a DiT does not have and replaces every block by zeros: fast and wrong;
* its factors are bfloat16 unless told otherwise, whatever the model: in float32 even order 0 then is not FORA.

Its state begins anew only where hooks are reset; `ddim_sample` does that. In half precision differences are formed in the
module's number format whatever the factors are kept in, so float32 factors cost memory and change nothing.

**First-block cache** (diffusers' `apply_first_block_cache`, after TeaCache, arXiv:2411.19108). The first block always
runs. If its residual differs from that of the last computed step by no more than `threshold` (mean absolute difference
over mean absolute value), what all other blocks had added is added again.

**cache-dit** (https://github.com/vipshop/cache-dit, optional: `vitrine[cache-dit]`). DBCache with one probing block
(Fn 1, Bn 0, no warm-up) decides as first-block cache does, and a Taylor series of `order` may forecast what the other
blocks add; order 0 adds what was kept. A threshold of 1 takes every step for similar. Two traps of 1.5.3, kept in view
likewise: its `disable_cache` leaves a replaced `forward` and a second name of a submodule on a DiT (here both are
taken back), and a second sampling goes on with what the first has left (here it is told to begin anew). It logs each
call: set CACHE_DIT_LOG_LEVEL=error to silence it.

The last two decide on a mean over the **whole batch**, both halves of a guided one included: what an image becomes
depends on the images beside it. Measured on the digits world (8 blocks, 20 steps, guidance 1.5, 80 images in batches of
32, mean of three seeds): forwards of each kind executed of 160, and relative L2 to the uncached images.

    threshold                                .02    .05    .1     .2     .3     .5
    executed                                 153    132    97     69     55     48
    first-block cache; cache-dit, order 0    .002   .007   .035   .087   .20    .40
    cache-dit, order 1                              .005   .019   .045   .14

TaylorSeer beside it, interval 2 (80 executed): order 0 .025, order 1 .012, order 2 .012.
"""

from __future__ import annotations

from importlib.util import find_spec

CACHE_DIT_INSTALL = "pip install cache-dit (the extra “cache-dit” of vitrine)"


def has_cache_dit() -> bool:
    """Whether the optional package is installed; it is not imported."""
    return find_spec("cache_dit") is not None
