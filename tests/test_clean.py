"""Damage is undone where its reading is certain; what is right stays byte for byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.clean import repair, tidy


def windows_1252(text: str) -> str:
    """UTF-8 read as Windows-1252, which loses the five bytes it does not define."""
    return text.encode().decode("cp1252", "ignore")


def greek(text: str) -> str:
    """UTF-8 read as ISO-8859-7, with Windows-1252 for the bytes below 0xA0."""
    return "".join(bytes([b]).decode("cp1252" if 0x80 <= b < 0xA0 else "iso8859-7", "ignore") for b in text.encode())


def greek_lossy(text: str) -> str:
    """The same with the bytes 0x80 to 0x9F lost."""
    return bytes(b for b in text.encode() if not 0x80 <= b < 0xA0).decode("iso8859-7", "ignore")


PROSE = [
    "The model didn’t overfit — it leaked.",
    "She said “ship it” and left…",
    "Loss: ∂L/∂w = ∑ᵢ (ŷᵢ − yᵢ)·xᵢ",
    "θ ← θ − η·∇J(θ)",
    "σ² + μ² ≥ 0, λ ∈ ℝ, π ≈ 3.14",
    "ρσ² + (1−ρ)σ²/T",
    "h₁(x), h₂(x) and ∏_t π_θ(a|s)",
    "𝔼[R(τ)] under β_c and γ_c",
    "café, naïve, Zürich",
    "5 × 3 ± 0.5 °C",
    "😀 fine, 🎯 aimed",
]


@pytest.mark.parametrize("line", PROSE)
def test_utf8_read_as_windows_1252(line: str) -> None:
    assert repair(windows_1252(line)) == line


GREEK = [
    "Try prompting → add RAG — then tune.",
    "a “small” model",
    "Overfitting?¶",
    "• one • two",
    "x ≤ 3 — or y ≥ 4",
    "α ≈ β — see ζ",
]


@pytest.mark.parametrize("line", GREEK)
def test_utf8_read_as_greek(line: str) -> None:
    assert repair(greek(line)) == line


def test_a_greek_letter_in_a_line_read_as_greek() -> None:
    assert repair(greek("Adam — with β₂ and a café")) == "Adam — with β₂ and a café"


@pytest.mark.parametrize(
    ("damaged", "right"),
    [
        ("Plan for rollbackβnot only for release.", "Plan for rollback—not only for release."),
        ("**Paging** β Read on demand.", "**Paging** — Read on demand."),
        ("**Quotas**βone per teamβhold.", "**Quotas**—one per team—hold."),
        ("fastβslow\n\n1. **Sharding** β Split by key.", "fast—slow\n\n1. **Sharding** — Split by key."),
        ("fastβslow\n\nRoll out 2% β 20% β 100%.", "fast—slow\n\nRoll out 2% → 20% → 100%."),
        ("fastβslow\n\nAsk β Find β Read β Reply", "fast—slow\n\nAsk → Find → Read → Reply"),
        ("fastβslow\n\n3Γ faster on a 512Γ512 grid", "fast—slow\n\n3× faster on a 512×512 grid"),
        ("fastβslow\n\npages 4β9", "fast—slow\n\npages 4–9"),
        ("## π― Goals\n\nfastβslow", "## Goals\n\nfast—slow"),
        ("fastβslow\n\n- β\x85Cheap to run\n- β Hard to test", "fast—slow\n\n- ✅ Cheap to run\n- ❌ Hard to test"),
        ("fastβslow, momentum Ξ²1", "fast—slow, momentum β1"),
        ("```\nsrc/\nβββ api/\nβββ web/\n```", "```\nsrc/\n├── api/\n└── web/\n```"),
    ],
)
def test_text_whose_bytes_are_lost(damaged: str, right: str) -> None:
    assert repair(damaged) == right


def test_a_box_is_drawn_again() -> None:
    box = "```\n┌────────┐\n│ Queue │\n└───┬────┘\n │\n┌───▼────┐\n│ Worker │\n└────────┘\n```"
    assert repair(greek_lossy(box)) == box


RIGHT = [
    "β₁ = 0.9 and β₂ = 0.999",
    "β = 0.9, (α, β), β-VAE, F-β score",
    "y = α + βx + ε with slope β and Γ(n) = (n−1)!",
    "the coefficient β is large; β_1, Β and Γ²",
    "TGF-β and β-carotene",
    "Η απώλεια είναι μικρή — «ναι».",
    "Très bien : l’élève a réussi à l’été, ça va, œuvre, « À bientôt » !",
    "Ünïcödé Straße „Spaß“, Ä“, CAFÉ», São Paulo — NÃO",
    "∑ᵢ xᵢ² ≥ 0 ∧ ∂f/∂x → ∞; Ψ, Ω ⊂ ℝⁿ",
    "naïve Bayes; Â is a matrix, ÂB too; Ï or Î",
    "emoji 😀 🎯 ✅ and ┌─┐ │ └─┘",
    "p < 0.05 — “quoted” … ‘single’ – 5–10",
    "日本語 русский עברית",
    "`a | b` && c -> d",
]


@pytest.mark.parametrize("line", RIGHT)
def test_what_is_right_stays(line: str) -> None:
    assert repair(line) == line


@given(st.text(alphabet=st.sampled_from("abc αβγδ θσπ ²₁ᵢ ∑∂∇√≤≥→—’“” éüñ *_$\\(){}=+-\n"), max_size=200))
def test_formulas_of_right_characters_stay(text: str) -> None:
    if "β" in text:
        text = text.replace("β", "β₁")
    assert repair(text) == text


@given(st.text())
def test_tidy_is_idempotent_and_encodable(text: str) -> None:
    once = tidy(text)
    assert tidy(once) == once
    assert "\0" not in once
    assert "\r" not in once
    once.encode("utf-8")


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"])))
def test_repair_leaves_plain_ascii_alone(text: str) -> None:
    assert repair(text) == text


def test_tidy_keeps_blank_lines_of_code_only() -> None:
    assert tidy("a  \r\n\n\n\n\nb\0\n```\nx\n\n\n\ny\n```\n") == "a\n\n\nb\n```\nx\n\n\n\ny\n```"
