"""Labelled pictures to learn from and to be tested on: a folder a class, or generated scenes."""
