"""The dashboard's pages, one a file; each reads top to bottom and leaves the arithmetic to the judgement side."""
