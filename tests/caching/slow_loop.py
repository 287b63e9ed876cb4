"""The obvious, slow truth: DiT, guidance, DDIM and every cache rule written out from their equations.

Nothing of diffusers' modules or of our hooks is used, only the weights.
"""

from __future__ import annotations

import math

import torch


def linear(weights, name, x):
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def silu(x):
    return x * torch.sigmoid(x)


def gelu(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def layer_norm(x, epsilon=1e-6):
    centred = x - x.mean(dim=-1, keepdim=True)
    return centred / torch.sqrt(centred.square().mean(dim=-1, keepdim=True) + epsilon)


def condition(weights, name, timestep, labels):
    """t_emb + y_emb with the official frequencies 10000^(-i/128)."""
    frequencies = torch.exp(-math.log(10000) * torch.arange(128) / 128)
    angles = timestep * frequencies
    waves = torch.cat([torch.cos(angles), torch.sin(angles)])
    hidden = silu(linear(weights, f"{name}.timestep_embedder.linear_1", waves))
    time = linear(weights, f"{name}.timestep_embedder.linear_2", hidden)
    return time + weights[f"{name}.class_embedder.embedding_table.weight"][labels]


def attention(weights, name, x, heads):
    def split(part):
        y = linear(weights, f"{name}.to_{part}", x)
        return y.reshape(*y.shape[:2], heads, -1).transpose(1, 2)  # (B, H, T, d)

    q, k, v = split("q"), split("k"), split("v")
    scores = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]), dim=-1)
    mixed = (scores @ v).transpose(1, 2).reshape(x.shape)
    return linear(weights, f"{name}.to_out.0", mixed)


def feed_forward(weights, name, x):
    return linear(weights, f"{name}.net.2", gelu(linear(weights, f"{name}.net.0.proj", x)))


def patches_of(images, patch):
    n, c, h, w = images.shape
    grid = images.reshape(n, c, h // patch, patch, w // patch, patch)
    return grid.permute(0, 2, 4, 1, 3, 5).reshape(n, -1, c * patch * patch)


def images_of(tokens, patch, channels):
    side = math.isqrt(tokens.shape[1])
    grid = tokens.reshape(-1, side, side, patch, patch, channels)
    return grid.permute(0, 5, 1, 3, 2, 4).reshape(-1, channels, side * patch, side * patch)


class SlowCache:
    """The pseudocode of the papers: a queue of the last two used values of each (block, module)."""

    def __init__(
        self, mask, correction="none", weight=0.0, positions=(), prior=None, require_both=False
    ):
        self.mask, self.correction, self.weight = mask, correction, weight
        self.positions, self.prior, self.require_both = positions, prior, require_both
        self.q1, self.q2 = {}, {}
        self.executed = {"attn": 0, "ff": 0}

    def value(self, step, layer, kind, compute):
        module = {"attn": 0, "ff": 1}[kind]
        key = (layer, kind)
        both = bool(self.mask[step, layer].all())
        corrects = step in self.positions and (both or not self.require_both)
        if self.mask[step, layer, module] and key in self.q1:
            v = self.q1[key]
            if corrects and self.correction == "goc" and key in self.q2:
                v = v + self.weight * (v - self.q2[key])
            if corrects and self.correction == "eoc":
                change = self.prior[kind][layer, step] - self.prior[kind][layer, step - 1]
                v = v * (1 + self.weight * change)
        else:
            v = compute()
            self.executed[kind] += 1
        if key in self.q1:
            self.q2[key] = self.q1[key]
        self.q1[key] = v
        return v


class SlowTaylor:
    """TaylorSeer from its equation: all computed values are kept, differences are formed anew at each forecast."""

    def __init__(self, interval, order):
        self.interval, self.order = interval, order
        self.known = {}  # newest first

    def difference(self, values, order):
        if order == 0:
            return values[0]
        older = self.difference(values[1:], order - 1)
        return (self.difference(values, order - 1) - older) / self.interval

    def value(self, step, layer, kind, compute):
        values = self.known.setdefault((layer, kind), [])
        distance = step % self.interval
        if distance == 0:
            values.insert(0, compute())
            return values[0]
        orders = range(min(self.order, len(values) - 1) + 1)
        return sum(self.difference(values, j) * distance**j / math.factorial(j) for j in orders)


def forward(weights, position, shape, x, timestep, labels, step, cache):
    heads, patch, out_channels, layers = shape
    kernel = weights["pos_embed.proj.weight"]
    x = patches_of(x, patch) @ kernel.flatten(1).T + weights["pos_embed.proj.bias"] + position
    for layer in range(layers):
        block = f"transformer_blocks.{layer}"
        c = condition(weights, f"{block}.norm1.emb", timestep, labels)
        parts = linear(weights, f"{block}.norm1.linear", silu(c))[:, None].chunk(6, dim=-1)
        shift1, scale1, gate1, shift2, scale2, gate2 = parts
        before = x
        a = cache.value(
            step, layer, "attn",
            lambda y=before, b=block, s=shift1, c=scale1: attention(weights, f"{b}.attn1", layer_norm(y) * (1 + c) + s, heads),
        )  # fmt: skip
        x = x + gate1 * a
        middle = x
        f = cache.value(
            step, layer, "ff",
            lambda y=middle, b=block, s=shift2, c=scale2: feed_forward(weights, f"{b}.ff", layer_norm(y) * (1 + c) + s),
        )  # fmt: skip
        x = x + gate2 * f
    c = condition(weights, "transformer_blocks.0.norm1.emb", timestep, labels)
    shift, scale = linear(weights, "proj_out_1", silu(c))[:, None].chunk(2, dim=-1)
    x = linear(weights, "proj_out_2", layer_norm(x) * (1 + scale) + shift)
    return images_of(x, patch, out_channels)


@torch.no_grad()
def slow_sample(model, labels, noise, steps, guidance, cache, channels=3):
    """Latents after every step."""
    weights = model.state_dict()
    config = model.config
    shape = (config.num_attention_heads, config.patch_size, config.out_channels, config.num_layers)
    betas = [1e-4 + (2e-2 - 1e-4) * i / 999 for i in range(1000)]
    alphas = [math.prod(1 - beta for beta in betas[: t + 1]) for t in range(1000)]
    timesteps = [round(i * 999 / (steps - 1)) for i in range(steps)][::-1]
    null = torch.full_like(labels, config.num_embeds_ada_norm)
    x, path = noise, []
    for step, timestep in enumerate(timesteps):
        rows = torch.cat([x, x])
        position = model.pos_embed.pos_embed
        out = forward(
            weights, position, shape, rows, timestep, torch.cat([labels, null]), step, cache
        )
        conditional, unconditional = out[: len(x), : x.shape[1]], out[len(x) :, : x.shape[1]]
        eps = conditional.clone()
        eps[:, :channels] = (unconditional + guidance * (conditional - unconditional))[:, :channels]
        now = alphas[timestep]
        after = alphas[timesteps[step + 1]] if step + 1 < steps else 1.0
        clean = (x - math.sqrt(1 - now) * eps) / math.sqrt(now)
        x = math.sqrt(after) * clean + math.sqrt(1 - after) * eps
        path.append(x)
    return path
