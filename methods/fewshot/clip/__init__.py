"""A CLIP for few shots: its class texts, pictures opened safely, features kept by what they are of."""
