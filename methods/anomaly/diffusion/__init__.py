"""Latent diffusion: a denoiser of the latents, its common feature, and guided sampling away from it."""
