"""Documents become passages, and a question finds the passages that may answer it."""
