"""The base model: where it is, how it is loaded, on which device, with or without 4-bit weights and adapters."""

import json
import os
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from bitsandbytes.nn.modules import Linear4bit
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError
from peft import PeftModel
from safetensors import SafetensorError
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    BitsAndBytesConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from recipes.processes import sharded
from workbench.base_models import local_folder
from workbench.errors import ConfigError, NotFound

PLAIN_TEMPLATE = (
    "{%- for message in messages -%}"
    "{%- if message['role'] == 'assistant' -%}Assistant: {{ message['content'] }}{{ eos_token }}{{ '\\n' }}"
    "{%- else -%}{{ message['role'] | capitalize }}: {{ message['content'] }}{{ '\\n' }}{%- endif -%}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}Assistant:{%- endif -%}"
)
"""For base models that bring no chat template: each turn on a line after its role."""


@dataclass(frozen=True)
class Base:
    """A loaded base model and its tokenizer."""

    model: PreTrainedModel | PeftModel
    tokenizer: PreTrainedTokenizerBase
    device: torch.device


def locate(name: str) -> Path:
    """The folder of a base model: ``pocket``, a local folder, or a Hub id (downloaded, or from the cache).

    Raises NotFound where there is no such model, with what to do.
    """
    folder = local_folder(name)
    if folder is not None:
        return folder
    try:
        return Path(
            snapshot_download(name, ignore_patterns=["*.bin", "*.pt", "*.pth", "*.gguf", "*.onnx", "original/*"])
        )
    except RepositoryNotFoundError:
        raise NotFound(
            f"The Hub has no model {name!r} that may be read.", "Check the spelling; for a gated one, log in first."
        ) from None
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        raise NotFound(
            f"The base model {name!r} is not in the cache and the Hub cannot be reached ({type(error).__name__}).",
            "Connect to the network once, or name a local folder, or use `pocket` to try things out.",
        ) from None


def size(base: Base) -> int:
    """The number of parameters; those in 4 bits, of which two share a byte, are counted as what they stand for."""
    return int(base.model.num_parameters())


def device() -> torch.device:
    """This process's own CUDA GPU where there is one, else the CPU."""
    return (
        torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        if torch.cuda.is_available()
        else torch.device("cpu")
    )


def seed_everything(seed: int) -> None:
    """Seed every source of randomness of this process."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The tokenizer, with a padding token and a chat template even where the base brings none."""
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except (ValueError, OSError, KeyError, json.JSONDecodeError) as error:
        raise ConfigError(f"The tokenizer in {folder} cannot be read: {error}", "Check the folder's files.") from None
    if tokenizer.eos_token is None:
        raise ConfigError(f"The tokenizer in {folder} names no end-of-text token.", "Set eos_token in its config.")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    if tokenizer.chat_template is None:
        tokenizer.chat_template = PLAIN_TEMPLATE
    return tokenizer


def load(name: str, *, four_bit: bool = False, exact: bool = False) -> Base:
    """Load a base model for training or answering.

    float32 on a CPU and bfloat16 on a GPU; with ``four_bit`` the linear layers are held as NF4; with ``exact`` float32
    everywhere, since steps of the optimiser are too small for weights in bfloat16 that are trained themselves.
    Raises NotFound and ConfigError as ``locate`` does.
    """
    folder = locate(name)
    where = device()
    dtype = torch.bfloat16 if where.type == "cuda" and not exact else torch.float32
    quantisation = None
    if four_bit:
        quantisation = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=dtype,
        )
    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        model = AutoModelForCausalLM.from_pretrained(
            folder,
            config=config,
            dtype=dtype,
            quantization_config=quantisation,
            use_safetensors=True,
            trust_remote_code=False,
            device_map=None if sharded() else {"": where},  # accelerate places the parts itself.
        )
    except (ValueError, OSError, KeyError, SafetensorError) as error:
        raise ConfigError(
            f"The base model {name!r} cannot be loaded: {error}",
            "It must be a causal language model that transformers knows, with weights as safetensors.",
        ) from None
    for module in model.modules():
        if isinstance(module, Linear4bit):
            # Else answering on a CPU would pack the weights anew, with coarser scales than training has.
            module.support_avx512bf16_for_cpu = False
    model.config.use_cache = True
    return Base(model.eval(), load_tokenizer(folder), where)
