"""A base model of two layers, built on the spot."""

from pathlib import Path

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from recipes.pocket.tokenizer import train_tokenizer
from workbench.usecase import Example, Message

TEXTS = ["What does the lamp cost?", "49 crowns", "Answer briefly.", "red", "The lamp is red.", '{"a": "b"}'] * 3


@pytest.fixture(scope="session")
def toy_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in Hugging Face format with a random model of two layers."""
    folder = tmp_path_factory.mktemp("toy")
    tokenizer = train_tokenizer(TEXTS)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        intermediate_size=128,
        max_position_embeddings=256,
        tie_word_embeddings=True,
        initializer_range=0.3,  # Random weights of the usual size would answer every prompt alike.
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture
def examples() -> list[Example]:
    """Twenty requests of several lengths with one-word answers."""
    colours = ["red", "blue", "green", "white"]
    return [
        Example(
            id=f"e{i}",
            messages=(Message(role="user", content=f"What colour is thing {i}{' indeed' * (i % 5)}?"),),
            target=colours[i % 4],
            split="train",
        )
        for i in range(20)
    ]
