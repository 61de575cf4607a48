"""What an index was made with, in one short word."""

import hashlib

from core.encoder import Encoder

# Raised with any change to loading or splitting that changes chunks.
SPLITTER_VERSION = 3
# Raised with any change to the files of a generation; 2 brought the texts of the chunks.
LAYOUT_VERSION = 2


def index_fingerprint(encoder: Encoder) -> str:
    """Names encoder, splitter and layout; an index that carries another name answers no question."""
    return hashlib.sha256(f"{encoder.fingerprint} {SPLITTER_VERSION} {LAYOUT_VERSION}".encode()).hexdigest()[:12]
