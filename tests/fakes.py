"""Small real-looking parts: an encoder without weights, settings without an environment, documents to write."""

import hashlib
import socket
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from core.encoder import Encoding
from core.settings import Settings
from core.text import words

DIMENSION = 48


class HashEncoder:
    """Stands in for `core.encoder.Encoder`: a word's vector is made of its hash, a text's is the mean of its words'."""

    max_tokens = 64

    def __init__(self, fingerprint: str = "fake-encoder") -> None:
        self.fingerprint = fingerprint
        self.encoded = 0

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def offsets(self, text: str) -> list[tuple[int, int]]:
        found, position = [], 0
        for word in text.split():
            position = text.index(word, position)
            found.append((position, position + len(word)))
            position += len(word)
        return found

    def encode(self, texts: Any) -> Encoding:
        self.encoded += len(texts)
        rows = ([_vector(word) for word in text.split()] for text in texts)
        tokens = [np.array(row, np.float32).reshape(-1, DIMENSION) for row in rows]
        sums = [np.array([_vector(word) for word in words(text) or ["?"]]).mean(axis=0) for text in texts]
        pooled = np.array([total / np.linalg.norm(total) for total in sums], np.float32)
        return Encoding(pooled, tokens, [np.arange(len(each)) for each in tokens])


def _vector(word: str) -> np.ndarray:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")
    vector = np.random.default_rng(seed).standard_normal(DIMENSION)
    return vector / np.linalg.norm(vector)


def settings_at(directory: Path, **groups: Any) -> Settings:
    """Settings with an index folder, the environment and `.env` left aside."""
    index = {"directory": directory, "chroma_url": None, **groups.pop("index", {})}
    return Settings(_env_file=None, index=index, **groups)


def write(folder: Path, **texts: str) -> Path:
    """Markdown files `name.md` in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def problem_of(response: httpx.Response, status: int) -> dict[str, object]:
    """The problem that a response is, checked to have the shape of one."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    found = response.json()
    assert found["status"] == status
    assert found["title"]
    assert found["advice"]
    assert "Traceback" not in response.text
    return found


def _unit(question: str, role: str, topic: str, body: str) -> str:
    return f'---\nquestion: "{question}"\nroles: [{role}]\ntopic: {topic}\nlevel: mid\n---\n{body.strip()}\n'


CORPUS = {
    "l1": _unit(
        "Why does L1 regularisation give sparse weights?",
        "ml-engineer",
        "classical-ml",
        """
L1 regularisation gives sparse weights because its penalty pulls every weight towards zero with a constant force.

## Full answer

The L2 penalty shrinks a weight in proportion to its size, so small weights are barely moved. The L1 penalty subtracts
the same amount at every step, e.g. 0.01, and stops at exactly zero. With $w_j$ for a weight the penalty is

$$\\lambda \\sum_j |w_j|$$

The corners of the L1 ball lie on the axes, where some weights are exactly zero.

## Say it in 30 seconds

L1 subtracts a constant from each weight, so weak ones reach exactly zero. L2 only scales them down.
""",
    ),
    "dropout": _unit(
        "How does dropout prevent overfitting in a neural network?",
        "ml-engineer",
        "deep-learning",
        """
Dropout sets a random share of the activations to zero in each training step, so that no unit can rely on another one.

## Full answer

It trains an ensemble of thinned networks that share their weights. At inference nothing is dropped. Typical rates are:

- 0.1 to 0.3 for transformer layers,
- 0.5 for wide fully connected layers,
- none for convolutional layers with batch normalisation.
""",
    ),
    "bm25": _unit(
        "How does BM25 score a document?",
        "ai-engineer",
        "rag",
        """
BM25 adds up, over the terms of the query, the inverse document frequency times a saturating term frequency.

## Full answer

The parameter k1 bounds what repetition of a term can add. The parameter b says how much long documents are punished.

```python
score += idf[term] * tf * (k1 + 1) / (tf + k1 * (1 - b + b * length / average_length))
```

It needs no training and matches rare words, such as error codes, exactly.
""",
    ),
    "gradients": _unit(
        "Why do gradients vanish in deep recurrent networks?",
        "ml-engineer",
        "deep-learning",
        """
Gradients vanish since backpropagation multiplies many Jacobians whose norms are below one.

## Full answer

Sigmoid units have a slope of at most 0.25, so twenty layers scale the signal by less than one billionth. Residual
connections, gating as in the LSTM, and careful initialisation keep the product near one.
""",
    ),
    "kv-cache": _unit(
        "What is the KV cache of a transformer and what does it cost?",
        "ai-engineer",
        "transformers",
        """
The KV cache keeps the keys and values of all earlier tokens, so that each new token costs one row of attention.

## Full answer

Its memory grows with layers, heads, sequence length and batch size. Grouped-query attention shares keys and values
between heads and makes it several times smaller. Paged allocation keeps it from fragmenting.
""",
    ),
    "metrics": _unit(
        "When do you prefer precision over recall?",
        "data-scientist",
        "classical-ml",
        """
Prefer precision when a false alarm costs more than a miss, and recall when a miss costs more.

## Full answer

| case | prefer |
|---|---|
| spam filter | precision |
| cancer screening | recall |

The threshold moves one against the other, and the F1 score is their harmonic mean.
""",
    ),
    "chunking": _unit(
        "How do you choose a chunk size for RAG?",
        "ai-engineer",
        "rag",
        """
Split along the structure of the document, then choose the size by recall at k on real questions.

## Full answer

Small chunks are found more precisely and large chunks carry more context. A chunk must stay below the token limit of
the encoder, since what lies beyond it is silently lost.
""",
    ),
    "failure": _unit(
        "Tell me about a project that failed.",
        "data-scientist",
        "behavioural",
        """
Name the situation, your own mistake, what you changed, and what the next project gained from it.

## Full answer

I built a churn model on data which the business could not act upon. I now ask for the decision before the data.
""",
    ),
    "interview": "# Mock interview\n\n## Question 1: What does gradient clipping do?\n\n**Candidate Answer:**\n\n"
    "Gradient clipping bounds the norm of the gradient, so that one bad batch cannot throw the weights far away.\n",
    "notes": "# Notes on tokenisation\n\nByte-pair encoding merges the most frequent pair of symbols, again and again, "
    "until the vocabulary is full. Rare words become several tokens.\n",
}
