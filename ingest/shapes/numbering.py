"""How a line says that it is a question."""

import re

_NUMBERED = re.compile(r"(?:Q|Question|Problem|Design|Exercise|Scenario)\s*\d+\s*[:.)]", re.IGNORECASE)


def is_numbered_question(line: str) -> bool:
    """`Q3: …`, `Problem 2. …`."""
    return bool(_NUMBERED.match(line.strip()))
