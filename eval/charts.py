"""Figures as SVG: bars with intervals, a curve, a histogram. Numbers and escaped labels in, a string out."""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from eval.report import Figure

_WIDTH, _HEIGHT = 460, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 12, 12, 40


def bars(groups: Mapping[str, Mapping[str, Figure]], title: str) -> str:
    """Grouped bars from 0 to 1 with 95 % whiskers: `groups[group][series]`; every group has the same series."""
    series = list(dict.fromkeys(name for group in groups.values() for name in group))
    slot = (_WIDTH - _LEFT - _RIGHT) / max(len(groups), 1)
    width = 0.7 * slot / max(len(series), 1)
    parts = [_grid("")]
    for place, (name, group) in enumerate(groups.items()):
        left = _LEFT + place * slot + 0.15 * slot
        parts.append(_text(left + 0.35 * slot, _HEIGHT - 22, name, "middle"))
        parts += [
            _bar(left + series.index(of) * width, width, figure, series.index(of), f"{name}, {of}")
            for of, figure in group.items()
        ]
    for place, of in enumerate(series):
        x = _LEFT + place * (_WIDTH - _LEFT) / len(series)
        parts.append(f'<rect class="s{place}" x="{x:.1f}" y="{_HEIGHT - 12}" width="9" height="9"/>')
        parts.append(_text(x + 13, _HEIGHT - 4, of, "start"))
    return _svg(parts, title)


def curve(points: Sequence[tuple[float, float]], title: str, x_label: str, y_label: str) -> str:
    """A line through points in the unit square."""
    path = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in points)
    ticks = [_text(_x(each), _HEIGHT - 24, f"{each:g}", "middle") for each in (0, 0.25, 0.5, 0.75, 1)]
    parts = [_grid(y_label), f'<polyline class="line" points="{path}"/>', *ticks]
    return _svg([*parts, _text(_WIDTH / 2, _HEIGHT - 6, x_label, "middle")], title)


def histogram(values: Sequence[float], title: str, x_label: str, bins: int = 20) -> str:
    """How many values lie in each of equally wide bins from 0 to the largest."""
    top = max(values, default=1.0) or 1.0
    counts, edges = np.histogram(values, bins=bins, range=(0, top))
    highest = max(int(counts.max()), 1)
    parts = []
    for count, low, high in zip(counts, edges, edges[1:], strict=False):
        left, right, y = _x(low / top), _x(high / top), _y(count / highest)
        told = f"<title>{low:.0f} to {high:.0f}: {count}</title>"
        box = f'x="{left:.1f}" y="{y:.1f}" width="{right - left - 1:.1f}" height="{_y(0) - y:.1f}"'
        parts.append(f'<rect class="s0" {box}>{told}</rect>')
    parts += [_text(_x(each), _HEIGHT - 24, f"{each * top:.0f}", "middle") for each in (0, 0.25, 0.5, 0.75, 1)]
    parts += [_text(_LEFT - 6, _y(1) + 4, str(highest), "end"), _text(_LEFT - 6, _y(0) + 4, "0", "end")]
    return _svg([*parts, _text(_WIDTH / 2, _HEIGHT - 6, x_label, "middle")], title)


def _bar(x: float, width: float, figure: Figure, series: int, name: str) -> str:
    middle = x + width / 2
    told = escape(f"{name}: {figure.mean:.3f} ({figure.low:.3f}–{figure.high:.3f}), n = {figure.n}")
    box = f'x="{x:.1f}" y="{_y(figure.mean):.1f}" width="{width - 2:.1f}" height="{_y(0) - _y(figure.mean):.1f}"'
    whisker = f'x1="{middle:.1f}" x2="{middle:.1f}" y1="{_y(figure.low):.1f}" y2="{_y(figure.high):.1f}"'
    return f'<g><title>{told}</title><rect class="s{series}" {box}/><line class="whisker" {whisker}/></g>'


def _grid(label: str) -> str:
    lines = []
    for value in (0, 0.25, 0.5, 0.75, 1):
        y = f"{_y(value):.1f}"
        lines.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>')
        lines.append(_text(_LEFT - 6, _y(value) + 4, f"{value:g}", "end"))
    lines.append(f'<text class="tick" transform="translate(11 {_HEIGHT / 2:.0f}) rotate(-90)">{escape(label)}</text>')
    return "".join(lines)


def _x(share: float) -> float:
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _y(share: float) -> float:
    return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text class="tick" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(parts: Sequence[str], title: str) -> str:
    head = f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(title)}">'
    return f"<figure>{head}{''.join(parts)}</svg><figcaption>{escape(title)}</figcaption></figure>"
