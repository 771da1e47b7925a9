"""The configuration: which source wins, where a value came from, and what a mistake is answered with."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench import config
from workbench.config import Settings, load, template, validate
from workbench.errors import UsageError


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder to stand in."""
    return tmp_path


def user_file(text: str) -> Path:
    """Write the user's file (its home is a temporary one)."""
    path = config.user_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def _no_user_file() -> None:
    config.user_file().unlink(missing_ok=True)


def problems_of(project: Path, text: str) -> str:
    (project / "workbench.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load(environ={}, folder=project)
    return str(caught.value).replace(str(project), "P")


def test_without_files_the_defaults_hold(project: Path) -> None:
    """And every field says so."""
    loaded = load(environ={}, folder=project)
    assert loaded.settings == Settings()
    assert set(loaded.origins.values()) == {"default"}
    assert set(loaded.origins) == {field.name for field in fields(Settings)}
    assert loaded.files == ()


def test_the_nearer_source_wins(project: Path) -> None:
    """User file, project file, environment."""
    mine = user_file('theme = "a"\nthreads = 2\nconfirm_rows = 7\n')
    near = project / "workbench.toml"
    near.write_text('# here\n\nthreads = 3\nmemory_limit = "2GB"\n', encoding="utf-8")
    loaded = load(environ={"WORKBENCH_MEMORY_LIMIT": "500MB"}, folder=project)
    assert (loaded.settings.theme, loaded.settings.threads, loaded.settings.memory_limit) == ("a", 3, "500MB")
    assert loaded.origins["theme"] == f"{mine}:1"
    assert loaded.origins["threads"] == f"{near}:3"
    assert loaded.origins["memory_limit"] == "environment WORKBENCH_MEMORY_LIMIT"
    assert loaded.files == (mine, near)


def test_a_chosen_file_stands_instead_of_the_others(project: Path) -> None:
    """So that a run can be repeated; the environment still counts."""
    user_file('theme = "a"\n')
    chosen = project / "other.toml"
    chosen.write_text("threads = 4\n", encoding="utf-8")
    for loaded in (
        load(chosen, environ={"WORKBENCH_CONFIRM_ROWS": "5"}, folder=project),
        load(environ={"WORKBENCH_CONFIG": str(chosen), "WORKBENCH_CONFIRM_ROWS": "5"}, folder=project),
    ):
        assert loaded.settings == Settings(threads=4, confirm_rows=5)
        assert loaded.files == (chosen,)
    with pytest.raises(UsageError, match="no such configuration file"):
        load(project / "nowhere.toml", environ={}, folder=project)


def test_a_section_adds_up_over_the_files(project: Path) -> None:
    """Each setting of it by itself, and the environment has them with an underscore."""
    mine = user_file('[embedding]\nmodel = "a/b"\ntext = "both"\n')
    near = project / "workbench.toml"
    near.write_text('embedding.engine = "fp32"\n[keys]\n', encoding="utf-8")
    loaded = load(environ={"WORKBENCH_EMBEDDING_TEXT": "response"}, folder=project)
    found = loaded.settings
    assert (found.embedding_model, found.embedding_text, found.embedding_engine) == ("a/b", "response", "fp32")
    assert loaded.origins["embedding_model"] == f"{mine}:2"
    assert loaded.origins["embedding_engine"] == f"{near}:1"
    assert loaded.origins["embedding_text"] == "environment WORKBENCH_EMBEDDING_TEXT"


def test_keys_add_up_over_the_files(project: Path) -> None:
    """Each action by itself, with its own line; unquoted dots and lists mean the same."""
    mine = user_file('[keys]\n"browse.accept" = "a,f5"\n"browse.reject" = "r"\n')
    near = project / "workbench.toml"
    near.write_text('[keys]\nbrowse.accept = ["y", "f6"]\n', encoding="utf-8")
    loaded = load(environ={"WORKBENCH_KEYS": "app.help=h; app.quit="}, folder=project)
    assert loaded.settings.keys == {"browse.accept": "y,f6", "browse.reject": "r", "app.help": "h", "app.quit": ""}
    assert loaded.origins["keys.browse.accept"] == f"{near}:2"
    assert loaded.origins["keys.browse.reject"] == f"{mine}:3"
    assert loaded.origins["keys.app.help"] == "environment WORKBENCH_KEYS"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("\nthems = 1\n", "P/workbench.toml:2: thems is not a setting; did you mean theme?"),
        ("zzz = 1\n", "P/workbench.toml:1: zzz is not a setting; there are: confirm_rows, detail_chars"),
        ('threads = "two"\n', "P/workbench.toml:1: threads must be a whole number from 1 to 1,024"),
        ("threads = 0\n", "P/workbench.toml:1: threads must be"),
        ("threads = true\n", "P/workbench.toml:1: threads must be"),
        ("threads = 1.5\n", "P/workbench.toml:1: threads must be"),
        ('memory_limit = "lots"\n', 'P/workbench.toml:1: memory_limit must be a size such as "2GB"'),
        ("theme = 3\n", "P/workbench.toml:1: theme must be a text"),
        ("# c\n[keys]\n'browse.accept' = 3\n", "P/workbench.toml:2: keys browse.accept must be keys"),
        ("keys = 3\n", "P/workbench.toml:1: keys must be a table"),
        ("theme = \n", "P/workbench.toml:1: not valid TOML"),
        ('theme = "a"\ntheme = "b"\n', "P/workbench.toml:2: not valid TOML"),
        ("[theme]\nname = 'x'\n", "P/workbench.toml:1: theme must be a text"),
        (
            "\n[embedding]\nmodl = 'x'\n",
            "P/workbench.toml:3: embedding.modl is not a setting; did you mean embedding.model?",
        ),
        (
            "[embedding]\ntext = 'all'\n",
            'P/workbench.toml:2: embedding.text must be one of "prompt", "response", "both"',
        ),
        (
            "embedding_text = 'both'\n",
            "P/workbench.toml:1: embedding_text is not a setting; did you mean embedding.text?",
        ),
        ("embedding = 3\n", "P/workbench.toml:1: embedding is not a setting"),
    ],
)
def test_a_mistake_is_answered_with_its_place_and_what_to_write(project: Path, text: str, answer: str) -> None:
    """File, line, and the nearest name or the right form."""
    assert problems_of(project, text).startswith(answer)


