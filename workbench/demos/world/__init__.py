"""The pocket world: a small made-up world of lands, products, people and skills, told in plain English.

The bundled base model is trained on it, and the bundled use cases are drawn from the part of it that
the base model has never seen.
"""
