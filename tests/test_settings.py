"""Settings come from the environment, are checked, and name what they change."""

from pathlib import Path

import pytest
from fakes import settings_at
from pydantic import ValidationError

from core.settings import Settings


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_environment_sets_a_nested_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREP_RETRIEVAL__POOL", "70")
    monkeypatch.setenv("PREP_INDEX__CHROMA_URL", "http://chroma:8000")

    settings = Settings()

    assert settings.retrieval.pool == 70
    assert str(settings.index.chroma_url) == "http://chroma:8000/"


def test_a_dotenv_file_is_read_and_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("PREP_ANSWER__LENGTH=brief\nPREP_ANSWER__REFUSAL=eager\nOTHER=1\n")
    monkeypatch.setenv("PREP_ANSWER__REFUSAL", "strict")

    assert (Settings().answer.length, Settings().answer.refusal) == ("brief", "strict")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("PREP_INDEX__DIRECTROY", "x", id="unknown name"),
        pytest.param("PREP_RETRIEVAL__POOL", "0", id="below its bound"),
        pytest.param("PREP_RETRIEVAL__POOL", "many", id="not a number"),
        pytest.param("PREP_INDEX__CHROMA_URL", "chroma:8000", id="not a URL"),
        pytest.param("PREP_LLM__DEADLINE", "inf", id="without end"),
        pytest.param("PREP_JUDGE__TIMEOUT", "601", id="above its bound"),
        pytest.param("PREP_ANSWER__LENGTH", "epic", id="unknown choice"),
        pytest.param("PREP_LLM__BASE_URL", "http://localhost:11434/v1", id="a server without a model"),
    ],
)
def test_a_wrong_value_is_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(ValidationError, match=f"(?i){name.rpartition('__')[2]}"):
        Settings()


@pytest.mark.parametrize("name", ["PREP_LLM__BASE_URL", "PREP_JUDGE__BASE_URL", "PREP_INDEX__CHROMA_URL"])
@pytest.mark.parametrize("login", ["me:hunter2", "hunter2", ":hunter2"])
def test_a_url_with_a_secret_is_refused_with_advice_and_the_secret_is_not_told(
    name: str, login: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, f"http://{login}@server:8000/v1")

    with pytest.raises(ValidationError, match=r"take it out.*API_KEY") as refused:
        Settings()
    assert "hunter2" not in str(refused.value)


def test_set_but_empty_means_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREP_LLM__BASE_URL", "")

    assert Settings().llm.base_url is None


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        Settings().index.directory = Path("elsewhere")


@pytest.mark.parametrize(
    ("changed", "differs"),
    [
        pytest.param({"retrieval": {"pool": 60}}, True, id="the pool changes answers"),
        pytest.param({"answer": {"refusal": "strict"}}, True, id="readiness to refuse changes answers"),
        pytest.param({"encoder": {"threads": 2, "batch_size": 4}}, False, id="threads and batches do not"),
        pytest.param({"service": {"max_body_kb": 9}}, False, id="limits do not"),
    ],
)
def test_the_fingerprint_changes_with_what_changes_answers(
    changed: dict[str, dict[str, object]], differs: bool, tmp_path: Path
) -> None:
    assert (settings_at(tmp_path, **changed).fingerprint != settings_at(tmp_path).fingerprint) is differs


def test_another_index_folder_leaves_the_rest(tmp_path: Path) -> None:
    settings = settings_at(tmp_path / "one", retrieval={"pool": 60})

    assert settings.at(None) is settings
    assert settings.at(tmp_path / "two").index.directory == tmp_path / "two"
    assert settings.at(tmp_path / "two").retrieval.pool == 60


def test_every_setting_is_described() -> None:
    undescribed = [
        f"{group}.{name}"
        for group, field in Settings.model_fields.items()
        for name, inner in field.annotation.model_fields.items()  # type: ignore[union-attr]
        if not inner.description and name != "length"
    ]

    assert undescribed == []