def test_every_mistake_is_named_at_once(project: Path) -> None:
    """Not the first only."""
    user_file("thems = 1\n")
    assert len(problems_of(project, "threads = 0\nzzz = 1\n").splitlines()) == 3


def test_a_wrong_variable_is_named(project: Path) -> None:
    """There is no file to point at."""
    with pytest.raises(UsageError, match="environment WORKBENCH_THREADS: must be a whole number"):
        load(environ={"WORKBENCH_THREADS": "many"}, folder=project)


def test_other_variables_of_ours_are_left_alone(project: Path) -> None:
    """Fault points and the state folder are no settings; an empty variable is not set."""
    environ = {"WORKBENCH_FAULT_AT": "3", "WORKBENCH_STATE_DIR": "/x", "WORKBENCH_THEME": ""}
    assert load(environ=environ, folder=project).settings == Settings()


def test_validate_knows_the_actions(project: Path) -> None:
    """An action id that does not exist is found on its line, with the nearest one."""
    path = project / "workbench.toml"
    path.write_text('theme = "a"\n[keys]\n"browse.acept" = "a"\n', encoding="utf-8")
    assert [str(problem) for problem in validate(path, ["browse.accept", "browse.reject"])] == [
        f"{path}:3: there is no action 'browse.acept'; did you mean browse.accept?"
    ]
    assert validate(path) == []


def test_a_file_that_is_no_text(project: Path) -> None:
    """Not a traceback."""
    path = project / "workbench.toml"
    path.write_bytes(b"theme = '\xff'\n")
    assert "cannot be read" in str(validate(path)[0])


def test_a_byte_order_mark_and_a_home_sign_are_understood(project: Path) -> None:
    """Windows editors write the one, people the other."""
    (project / "workbench.toml").write_bytes("\ufeffqueries_dir = '~/sql'\n".encode())
    loaded = load(environ={}, folder=project)
    assert loaded.settings.queries_dir == Path.home() / "sql"
    assert config.own_queries(loaded.settings) == Path.home() / "sql"
    assert config.own_queries(Settings()) == config.user_file().parent / "queries"


def test_the_template_is_a_file_that_changes_nothing(project: Path) -> None:
    """As it is, and every setting is in it with its documentation."""
    path = project / "workbench.toml"
    path.write_text(template(), encoding="utf-8")
    assert load(environ={}, folder=project).settings == Settings()
    for field in fields(Settings):
        assert config.shown(field.name).rpartition(".")[2] in template()


def test_the_template_is_right_when_every_line_is_used(project: Path) -> None:
    """Every example value passes its own check."""
    starts = tuple(f"# {config.shown(field.name).rpartition('.')[2]} = " for field in fields(Settings))
    used = [line.removeprefix("# ") for line in template().splitlines() if line.startswith((*starts, "[embedding]"))]
    assert len(used) == len(fields(Settings))
    path = project / "workbench.toml"
    path.write_text("\n".join([*used, "[keys]", '"browse.accept" = "a,f5"']), encoding="utf-8")
    loaded = load(environ={}, folder=project)
    assert set(loaded.origins.values()).isdisjoint({"default"})


def test_every_setting_is_documented() -> None:
    """The docstring under the field is what `config init` prints."""
    documentation = config._documentation()
    assert set(documentation) == {field.name for field in fields(Settings)}
    assert all(text.endswith((".", '"')) or "takes the key away" in text for text in documentation.values())


@given(st.dictionaries(st.text(max_size=12), st.text(max_size=20), max_size=4))
def test_what_is_described_can_be_read_back(keys: dict[str, str]) -> None:
    """`describe` writes TOML, whatever the text."""
    line = config.describe(keys)
    if keys:
        assert tomllib.loads(f"keys = {line}")["keys"] == keys
    else:
        assert line == "{}"


@given(st.text(max_size=300))
def test_no_file_makes_a_traceback(text: str) -> None:
    """Any text is either read or answered with problems that have a line."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "workbench.toml"
        path.write_text(text, encoding="utf-8", errors="replace", newline="")
        for problem in validate(path):
            assert problem.line is None or problem.line >= 1
