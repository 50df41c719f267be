"""Real models of a few thousand random weights, made in a fraction of a second."""

from __future__ import annotations

import string
from pathlib import Path

LAYERS = 3
DIMENSION = 16
MAX_TOKENS = 96
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def write_tiny_bert(folder: Path, dropout: float = 0.1) -> Path:
    """Write a sentence-transformers folder: BERT, mean pooling; returns the folder.

    Without dropout a training does not depend on how random numbers fall on batches and processes.
    """
    from transformers import BertConfig

    config = BertConfig(
        vocab_size=len(_vocabulary()),
        hidden_size=DIMENSION,
        num_hidden_layers=LAYERS,
        num_attention_heads=2,
        intermediate_size=2 * DIMENSION,
        max_position_embeddings=MAX_TOKENS,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
    )
    return write_tiny_model(folder, config)


def write_tiny_model(folder: Path, config) -> Path:
    """Write a sentence-transformers folder around a transformers configuration, weights by a fixed seed."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules.transformer import Transformer
    from sentence_transformers.sentence_transformer.modules.pooling import Pooling
    from transformers import AutoModel
    from transformers.utils import logging

    logging.disable_progress_bar()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        backbone = AutoModel.from_config(config)
    plain = folder.with_name(f"{folder.name}-transformer")
    backbone.save_pretrained(plain)
    _tokenizer().save_pretrained(plain)
    transformer = Transformer(str(plain))
    pooling = Pooling(transformer.get_embedding_dimension(), "mean")
    SentenceTransformer(modules=[transformer, pooling], device="cpu").save_pretrained(
        str(folder), create_model_card=False
    )
    return folder


def vocabulary_size() -> int:
    """Return how many tokens the models know: the letters and digits, at the start of a word and within."""
    return len(_vocabulary())


def _vocabulary() -> dict[str, int]:
    letters = string.ascii_lowercase + string.digits + string.punctuation
    tokens = [*_SPECIAL, *letters, *(f"##{letter}" for letter in letters)]
    return {token: number for number, token in enumerate(tokens)}


def _tokenizer():
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.WordPiece(_vocabulary(), unk_token="[UNK]"))  # noqa: S106 - a token of text
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        special_tokens=[(token, _vocabulary()[token]) for token in ("[CLS]", "[SEP]")],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",  # noqa: S106
        unk_token="[UNK]",  # noqa: S106
        cls_token="[CLS]",  # noqa: S106
        sep_token="[SEP]",  # noqa: S106
        mask_token="[MASK]",  # noqa: S106
        model_max_length=MAX_TOKENS,
    )


def write_tiny_cross_encoder(folder: Path, outputs: int = 1) -> Path:
    """Write a BERT that scores pairs of texts, weights by a fixed seed; returns the folder."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    config = BertConfig(
        vocab_size=len(_vocabulary()),
        hidden_size=DIMENSION,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=DIMENSION,
        max_position_embeddings=MAX_TOKENS,
        num_labels=outputs,
        initializer_range=1.0,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        model = BertForSequenceClassification(config)
    model.save_pretrained(folder)
    _tokenizer().save_pretrained(folder)
    return folder
