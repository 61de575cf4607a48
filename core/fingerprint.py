"""What an index was made with, in one short word."""

import hashlib

from core.encoder import Encoder

# Raised with any change to loading or splitting that changes chunks.
SPLITTER_VERSION = 2


def index_fingerprint(encoder: Encoder) -> str:
    """Names encoder and splitter; an index that carries another name is not read."""
    return hashlib.sha256(f"{encoder.fingerprint} {SPLITTER_VERSION}".encode()).hexdigest()[:12]
