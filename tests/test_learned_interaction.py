"""The network over token vectors: its graph against PyTorch and its bounds; the data of networks and trees."""

import json
from itertools import pairwise
from pathlib import Path
from warnings import catch_warnings

import numpy as np
import pytest
import torch

from core.errors import ModelUnavailable
from core.late_interaction import quantise, restored
from core.learned_interaction import MOST_ASKED, MOST_READ, LearnedInteraction
from core.settings import DATA
from recipes.counterfactuals import version, versions
from recipes.interaction import DIM, Interaction, Together, export, padded
from service.evidence import ANSWERING

GENERATOR = np.random.default_rng(0)
TRAINING = DATA / "training"


def vectors(length: int) -> np.ndarray:
    made = GENERATOR.normal(size=(length, DIM)).astype(np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


PAIRS = [(vectors(asked), vectors(read)) for asked, read in ((5, 100), (17, 256), (90, 30), (3, 2))]


@pytest.fixture(scope="module")
def network() -> Together:
    torch.manual_seed(0)
    return Together([Interaction(), Interaction()]).eval()


@pytest.fixture(scope="module")
def graph(network: Together, tmp_path_factory: pytest.TempPathFactory) -> LearnedInteraction:
    path = tmp_path_factory.mktemp("graph") / "network.onnx"
    with catch_warnings(action="ignore"):  # of PyTorch's exporter
        export(network, "an encoder", path)
    return LearnedInteraction(path, "an encoder")


def test_the_graph_computes_what_the_network_computes(network: Together, graph: LearnedInteraction) -> None:
    asked, read = (padded([torch.from_numpy(pair[side]) for pair in PAIRS]) for side in (0, 1))
    with torch.no_grad():
        expected = network(*asked, *read).numpy()

    assert [graph.log_odds(text, [passage])[0] for text, passage in PAIRS] == pytest.approx(expected, abs=1e-4)
    assert np.ptp(expected) > 0.01


def test_a_passage_scores_the_same_alone_and_in_company(graph: LearnedInteraction) -> None:
    question, passages = vectors(9), [passage for _, passage in PAIRS]
    alone = [graph.log_odds(question, [passage])[0] for passage in passages]

    assert graph.log_odds(question, passages * 20) == pytest.approx(alone * 20, abs=1e-4)


def test_no_passages_and_short_and_long_texts_have_scores(graph: LearnedInteraction) -> None:
    asked, read = vectors(MOST_ASKED + 9), vectors(MOST_READ + 9)

    assert graph.log_odds(asked, []).shape == (0,)
    assert np.isfinite(graph.log_odds(vectors(1), [vectors(1)])).all()
    assert graph.log_odds(asked, [read]) == pytest.approx(graph.log_odds(asked[-MOST_ASKED:], [read[:MOST_READ]]))


def test_a_graph_that_is_missing_is_an_error_with_advice(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="restore data/models"):
        LearnedInteraction(tmp_path / "none.onnx", "an encoder")


def test_a_graph_of_another_encoder_is_refused() -> None:
    with pytest.raises(ModelUnavailable, match="not of another"):
        LearnedInteraction(ANSWERING, "another")


def test_stored_vectors_are_restored() -> None:
    made = vectors(9)

    assert restored(quantise(made)) == pytest.approx(made, abs=0.002)


class Chosen:
    """Draws that make the edits named, and keep every statement."""

    def __init__(self, *made: int) -> None:
        self._made = made
        self._turn = -1

    def choice(self, _: object) -> float:
        return 0.5

    def sample(self, numbers: range, _: int) -> list[int]:
        return [*numbers]

    def random(self) -> float:
        self._turn += 1
        return 0.0 if self._turn in self._made else 0.9


EDITS = [
    {"change": "swap", "old": "A lowers B", "new": "B lowers A", "says": "B falls by A.", "edited": "A falls by B."},
    {"change": "number", "old": "in 3 days", "new": "in 9 days", "says": "Three days.", "edited": "Nine days."},
    {"change": "addition", "old": "days.", "new": "days, at night.", "says": "It lowers.", "edited": "At night."},
]


def test_the_statements_of_an_edit_change_their_labels_with_it() -> None:
    before = version("A lowers B in 3 days.", EDITS, Chosen())
    after = version("A lowers B in 3 days.", EDITS, Chosen(0))

    assert before.passage == "A lowers B in 3 days."
    assert [holds for _, holds, _ in before.statements] == [True, False] * 3
    assert after.passage == "B lowers A in 3 days."
    assert ("B falls by A.", False, "swap") in after.statements
    assert ("A falls by B.", True, "swap") in after.statements


def test_an_edit_that_another_one_overlaps_is_left_out_with_its_statements() -> None:
    after = version("A lowers B in 3 days.", EDITS, Chosen(1, 2))

    assert after.passage == "A lowers B in 9 days."
    assert "addition" not in {kind for _, _, kind in after.statements}


def test_what_measures_shares_no_passage_with_what_is_learned() -> None:
    passage = rows("counterfactuals.jsonl")[0]["passage"]
    measured = " ".join(passage.split()[5:20])

    assert 0 in {number for number, _ in versions([])}
    assert 0 not in {number for number, _ in versions([measured])}


def rows(name: str) -> list[dict]:
    return [json.loads(line) for line in (TRAINING / name).read_text(encoding="utf-8").splitlines()]


def test_every_edit_has_one_place_in_its_passage() -> None:
    made = rows("counterfactuals.jsonl")

    assert sum(len(row["units"]) for row in made) > 6_000
    for row in made:
        assert [row["passage"].count(edit["old"]) for edit in row["units"]] == [1] * len(row["units"])
        assert all(edit["says"] != edit["edited"] for edit in row["units"])
    assert all(one["passage"] < other["passage"] for one, other in pairwise(sorted(made, key=lambda r: r["passage"])))


def test_questions_to_learn_from_have_their_quotes_and_are_not_golden() -> None:
    golden = {" ".join(row["question"].lower().split()) for row in map(json.loads, _golden())}

    for row in rows("reading.jsonl"):
        assert " ".join(row["question"].lower().split()) not in golden
        if row["answerable"]:
            assert row["quote"] in (DATA / "corpus" / f"{row['card']}.md").read_text(encoding="utf-8")
        else:
            assert row["absent"] in ("near_miss", "off_topic", "adversarial")


def _golden() -> list[str]:
    return (DATA / "golden" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
