"""The bundled base model: its curriculum, its training recipe, its weights and its model card."""
