"""The settings of the rooms that turn documents into training data."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from embedtune.config.base import Positive, Settings, Share

NEGATIVE_SOURCES = ("bm25", "base", "current", "hybrid", "qdrant")


class CorpusSettings(Settings):
    """How documents become sections."""

    min_words: Positive = Field(
        5,
        description="Sections with fewer words are joined to the one above them; what stays shorter gets no questions.",
    )
    max_words: int = Field(500, ge=50, description="Longer sections are cut at paragraph borders.")
    max_file_mb: Positive = Field(100, description="Files larger than so many megabytes are refused.")
    skip_bad_files: bool = Field(
        default=False, description="Report a file that cannot be read and go on, instead of stopping."
    )
    near_duplicate_threshold: Share = Field(
        0.7, description="Word-shingle Jaccard similarity from which two sections count as near-duplicates."
    )

    @model_validator(mode="after")
    def _joins_less_than_it_cuts(self) -> Self:
        if self.min_words >= self.max_words:
            raise ValueError("min_words is not less than max_words")
        return self


class SplitSettings(Settings):
    """How section clusters are divided before any question is written; the rest is training."""

    dev_share: Share = Field(0.1, description="Share of sections held out to choose the best checkpoint.")
    test_share: Share = Field(0.1, description="Share of sections held out for the final test.")

    @model_validator(mode="after")
    def _leaves_training(self) -> Self:
        if self.dev_share + self.test_share >= 1:
            raise ValueError("dev_share and test_share together leave nothing to train on")
        return self


class QuestionSettings(Settings):
    """How questions are written."""

    writers: tuple[Literal["template", "extractive", "keyphrase", "llm"], ...] = Field(
        ("template", "extractive", "keyphrase"), min_length=1, description="Who writes questions."
    )
    templates_per_section: int = Field(2, ge=0, description="Questions from the heading, at most, per section.")
    words_per_extractive: Positive = Field(
        24, description="One extractive question for so many words of a section's body, at least one where possible."
    )
    words_per_keyphrase: Positive = Field(
        48,
        description="One question of key phrases for so many words of a section's body, at least one where possible.",
    )
    max_per_section: Positive = Field(10, description="Questions per section, at most.")
    pairs_per_domain: int = Field(2000, ge=0, description="Training questions per domain, at most; 0 for no limit.")


class FilterSettings(Settings):
    """Which generated questions are turned away."""

    min_words: Positive = Field(2, description="Questions with fewer words are too short.")
    max_words: Positive = Field(40, description="Questions with more words are too long.")
    generic_clusters: Positive = Field(
        20, description="Too generic: all content words stand together in more clusters of sections than this."
    )
    generic_share: Share = Field(0.01, description="The same as a share of all clusters, where that is more.")
    duplicate_threshold: float = Field(
        0.9, gt=0, le=1, description="Questions are the same from this share of content words that both have."
    )
    keep_rephrasings: bool = Field(
        default=False, description="Keep questions about one cluster that differ in function words alone."
    )
    leak_threshold: float = Field(
        0.7, gt=0, le=1, description="Jaccard similarity of content words from which a test question leaks."
    )
    round_trip: Literal["off", "bm25", "base", "either"] = Field(
        "bm25", description="Who must find a question's own section: BM25, the base model, or one of them."
    )
    round_trip_top: Positive = Field(20, description="The last rank at which it counts as found.")


class LlmSettings(Settings):
    """The language model that writes questions, behind any OpenAI-compatible endpoint."""

    model: str = Field("", description="The model's name at the endpoint; empty: no language model.")
    base_url: str = Field(
        "",
        pattern=r"^(https?://[^\s/].*)?$",
        description="Address of the endpoint, such as http://localhost:8000/v1; empty: OPENAI_BASE_URL of the "
        "environment. Sections are sent there and nowhere else.",
    )
    api_key_env: str = Field(
        "OPENAI_API_KEY",
        description="Name of the environment variable with the key. The key itself never stands in this file.",
    )
    questions_per_section: Positive = Field(6, le=20, description="Questions asked for, per section.")
    max_section_words: int = Field(600, ge=50, description="Words of a section that are shown, at most.")
    temperature: float | None = Field(0.7, ge=0, le=2, description="Temperature of sampling; unset: the model's own.")
    max_answer_tokens: int = Field(2000, ge=100, description="Tokens of an answer, at most; thoughts included.")
    concurrency: Positive = Field(4, le=64, description="Requests at a time.")
    timeout_seconds: float = Field(60.0, gt=0, le=3600, description="How long one answer may take.")
    max_retries: int = Field(5, ge=0, le=20, description="How often a section is asked about again after a failure.")
    max_tokens_budget: int = Field(
        0, ge=0, description="Tokens that may be used, all runs of the project together; 0: no limit."
    )
    max_cost: float = Field(
        0.0, ge=0, description="Cost that may arise, in the currency of the prices; 0: no limit. It needs a price."
    )
    price_per_million_input_tokens: float = Field(0.0, ge=0, description="Price of a million tokens sent.")
    price_per_million_output_tokens: float = Field(0.0, ge=0, description="Price of a million tokens received.")

    @model_validator(mode="after")
    def _can_count_the_cost(self) -> Self:
        if self.max_cost and not (self.price_per_million_input_tokens or self.price_per_million_output_tokens):
            raise ValueError("max_cost needs a price_per_million tokens, or nothing can be counted")
        return self


class NegativeSettings(Settings):
    """How hard negatives are mined."""

    sources: tuple[str, ...] = Field(
        ("bm25", "base"),
        min_length=1,
        description="Whose wrong results are taken, by turns: bm25, base (model), current (model given or in "
        "training), hybrid (the model and bm25 fused), qdrant (a collection); bm25:1 takes at most 1 a pair from bm25.",
    )
    per_pair: int = Field(1, ge=0, le=8, description="Hard negatives per pair.")
    depth: Positive = Field(30, le=1000, description="How many results of each source are looked at.")
    skip_top: int = Field(
        0,
        ge=0,
        le=1000,
        description="How many of the first wrong results of each source are passed over as too likely right.",
    )
    margin: Share = Field(
        0.2, description="A candidate must score this share below the right passage in each model's cosine."
    )
    max_score: float = Field(
        1.0, ge=-1, le=1, description="A candidate with a higher cosine in any of the models is not taken."
    )
    cross_domain_share: Share = Field(0.1, description="Share of pairs whose negative comes from another domain.")
    qdrant_url: str = Field("", description="Address of the Qdrant server; its key is read from QDRANT_API_KEY.")
    qdrant_collection: str = Field("", description="The collection searched there.")
    qdrant_text_field: str = Field("text", min_length=1, description="The payload field that holds the passage.")
    qdrant_model: str = Field("", description="The model of the collection's vectors; empty: the base model.")

    @field_validator("sources")
    @classmethod
    def _known_sources(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse a source that does not exist, stands twice, or has a quota that is no number from 1 to 8."""
        named = [entry.partition(":") for entry in value]
        for name, colon, quota in named:
            if name not in NEGATIVE_SOURCES:
                raise ValueError(f"{name!r} is not one of {', '.join(NEGATIVE_SOURCES)}")
            if colon and quota not in set("12345678"):
                raise ValueError(f"the quota of {name} is not a number from 1 to 8")
        if len({name for name, _, _ in named}) < len(named):
            raise ValueError("a source stands twice")
        return value

    @property
    def quotas(self) -> dict[str, int]:
        """How many negatives of each source a pair may get, in the order of ``sources``."""
        parts = (entry.partition(":") for entry in self.sources)
        return {name: int(quota or self.per_pair) for name, _, quota in parts}
