"""Conventions of plain text and of other people's Markdown become headings; text without them stays."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.types import Document
from ingest.formats import export
from ingest.shapes.recognise import structured
from ingest.split import asked, count_questions


def headings(text: str) -> list[str]:
    return [line for line in structured(text).text.split("\n") if line.startswith("#")]


def questions(text: str) -> list[str]:
    return [question for line in headings(text) if (question := asked(line.lstrip("# ")))]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Q: What is a mutex?\nA: A lock.\n\nQ: Why yield?\nA: Fairness.", id="letters"),
        pytest.param(
            "**Q:** What is a mutex?\n**A:** A lock.\n\n**Q:** Why yield?\n**A:** Fairness.", id="bold letters"
        ),
        pytest.param("**What is a mutex?**\n\nA lock.\n\n**Why yield?** Fairness.", id="bold"),
        pytest.param("**1. What is a mutex?**\nA lock.\n\n2. **Why yield?**\nFairness.", id="numbered bold"),
        pytest.param("1. What is a mutex?\n\nA lock.\n\n2. Why yield?\n\nFairness.", id="numbered"),
        pytest.param("Question 1: What is a mutex?\nA lock.\n\nQuestion 2: Why yield?\nFairness.", id="question n"),
        pytest.param(
            "Question 1:\nWhat is a mutex?\n\nAnswer:\nA lock.\n\nQuestion 2:\nWhy yield?\nFairness.", id="alone"
        ),
        pytest.param("Q: What is a mutex? A: A lock.\nQ: Why yield? A: Fairness.", id="pairs on a line"),
        pytest.param(
            "**Interviewer:** What is a mutex?\n\nA lock.\n\nInterviewer: Why yield?\n\nFairness.", id="dialogue"
        ),
        pytest.param("**Q1. What is a mutex?**\n\nA lock.\n\n**Q2. Why yield?**\n\nFairness.", id="bold q"),
        pytest.param("Q1: What is a mutex? A lock.\n\nQ2: Why yield? Fairness.", id="one line"),
        pytest.param("# Locks\n\n## What is a mutex?\n\nA lock.\n\n## Why yield?\n\nFairness.", id="headings"),
        pytest.param("Title¶\n\nQ1: What is a mutex?¶\n\nA lock.\n\nQ2: Why yield?¶\n\nFairness.", id="pilcrows"),
    ],
)
def test_common_conventions(text: str) -> None:
    assert questions(text) == ["What is a mutex?", "Why yield?"]
    found = structured(text).text
    assert "A lock." in found
    assert "Fairness." in found


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Plain prose. Is it? Yes it is.\n\nMore **bold** prose.", id="prose"),
        pytest.param(
            "Ask yourself:\n\n1. Who owns it?\n2. Who pays?\n3. Who is called at night?", id="a list of questions"
        ),
        pytest.param("```\nQ: not a question?\n**Nor this?**\n```", id="code"),
        pytest.param("- **Why?** Because.\n- **How?** Thus.", id="bullets"),
    ],
)
def test_what_is_no_convention_stays(text: str) -> None:
    assert structured(text).text == text


def test_a_heading_of_a_convention_stands_below_the_one_before() -> None:
    assert headings("# A\n\n## B\n\n**Why C?**\n\nSo.\n\n**Why D?**\n\nSo.") == [
        "# A",
        "## B",
        "### Why C?",
        "### Why D?",
    ]


def test_a_comment_in_code_is_no_heading() -> None:
    assert headings("# A\n\n```py\n```js\n#### comment\n```\n\n**Why B?**\n\nSo.")[-1] == "## Why B?"


REPORT = """=====
SCREENING REPORT
=====
Role: Platform Engineer
=====

==========
QUESTION 1: OPS_7
==========

Describe an outage you led. What did you
change afterwards?

Candidate Answer:
We lost a region. I added drills.

Depth Score: 7/10

Strengths:
  - Calm
  - Concrete

==========
OVERALL SUMMARY
==========

Total Questions: 1
Best Score: 7/10
Mean Score: 7/10
"""


def test_a_report_between_rules() -> None:
    found = structured(REPORT)
    assert (found.title, found.tags) == ("Screening report: Platform Engineer", {"role": ("platform-engineer",)})
    assert found.text == (
        "# Screening report\n\nRole: Platform Engineer\n\n"
        "## Question 1: Describe an outage you led. What did you change afterwards?\n\n*OPS_7*\n\n"
        "### Candidate answer\n\nWe lost a region. I added drills.\n\n### Score\n\nDepth Score: 7/10\n\n"
        "### Strengths\n\n- Calm\n- Concrete\n\n"
        "## Overall summary\n\n- Total Questions: 1\n- Best Score: 7/10\n- Mean Score: 7/10"
    )


TRANSCRIPT = """# Mock rounds

### Question 1: Hashing
**Interviewer:** "How does consistent hashing work?"

**Ideal Answer:**
```
Nodes and keys are placed on the same ring of hash values.

1. Lookup:
   - Walk clockwise to the first node
   ```
   owner = ring.next(hash(key))
   ```
```

### Question 2: Counting
**Interviewer:** "Count words in Python."

**Ideal Solution:**
```python
def count(words):
    # **What is this?**
    return Counter(words)
```

