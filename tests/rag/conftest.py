"""Toys, made on the spot: an embedder that is a bag of words with random vectors, so that texts which share words are
near, and a reranker of random weights, whose order is its own."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

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


@pytest.fixture(scope="session")
def toy_reranker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a CrossEncoder of random weights."""
    return make_cross_encoder(tmp_path_factory.mktemp("reranker"), labels=1)


def make_cross_encoder(folder: Path, *, labels: int) -> Path:
    """A BERT of two tiny layers that gives so many values for a pair of texts."""
    marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = [*marks, *FUNCTION_WORDS.split(), *WORDS.split()]
    own = Tokenizer(WordLevel({word: n for n, word in enumerate(words)}, unk_token="[UNK]"))
    own.normalizer, own.pre_tokenizer = Lowercase(), Whitespace()
    own.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=own, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        model_max_length=64,
    )  # fmt: skip
    config = BertConfig(
        vocab_size=len(words), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=64, num_labels=labels, initializer_range=0.5,
    )  # fmt: skip
    torch.manual_seed(0)
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
