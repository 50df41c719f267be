"""The settings of a training."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from embedtune.config.base import Positive, Settings, Share

BaseShare = Annotated[float, Field(ge=0, lt=1)]
LossName = Literal[
    "multiple_negatives_ranking",
    "cached_multiple_negatives_ranking",
    "triplet",
    "contrastive",
    "online_contrastive",
    "cosine_similarity",
    "gist",
    "margin_mse",
]
Precision = Literal["auto", "fp32", "bf16", "fp16"]
ScheduleName = Literal["linear", "cosine", "cosine_restarts", "constant"]
LOSS_NAMES: tuple[str, ...] = get_args(LossName)


class SpeedSettings(Settings):
    """What makes training quick; each lever can be switched off."""

    tokens_once: bool = Field(default=True, description="Tokenise each text once, not in every epoch.")
    merge_texts: bool = Field(
        default=True,
        description="Embed a text that a batch holds more than once, a passage with several questions, once.",
    )
    tokens_at_once: int = Field(
        1024, ge=0, description="Run texts of like length together, up to so many tokens; 0: all texts of a batch."
    )
    frozen_cache_mb: int = Field(
        1024, ge=0, description="Memory for the states of frozen layers, which then run once a text; see the next key."
    )
    frozen_cache_disk_mb: int = Field(
        4096, ge=0, description="Disk space for such states beyond that memory; with both at 0 these layers always run."
    )
    bucket_batches: bool = Field(default=False, description="Make batches of passages of like length.")
    questions_per_passage: Positive | None = Field(
        None,
        description="Questions of one passage that a batch takes together; more are quicker, with fewer negatives. By "
        "default 5 where passages have 3 or more each on average, else 1.",
    )


class TrainingSettings(Settings):
    """How the model is trained."""

    base_model: str = Field("sentence-transformers/all-MiniLM-L6-v2", description="A model name or folder.")
    epochs: Positive = Field(2, description="Passes over the pairs.")
    batch_size: Positive = Field(
        32, description="Pairs per step, in each process if there are several; the others are each one's negatives."
    )
    learning_rate: float = Field(5e-5, gt=0, description="Peak learning rate of AdamW.")
    weight_decay: float = Field(0.01, ge=0, description="Decay of AdamW.")
    warmup_steps: float = Field(0.1, ge=0, description="Warm-up: steps if 1 or more, share of all steps below 1.")
    schedule: ScheduleName = Field(
        "linear",
        description="How the learning rate goes on after the warm-up; linear and cosine fall to 0, cosine_restarts "
        "as often as there are epochs.",
    )
    layer_decay: float = Field(
        1.0, gt=0, le=1, description="Each layer learns at so much of the rate of the layer above it; 1: all alike."
    )
    max_grad_norm: float = Field(1.0, gt=0, description="Gradients are clipped to this norm.")
    train_layers: int | None = Field(2, ge=1, description="Top layers that learn; the ones below are frozen.")
    freeze_layers: int | None = Field(None, ge=0, description="Alternatively, how many lower layers to freeze.")
    lora_rank: int = Field(
        0,
        ge=0,
        description="Learn low-rank changes (LoRA) of this rank in the layers that learn, with a learning rate some "
        "ten times as high; 0: learn their weights.",
    )
    lora_alpha: Positive = Field(32, description="Low-rank changes count this many times, divided by their rank.")
    loss: LossName = Field("multiple_negatives_ranking", description="The loss.")
    scale: float = Field(20.0, gt=0, description="Inverse temperature of the ranking losses and gist.")
    symmetric: bool = Field(
        default=False, description="Ranking losses: a passage must find its question among all questions, too."
    )
    least_passages: int | None = Field(
        None,
        ge=0,
        description="Ranking losses: a question is compared with at least so many passages, those of the batches "
        "before where a batch has fewer; by default as many as a batch has pairs, 0: those of the batch alone.",
    )
    micro_batch: Positive = Field(32, description="Cached ranking loss: texts that the model runs on at a time.")
    margin: float = Field(
        0.5,
        gt=0,
        le=2,
        description="Triplet and contrastive losses: how much farther a negative must be, as 1 - cosine.",
    )
    teacher: str | None = Field(
        None,
        description="Name or folder of the model that tells gist what is no negative, and margin_mse how much better "
        "positives are; the base model by default.",
    )
    matryoshka_dims: tuple[Positive, ...] = Field(
        (), description="Lengths to which embeddings can be cut afterwards, with the full one; none: full length only."
    )
    max_seq_length: Positive = Field(256, description="Texts are cut after so many tokens.")
    base_share: BaseShare | Literal["auto"] = Field(
        "auto",
        description="Share of the base model in the result, whose weights are averaged; 0: the model as trained, "
        '"auto": chosen on dev questions that are not cut from the text.',
    )
    tried_shares: tuple[BaseShare, ...] = Field(
        (0.0, 0.25, 0.5, 0.75), min_length=1, description="The shares to choose from."
    )
    general_set: str = Field(
        "", description="BEIR folder whose test questions show what general retrieval lost; empty: not measured."
    )
    general_tolerance: float = Field(
        0.01,
        ge=0,
        description="Loss of nDCG@10 on the general set beyond which more of the base is kept, if base_share is auto.",
    )
    passage_words: Positive | None = Field(64, description="Words of a training passage.")
    heading_share: Share = Field(0.5, description="Share of positives shown with their heading in front.")
    eval_steps: float = Field(
        0.5, gt=0, description="Dev evaluation: every so many steps, or share of an epoch below 1."
    )
    patience: int = Field(
        0, ge=0, description="Stop after so many dev evaluations without a better MRR; 0: train all epochs."
    )
    remine_epochs: int = Field(
        0, ge=0, description="Mine negatives again with the model in training after every so many epochs; 0: never."
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field("auto", description="Where to train.")
    precision: Precision = Field(
        "auto",
        description="Of matrix products; auto: bf16 where a short test shows that it is clearly faster, else fp32.",
    )
    tensorboard: bool = Field(
        default=False,
        description="Write event files for TensorBoard into the run folder; needs embedtune[tensorboard].",
    )
    speed: SpeedSettings = SpeedSettings()
