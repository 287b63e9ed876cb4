"""Training of the graph autoencoder: full batch, the per-node error itself as the loss."""

from __future__ import annotations

import torch
from torch import Tensor

from methods.anomaly.autoencoder.model import GraphAutoencoderModel, dropping
from methods.anomaly.autoencoder.structure import structure_errors
from methods.anomaly.fitting import Fit
from methods.anomaly.optimising import Optimiser
from methods.anomaly.prepared import Prepared
from methods.anomaly.seeding import Use, generator
from methods.anomaly.settings import AutoencoderSettings


def train_autoencoder(
    graph: Prepared,
    settings: AutoencoderSettings,
    seed: int,
    repeat: int,
    fit: Fit,
) -> GraphAutoencoderModel:
    """A model trained from a fresh start; of its last epoch, whatever it scored (labels choose nothing).

    Args:
        repeat: which start; another has other weights and other dropout.
        fit: hears of each epoch, and keeps stage "{repeat}.autoencoder".
    """
    device, width = graph.features.device, graph.features.shape[1]
    chance = generator(device, seed, Use.WEIGHTS, repeat)
    model = GraphAutoencoderModel(width, graph.hidden, chance)
    stage = f"{repeat}.autoencoder"
    optimiser = Optimiser(model, settings.learning_rate, settings.weight_decay)
    optimiser.load(fit.saved.get(stage))
    work = epoch_work(graph)
    fit.tick(work * optimiser.steps, "autoencoder")
    while optimiser.steps < settings.epochs:
        epoch = optimiser.steps
        chance = generator(device, seed, Use.DROPOUT, repeat, epoch)
        loss = training_loss(model, graph, settings, chance)
        value = optimiser.step(loss)
        fit.log(repeat * settings.epochs + epoch, "autoencoder_loss", value)
        if fit.saved.due:
            fit.saved.put(stage, optimiser.state())
        fit.tick(work, f"autoencoder, epoch {epoch + 1} of {settings.epochs}")
    fit.saved.put(stage, optimiser.state())
    return model.requires_grad_(False)


def training_loss(
    model: GraphAutoencoderModel,
    graph: Prepared,
    settings: AutoencoderSettings,
    chance: torch.Generator,
) -> Tensor:
    """mean_i alpha ||X_i - Xh_i|| + (1 - alpha) ||S_i - Sh_i||: norms, not squared ones."""
    drop = dropping(settings.dropout, chance)
    latents = model.encode(graph.spread, graph.propagate, drop)
    last, factors = model.decode(latents, graph.propagate, drop)
    loss = torch.zeros((), device=latents.device)
    if settings.alpha > 0:
        residuals = graph.features - model.reconstruct(last)
        loss = loss + settings.alpha * torch.linalg.vector_norm(residuals, dim=1).mean()
    if settings.alpha < 1:
        structure = structure_errors(factors, graph.counts, graph.squares)
        loss = loss + (1 - settings.alpha) * structure.mean()
    return loss


def epoch_work(graph: Prepared) -> float:
    """Multiply-adds of one epoch, forward and backward; a sparse one counts as four for its scattered reads."""
    features, hidden = graph.features.shape[1], graph.hidden
    dense = 3 * graph.nodes * hidden * (2 * features + 3 * hidden + 3 * hidden)
    return dense + 4 * 8 * hidden * (len(graph.links.indices) + graph.nodes)
