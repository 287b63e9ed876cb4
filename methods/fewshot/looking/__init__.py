"""The run `fewshot.look`: some pictures, named by CLIP as a whole and after a closer look."""
