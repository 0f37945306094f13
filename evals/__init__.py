"""Answers to scores: metric functions, and the process that applies them to a run's responses."""
