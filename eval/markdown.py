"""The figures of a run as Markdown, for docs/results.md: made by `prep eval`, never typed."""

from collections.abc import Iterator

from eval.report import Figure, Report
from eval.stages import SERVED, STAGES

_ABLATION = ("card.recall@5", "card.mrr@10", "card.ndcg@10", "span.recall@5", "span.ndcg@10")


def table(report: Report) -> str:
    """Headline, ablation, figures and speed."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    counts = report.counts
    yield f"`{report.command}`, {report.created}, {report.target}, fingerprint `{report.fingerprint}`:"
    yield f"{counts.questions} questions of split {report.split} ({counts.answerable} answerable, {counts.absent} not),"
    yield f"{counts.refused} refused, {counts.failures} failed. Judge: {report.judge.name}{_trust(report)}."
    if report.canary:
        yield f"Canary: {'passed' if report.canary.passed else 'failed'}, {report.canary.detail}."
    yield from ("", *_ablation(report), "", "| measure | mean (95 %) | n | failures |", "|---|---|---|---|")
    for name, figure in report.metrics.items():
        if not name.startswith("retrieval."):
            yield f"| {name} | {_figure(figure)} | {figure.n} | {figure.failures} |"
    yield from ("", "| stage | p50 ms | p95 ms | n |", "|---|---|---|---|")
    for stage, latency in report.latency_ms.items():
        yield f"| {stage} | {latency.p50:.1f} | {latency.p95:.1f} | {latency.n} |"
    cold = "" if report.cold_start_s is None else f", cold start {report.cold_start_s:.1f} s"
    yield f"\n{report.answers_per_second:.1f} answers per second from one client{cold}."


def _ablation(report: Report) -> Iterator[str]:
    yield f"| stage | {' | '.join(_ABLATION)} |"
    yield f"|---|{'---|' * len(_ABLATION)}"
    for stage in (*STAGES, SERVED):
        names = [f"retrieval.{stage}.{name}" for name in _ABLATION]
        if all(name in report.metrics for name in names):
            yield f"| {stage} | {' | '.join(_figure(report.metrics[name]) for name in names)} |"


def _trust(report: Report) -> str:
    agreement = report.judge.agreement
    if agreement is None:
        return f" ({report.judge.reason})" if report.judge.reason else ""
    auc = f", AUC {_figure(agreement.auc)}" if agreement.auc else ""
    return f" (balanced accuracy {_figure(agreement.balanced_accuracy)}{auc} on {agreement.n} labelled statements)"


def _figure(figure: Figure) -> str:
    return f"{figure.mean:.3f} ({figure.low:.3f}–{figure.high:.3f})"
