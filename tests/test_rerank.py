"""A cross-encoder by setting: a real one reorders and shows its scores, one that cannot load is an error."""

from pathlib import Path

import pytest

from core.encoder import Encoder
from core.errors import ModelUnavailable
from core.settings import Settings
from core.weights import packaged_model
from service.bootstrap import build_pipeline
from service.pipeline import Request


def with_cross_encoder(settings: Settings, model: str) -> Settings:
    retrieval = settings.retrieval.model_copy(update={"cross_encoder": model})
    return settings.model_copy(update={"retrieval": retrieval})


@pytest.fixture(scope="module")
def cross_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cross-encoder of random weights, in the format that sentence-transformers reads."""
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    folder = tmp_path_factory.mktemp("cross-encoder")
    config = BertConfig(num_hidden_layers=1, hidden_size=32, num_attention_heads=2, intermediate_size=64, num_labels=1)
    BertForSequenceClassification(config).save_pretrained(folder)
    AutoTokenizer.from_pretrained(packaged_model()).save_pretrained(folder)
    return folder


def test_a_cross_encoder_puts_the_passages_in_its_own_order(
    small: Settings, encoder: Encoder, cross_encoder: Path
) -> None:
    pipeline = build_pipeline(with_cross_encoder(small, str(cross_encoder)), encoder)
    scores = [passage.scores.cross_encoder for passage in pipeline.search(Request("What is dropout?"), 5)]
    pipeline.live.close()

    assert None not in scores
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) > 1


def test_a_cross_encoder_that_cannot_load_is_an_error(small: Settings, encoder: Encoder, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="PREP_RETRIEVAL__CROSS_ENCODER"):
        build_pipeline(with_cross_encoder(small, str(tmp_path / "nowhere")), encoder)
