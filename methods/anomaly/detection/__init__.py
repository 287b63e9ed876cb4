"""The method `anomaly.detect`: settings, checks before it is queued, its run, and what runs say together."""
