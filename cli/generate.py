"""`prep eval generate-questions`: an index and, where one is set, a language model become questions."""

from contextlib import closing
from functools import partial

from core.encoder import Encoder
from core.errors import ModelUnavailable
from core.index import Index
from core.settings import Settings
from eval.golden import GoldQuestion, every_nth
from eval.llm_judge import LanguageModelJudge
from eval.questions import Synthesizer, from_index, from_model

# Questions asked of a language model unless the call says how many.
_SIZE = 50


def generate(settings: Settings, limit: int | None) -> list[GoldQuestion]:
    """By RAGAS with the model that judges, else from headings and aliases."""
    with closing(Index.open(settings.index)) as index:
        if settings.judge.base_url is None:
            return every_nth(from_index(index), limit)
        return from_model(index, limit or _SIZE, _synthesizer(settings))


def _synthesizer(settings: Settings) -> Synthesizer:
    try:
        from eval import ragas_metrics
    except ImportError as error:
        raise ModelUnavailable(f"{error.name} is not installed", 'pip install -e ".[eval]"') from error
    from service.openai_model import OpenAIModel

    server = OpenAIModel(settings.judge, "PREP_JUDGE")
    model = LanguageModelJudge(server, settings.judge.max_tokens, settings.judge.deadline)
    return partial(ragas_metrics.generate, model, Encoder(settings.encoder))