**Explanation:**
```
The counter reads every word exactly once, in order.

A dictionary holds the totals.
```
"""


def test_a_transcript() -> None:
    found = structured(TRANSCRIPT).text
    assert questions(TRANSCRIPT) == ["How does consistent hashing work?", "Count words in Python."]
    assert "*Topic: Hashing*\n\nNodes and keys" in found
    assert "   ```\n   owner = ring.next(hash(key))\n   ```" in found
    assert "```python\ndef count(words):\n    # **What is this?**\n    return Counter(words)\n```" in found
    assert "#### Explanation\n\nThe counter reads" in found
    assert "Ideal" not in found
    assert "Interviewer" not in found


REVIEW = """Backend Engineer
Feedback
Question by Question
Every exchange is judged on its own. The colours mean nothing.
You explained caching well. Caching with a time limit was clear, and so was the cache key.
- No word on invalidation. A cache without it serves stale data.
- The formula:
hit rate = hits / all of them. Know it. - Eviction. A cache needs a policy.
"I keep hot keys in a cache, with a time limit and an explicit invalidation on every write to the table."
Short and complete.
Indexes were right in outline. You named the B-tree index and stopped there.
- Composite indexes. An index on two columns serves prefixes of them.
The lock question went wrong. Locks were confused with latches throughout.
This matters since every lock has a cost that a latch has not.
"A lock protects data of a transaction; a latch protects memory for an instant, and no lock manager knows of it."
Next Steps to Improve
Two actions, in order of weight.
Draw the cache path, then explain it aloud. Do so every day until it is smooth and short.
For every "X vs. Y" topic, write down what decides. Then rehearse the decision and nothing else.
« Previously Next »
No comments:
Post a Comment
"""


def test_a_review_whose_headings_were_lost() -> None:
    found = structured(REVIEW)
    names = headings(REVIEW)
    assert found.title == "Backend Engineer — Feedback"
    assert names[:2] == ["# Backend Engineer — Feedback", "## Question by Question"]
    assert [name.split(":")[0] for name in names[2:5]] == ["### Exchange 1", "### Exchange 2", "### Exchange 3"]
    assert "cache" in names[2].lower()
    assert "index" in names[3].lower()
    assert "lock" in names[4].lower()
    assert names[5:] == ["## Next Steps to Improve", "### Draw the cache path", '### For every "X vs. Y" topic']
    assert "- The formula: hit rate = hits / all of them. Know it.\n- Eviction. A cache needs a policy." in found.text
    assert '\n\n> "I keep hot keys' in found.text
    assert "Comment" not in found.text
    assert "Previously" not in found.text


def test_questions_in_quotation_marks_with_their_answers() -> None:
    text = "“Why us?” Name one fact.\n\n“Tell me about a conflict.” Use STAR.\n\n“Where next?” Be honest."
    assert questions(text) == ["Why us?", "Tell me about a conflict.", "Where next?"]


EXPORT = {
    "repository_url": "https://example.org/x.git",
    "files": {
        "README.md": {"content": "# All\n\nA | B\n| --- |\n", "size": 1, "language": "markdown"},
        "ML_Engineer/Q1.md": {
            "content": "# ML Engineer Interview Question\n\n## Topic: Data & Drift\n\n---\n\n"
            '### Question\n\n> Is it "stale"?\n> How so?\n\n---\n\n### Answer\n\nYes \\ no.\n'
        },
        "src/run.py": {"content": 'print("a\\n| b")\n', "language": "python"},
        "empty.txt": {"content": ""},
    },
}


def _lines(text: str, border: bool) -> str:
    return "\n".join(f"| {line.strip()} |" if border else line for line in text.split("\n"))


@pytest.mark.parametrize("border", [True, False])
@pytest.mark.parametrize("indent", [0, 2])
def test_an_export(border: bool, indent: int) -> None:
    text = _lines(json.dumps(EXPORT, indent=indent), border)
    assert export.is_export(text)
    found = {path: export.raw(path, content, language) for path, content, language in export.files(text)}
    assert list(found) == ["README.md", "ML_Engineer/Q1.md", "src/run.py"]
    assert found["README.md"].text == EXPORT["files"]["README.md"]["content"]  # type: ignore[index]
    card = found["ML_Engineer/Q1.md"]
    assert (card.question, card.title) == ('Is it "stale"? How so?', "Data & Drift")
    assert card.tags == {"role": ("ml-engineer",), "topic": ("data-drift",)}
    assert found["src/run.py"].text == '```python\nprint("a\\n| b")\n```'


def test_an_export_that_was_cut_off_gives_the_files_that_are_whole() -> None:
    text = _lines(json.dumps(EXPORT, indent=1), True)
    cut = text[: text.index("src/run.py") + 30]
    assert [path for path, *_ in export.files(cut)] == ["README.md", "ML_Engineer/Q1.md"]


def test_a_line_broken_inside_a_string_is_kept_together() -> None:
    text = '| { |\n| "files": { |\n| "a.md": { |\n| "content": "- β\nCheap\\n- β Slow" |\n| } |\n| } |\n| } |'
    assert export.files(text) == [("a.md", "- β\x85Cheap\n- β Slow", "")]


@given(st.text(alphabet='Qq1: ?.*_#>-`\n"“”=¶abcA|', max_size=300))
def test_structure_never_fails_and_counts_stay_small(text: str) -> None:
    found = structured(text)
    assert count_questions(Document("i", "t", found.text, ("s",))) <= text.count("\n") + text.count("?") + 2
