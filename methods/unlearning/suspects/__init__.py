"""Which rows to look at first: every row's loss and its influence on itself."""
