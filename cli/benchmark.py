"""`prep eval`: puts target, stages, verifier and judge together, runs the benchmark and writes its report."""

import subprocess  # the cold start is that of a process
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cli import canary
from core.encoder import Encoder
from core.settings import EncoderSettings, Settings
from core.types import Length
from eval import html, markdown
from eval.embedded_judge import EmbeddedJudge
from eval.golden import STATEMENTS, every_nth, load_questions, load_statements
from eval.judging import AnswerJudge, NoJudge
from eval.llm_judge import LanguageModelJudge
from eval.pipeline import About, Bench, evaluate
from eval.report import Canary, Report
from eval.stages import StageRankings, unseen
from eval.targets import InProcess, OverHttp, Target
from eval.verdicts import support
from service.bootstrap import build_pipeline, build_verifier
from service.grounding import Verifier
from service.retrieval import Retriever

Progress = Callable[[str, int, int], None]
# RAGAS's default for answer relevancy with a language model, whose questions vary.
_QUESTIONS_OF_AN_ANSWER = 3


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    questions: Path
    split: str
    url: str | None
    length: Length
    limit: int | None
    judged: bool
    command: str


def run(options: Options, settings: Settings, progress: Progress) -> Report:
    """Measure a running service where a URL is given, else the pipeline that the settings describe."""
    questions = every_nth(load_questions(options.questions, options.split), options.limit)
    ruler = Encoder(EncoderSettings(adapted=False))
    with _measured(options, settings, ruler) as (bench, sung, cold):
        about = About(options.command, options.split, sung, cold)
        return evaluate(questions, bench, about, progress)


def write(report: Report, folder: Path) -> list[Path]:
    """`report.json`, `report.html`, `report.md` and `baseline.json` in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "report.json": report.model_dump_json(indent=1),
        "report.html": html.render(report),
        "report.md": markdown.table(report),
        "baseline.json": report.bare().model_dump_json(),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


@contextmanager
def _measured(options: Options, settings: Settings, ruler: Encoder) -> Iterator[tuple[Bench, Canary, float | None]]:
    """The bench, what the canary did, and the cold start where it can be measured."""
    encoder = Encoder(settings.encoder)
    verifier = build_verifier(settings, encoder)
    if options.url:
        service = OverHttp(options.url)
        with closing(service):
            judge = _judge(options, settings, verifier, ruler, service)
            sung = canary.over_http(service, options.length)
            yield Bench(service, unseen, verifier, ruler, judge, options.length), sung, None
        return
    cold = _cold_start(settings)
    sung = canary.in_process(settings, encoder, options.length)
    pipeline = build_pipeline(settings, encoder)
    with closing(pipeline.live):
        pipeline.warm_up()
        stages = StageRankings(pipeline.live, Retriever(encoder, settings.retrieval))
        target = InProcess(pipeline)
        judge = _judge(options, settings, verifier, ruler, target)
        yield Bench(target, stages, verifier, ruler, judge, options.length), sung, cold


def _judge(options: Options, settings: Settings, verifier: Verifier, ruler: Encoder, target: Target) -> AnswerJudge:
    """RAGAS with the language model that the settings name, else with the verifier in its place."""
    if not options.judged:
        return NoJudge("switched off by --no-judge")
    try:
        from eval.ragas_metrics import RagasJudge
    except ImportError as error:
        return NoJudge(f'{error.name} is not installed: pip install -e ".[eval]"')
    statements = load_statements(STATEMENTS)
    if settings.judge.base_url is not None:
        from service.openai_model import OpenAIModel

        model = OpenAIModel(settings.judge, "PREP_JUDGE")
        answers = LanguageModelJudge(model, settings.judge.max_tokens, settings.judge.deadline)
        name = f"{settings.judge.model} at {settings.judge.base_url}"
        return RagasJudge(answers, ruler, statements, name, "llm", _QUESTIONS_OF_AN_ANSWER)
    embedded = EmbeddedJudge(verifier, ruler, list(_questions(target)))
    name = f"embedded ({type(verifier).__name__})"
    grade = partial(support, verifier)
    return RagasJudge(embedded, ruler, statements, name, "embedded", 1, grade)


def _questions(target: Target) -> Iterator[str]:
    """The questions which the measured corpus says it answers."""
    for document in target.documents():
        yield document.title
        yield from document.tags.get("aliases", [])


def _cold_start(settings: Settings) -> float | None:
    """Seconds of one `prep ask` in a process of its own, from start to exit; None when it gave no answer."""
    ask = "from cli.main import main; main()"
    arguments = ["ask", "How does BM25 score a document?", "--json", "--index", str(settings.index.directory)]
    started = time.perf_counter()
    ran = subprocess.run([sys.executable, "-c", ask, *arguments], check=False, capture_output=True)  # noqa: S603
    return round(time.perf_counter() - started, 2) if ran.stdout.startswith(b"{") else None
