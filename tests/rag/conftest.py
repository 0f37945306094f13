"""A toy embedder, made on the spot: a bag of words with random vectors, so that texts which share words are near."""

from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import Whitespace

FUNCTION_WORDS = "what the is of a how to where when who does it from at in on for and not i my . ? , : > # -"
WORDS = """
cost costs open close colour lamp chair shop ferry bridge crowns blue red nine five monday sunday harbour built baker
flour bread bakes leave leaves many returns within days thirty keep receipt desk oak steel made
"""
DIMENSION = 64


@pytest.fixture(scope="session")
def toy_embedder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a sentence-transformers model."""
    tokenizer = Tokenizer(
        WordLevel(
            {word: n for n, word in enumerate(["[UNK]", *FUNCTION_WORDS.split(), *WORDS.split()])}, unk_token="[UNK]"
        )
    )
    tokenizer.normalizer = Lowercase()
    tokenizer.pre_tokenizer = Whitespace()
    weights = np.random.default_rng(0).standard_normal((tokenizer.get_vocab_size(), DIMENSION)).astype(np.float32)
    weights[: 1 + len(FUNCTION_WORDS.split())] = 0
    folder = tmp_path_factory.mktemp("embedder")
    SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_weights=weights)], device="cpu").save(str(folder))
    return folder
