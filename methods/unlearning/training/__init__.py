"""Training a LoRA adapter on instruction rows, and training it again as its recipe says."""
