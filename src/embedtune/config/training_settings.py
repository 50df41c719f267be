"""The settings of a training."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from embedtune.config.base import Positive, Settings, Share

LossName = Literal["multiple_negatives_ranking"]
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
    questions_per_passage: Positive = Field(
        1, description="Questions of one passage that a batch takes together; more are quicker, with fewer negatives."
    )


class TrainingSettings(Settings):
    """How the model is trained."""

    base_model: str = Field("sentence-transformers/all-MiniLM-L6-v2", description="A model name or folder.")
    epochs: Positive = Field(2, description="Passes over the pairs.")
    batch_size: Positive = Field(32, description="Pairs per step; the others are each one's negatives.")
    learning_rate: float = Field(5e-5, gt=0, description="Peak learning rate of AdamW.")
    weight_decay: float = Field(0.01, ge=0, description="Decay of AdamW.")
    warmup_steps: float = Field(0.1, ge=0, description="Warm-up: steps if 1 or more, share of all steps below 1.")
    max_grad_norm: float = Field(1.0, gt=0, description="Gradients are clipped to this norm.")
    train_layers: int | None = Field(2, ge=1, description="Top layers that learn; the ones below are frozen.")
    freeze_layers: int | None = Field(None, ge=0, description="Alternatively, how many lower layers to freeze.")
    loss: LossName = Field("multiple_negatives_ranking", description="The loss.")
    scale: float = Field(20.0, gt=0, description="Inverse temperature of the loss.")
    max_seq_length: Positive = Field(256, description="Texts are cut after so many tokens.")
    base_share: Annotated[float, Field(ge=0, lt=1)] | Literal["auto"] = Field(
        "auto",
        description="Share of the base model in the result, whose weights are averaged; 0: the model as trained, "
        '"auto": chosen on dev questions that are not cut from the text.',
    )
    passage_words: Positive | None = Field(64, description="Words of a training passage.")
    heading_share: Share = Field(0.5, description="Share of positives shown with their heading in front.")
    eval_steps: float = Field(
        0.5, gt=0, description="Dev evaluation: every so many steps, or share of an epoch below 1."
    )
    remine_epochs: int = Field(
        0, ge=0, description="Mine negatives again with the model in training after every so many epochs; 0: never."
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field("auto", description="Where to train.")
    speed: SpeedSettings = SpeedSettings()
