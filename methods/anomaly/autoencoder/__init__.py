"""The graph autoencoder: features and links from latents, and what each node's errors are made of."""
