"""The packaged encoder: whose weights they are, and what it makes of texts."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from core import encoder as module
from core import weights
from core.encoder import Encoder
from core.errors import ModelUnavailable
from core.settings import EncoderSettings
from core.weights import PACKAGED_SHA256, packaged_model, verified_hash

TEXTS = [
    "L1 gives sparse weights.",
    "x",
    "Dropout drops units at random, layer by layer, while training. " * 4,
    "KV cache?",
]


def test_weights_with_one_changed_byte_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = tmp_path / "model"
    shutil.copytree(packaged_model(), model)
    with (model / "model.safetensors").open("r+b") as file:
        file.seek(5_000_000)
        byte = file.read(1)[0]
        file.seek(5_000_000)
        file.write(bytes([byte ^ 1]))
    monkeypatch.setattr(module, "packaged_model", lambda: model)

    with pytest.raises(ModelUnavailable, match="not the published"):
        Encoder(EncoderSettings())


def test_the_packaged_weights_are_the_published_ones() -> None:
    assert verified_hash(packaged_model(), PACKAGED_SHA256) == PACKAGED_SHA256


def test_a_folder_without_weights_is_refused_with_advice(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="PREP_ENCODER__MODEL"):
        Encoder(EncoderSettings(model=tmp_path))


def test_weights_that_do_not_load_are_refused_with_advice(tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(packaged_model(), model)
    (model / "model.safetensors").write_bytes(b"cut short")

    with pytest.raises(ModelUnavailable, match="PREP_ENCODER__MODEL"):
        Encoder(EncoderSettings(model=model)).encode(["x"])


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "PACKAGE", "no_such_package")

    with pytest.raises(ModelUnavailable, match="make install"):
        packaged_model()


def test_texts_come_back_in_their_order(encoder: Encoder) -> None:
    together = encoder.encode(TEXTS).pooled
    alone = np.concatenate([encoder.encode([text]).pooled for text in TEXTS])

    assert (together @ alone.T).argmax(axis=1).tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose((together * alone).sum(axis=1), 1, atol=1e-3)


@pytest.mark.parametrize("copies", [pytest.param(1, id="few texts, ONNX"), pytest.param(20, id="many texts, PyTorch")])
def test_pooled_vectors_are_those_of_sentence_transformers(copies: int) -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(packaged_model()), device="cpu")
    expected = model.encode(TEXTS, normalize_embeddings=True, show_progress_bar=False)

    pooled = Encoder(EncoderSettings(adapted=False)).encode(TEXTS * copies).pooled

    np.testing.assert_allclose((pooled * np.tile(expected, (copies, 1))).sum(axis=1), 1, atol=1e-3)


def test_token_vectors_leave_out_the_special_tokens(encoder: Encoder) -> None:
    encoding = encoder.encode(TEXTS)

    for text, tokens, ids in zip(TEXTS, encoding.tokens, encoding.token_ids, strict=True):
        assert len(tokens) == len(ids) == encoder.count_tokens(text) == len(encoder.offsets(text))
        assert not {101, 102} & set(ids.tolist())
        np.testing.assert_allclose(np.linalg.norm(tokens, axis=1), 1, atol=1e-3)


def test_a_text_beyond_the_window_is_cut_and_an_empty_one_has_no_tokens(encoder: Encoder) -> None:
    encoding = encoder.encode(["word " * 400, ""])

    assert [len(tokens) for tokens in encoding.tokens] == [encoder.max_tokens, 0]
    assert np.isfinite(encoding.pooled).all()


def test_offsets_cut_the_words_out_of_the_text(encoder: Encoder) -> None:
    text = "Überfitting: naïve 模型 🤔 fails"

    pieces = [text[start:end] for start, end in encoder.offsets(text)]

    assert "".join(pieces) == "".join(text.split())


def test_few_and_many_texts_get_the_same_adapted_vectors(encoder: Encoder) -> None:
    few, many = encoder.encode(TEXTS), encoder.encode(TEXTS * 20)
    plain = Encoder(EncoderSettings(adapted=False))

    np.testing.assert_allclose((np.tile(few.pooled, (20, 1)) * many.pooled).sum(axis=1), 1, atol=1e-3)
    assert (few.pooled * plain.encode(TEXTS).pooled).sum(axis=1).max() < 0.9999, "the adapter changes vectors"
    assert encoder.fingerprint != plain.fingerprint


@pytest.mark.parametrize("damaged", [pytest.param(False, id="lost"), pytest.param(True, id="cut short")])
def test_an_adapter_that_cannot_be_read_is_refused_with_advice(
    damaged: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = tmp_path / "adapter.safetensors"
    if damaged:
        adapter.write_bytes(b"cut short")
    monkeypatch.setattr(module, "ADAPTER", adapter)

    with pytest.raises(ModelUnavailable, match="PREP_ENCODER__ADAPTED"):
        Encoder(EncoderSettings()).encode(["x"])
