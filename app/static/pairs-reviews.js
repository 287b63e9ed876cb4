// What may be decided of a pair.

export const VERDICTS = {
  keep: { name: "Keep", said: "Kept", key: "x", sign: "✓", about: "the label is right" },
  flip: {
    name: "Flip",
    said: "Flipped",
    key: "f",
    sign: "⇄",
    about: "the rejected answer is the better one: they change places in the export",
  },
  drop: { name: "Drop", said: "Dropped", key: "d", sign: "✕", about: "leave the pair out of the export" },
};
