"""What a reader's screen is spared, and what is left alone."""

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.neutral import neutral


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("See [the docs](https://evil.test/?q=1).", "See the docs.", id="link"),
        pytest.param("![chart](https://evil.test/x.png) done", "chart done", id="image"),
        pytest.param("[![a](http://e.test/a.png)](http://e.test) b", "a b", id="image in a link"),
        pytest.param("![x][r]\n[r]: http://e.test 'y'", "x", id="image by reference"),
        pytest.param("Go to https://evil.test/a?b=c, now.", "Go to, now.", id="bare address"),
        pytest.param("Go to www.evil.test or //evil.test/x", "Go to or", id="without a scheme"),
        pytest.param("<https://evil.test>", "", id="autolink"),
        pytest.param("http:evil.test, https:\\evil.test and file:\\\\x", ", and", id="half a scheme"),
        pytest.param(
            "A — see https://e.test. B (via e.test/x). C (`//e.test`, see www.e.test).", "A. B. C.", id="what led to it"
        ),
        pytest.param("-e.test/a oversee www.e.test", "oversee", id="not what only ends as a lead"),
        pytest.param("$f:\\mathbb{R} \\to \\phi:\\mathbb{R}$", "$f:\\mathbb{R} \\to \\phi:\\mathbb{R}$", id="maps"),
        pytest.param("evil.test/steal?d=1 and a@evil.test", "and", id="host and mail"),
        pytest.param("javascript:alert(1) data:text/html;x", "", id="other schemes"),
        pytest.param("a <b>bold</b> word<br/>", "a bold word", id="tags"),
        pytest.param("x<script>alert(1)</script>y", "xy", id="script"),
        pytest.param("<img src=x onerror=alert(1)>!", "!", id="image tag"),
        pytest.param("<img src=x onerror=alert(1)", "< img src=x onerror=alert(1)", id="tag that never ends"),
        pytest.param("<x-y onclick='a'>z</x-y>", "z", id="custom tag"),
        pytest.param("<!-- secret -->shown", "shown", id="comment"),
        pytest.param("It holds [12] and [3, 4].", "It holds (12) and (3, 4).", id="false markers"),
        pytest.param("a\x1b[31mred\u202e\u200b", "a[31mred", id="control and reordering characters"),
        pytest.param("if a < b and c > d", "if a < b and c > d", id="comparison"),
        pytest.param("$a_i < b$ and $x_{[i]}$", "$a_i < b$ and $x_{[i]}$", id="formula"),
        pytest.param("0.5 vs. 1.25, e.g. k1 and b, i.e. two", "0.5 vs. 1.25, e.g. k1 and b, i.e. two", id="prose"),
        pytest.param("TCP/IP, precision/recall, and/or", "TCP/IP, precision/recall, and/or", id="slashes"),
    ],
)
def test_what_acts_is_taken_out_and_what_speaks_stays(text: str, expected: str) -> None:
    assert neutral(text) == expected


def test_code_and_addresses_of_the_cited_quote_stay_as_code() -> None:
    quote = "See https://good.test/a?b=c. Use `x[0]` and `<br>` there."

    assert neutral(quote, [quote]) == "See `https://good.test/a?b=c`. Use `x[0]` and `<br>` there."
    assert neutral("See https://good.test/a?b=d and https://good.test.", [quote]) == "See and."
    assert neutral("Use `x[9]`.", [quote]) == "Use `x(9)`."


@pytest.mark.parametrize(
    "text",
    [
        "![" * 200_000,
        "[1" + "1" * 60_000 + "]",
        "a." * 50_000 + "/",
        "a-" * 30_000 + "@",
        "[a](" + " " * 60_000,
        "[a](<" * 20_000,
        "[a](x (" * 20_000,
        "<zz " + "=" * 60_000,
        "x://" + ")" * 200_000,
    ],
    ids=lambda text: text[:8],
)
def test_no_text_takes_quadratic_time(text: str) -> None:
    start = time.process_time()
    neutral(text)

    assert time.process_time() - start < 2


@example("](h")
@given(st.text("ab![]()<>`/:.1h tps", max_size=80))
def test_nothing_harmful_is_left_of_any_text(text: str) -> None:
    shown = neutral(text)

    assert "://" not in shown
    assert not re.search(r"<[a-z/]|\]\(\s*h|\[1+\]", shown)
