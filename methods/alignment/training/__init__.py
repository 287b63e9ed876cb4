"""Training on preference pairs, watched pair by pair.

objectives.py, config.py, check.py              what may be chosen, and what is refused
presets.py, estimate.py                         the arms, and what a run will cost
sources.py, models.py, adapters.py              models and LoRA adapters, from where they are to where they run
chats.py, data.py, collator.py                  from pairs to batches, with all that must reach the loss
logged.py, trainer.py                           TRL's `DPOTrainer` with a report of every pair, and DAMO on it
pair_step.py, log.py, doctor/                   what became of each pair, and what the curves say in plain words
bridge.py, closing.py, run_train.py             the run: progress, checkpoints, answers before and after
summary.py, sweep.py, conclude.py               what one run says of itself, and what several say together
"""
