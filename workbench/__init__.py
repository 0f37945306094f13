"""The Workbench: should a use case be answered by prompting, RAG or fine-tuning? Measured, not guessed."""

__version__ = "0.1.0"
