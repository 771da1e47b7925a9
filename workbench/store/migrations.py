"""The schema, as a list of numbered steps; each is recorded in the table `migrations` when it has run.

Never change a step that has been released: add one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import StoreUnreadable, WorkbenchError

if TYPE_CHECKING:
    from workbench.store.driver import DuckDBPyConnection as Connection

MIGRATIONS: list[Callable[[Connection], None]] = []


def migration(step: Callable[[Connection], None]) -> Callable[[Connection], None]:
    """Register a step. Its number is its place in the list, counted from 1."""
    MIGRATIONS.append(step)
    return step


@migration
def initial(connection: Connection) -> None:
    for statement in (
        "CREATE TYPE verdict AS ENUM ('undecided', 'accept', 'reject')",
        """CREATE TABLE samples (
            id BIGINT, kind VARCHAR, dataset VARCHAR, prompt VARCHAR, context VARCHAR, response VARCHAR, trace VARCHAR,
            answer VARCHAR, reference VARCHAR, system VARCHAR, messages VARCHAR, extra VARCHAR, content_hash UUID,
            parent_id BIGINT, root_id BIGINT, strategy VARCHAR, request_id BIGINT, source_id BIGINT, created_at TIMESTAMP)""",
        """CREATE TABLE sources (
            id BIGINT, operation_id BIGINT, path VARCHAR, sha256 VARCHAR, bytes BIGINT, shape VARCHAR, mapping VARCHAR,
            rows BIGINT, added BIGINT, already_there BIGINT, refused BIGINT, refusals VARCHAR)""",
        """CREATE TABLE operations (
            id BIGINT, kind VARCHAR, title VARCHAR, filter VARCHAR, rows BIGINT, done_at TIMESTAMP, undone_by BIGINT,
            first_sample_id BIGINT, last_sample_id BIGINT)""",
        """CREATE TABLE decisions (
            seq BIGINT, operation_id BIGINT, sample_id BIGINT, verdict verdict, previous verdict,
            note VARCHAR, previous_note VARCHAR)""",
        "CREATE TABLE tags (seq BIGINT, operation_id BIGINT, sample_id BIGINT, tag VARCHAR, present BOOLEAN)",
        "CREATE TABLE measures (sample_id BIGINT, version INTEGER, tokens INTEGER, steps INTEGER)",
        """CREATE TABLE flags (
            sample_id BIGINT, detector VARCHAR, version INTEGER, kind VARCHAR, severity INTEGER, evidence VARCHAR)""",
        "CREATE TABLE saved_views (name VARCHAR, filter VARCHAR, sort VARCHAR, descending BOOLEAN)",
        """CREATE VIEW verdicts_now AS SELECT sample_id, arg_max(verdict, seq) AS verdict
            FROM decisions WHERE verdict IS NOT NULL GROUP BY sample_id""",
        """CREATE VIEW notes_now AS SELECT sample_id, note FROM (
                SELECT sample_id, arg_max(note, seq) AS note FROM decisions WHERE note IS NOT NULL GROUP BY sample_id
            ) WHERE note <> ''""",
        """CREATE VIEW tags_now AS SELECT sample_id, tag FROM (
                SELECT sample_id, tag, arg_max(present, seq) AS present FROM tags GROUP BY sample_id, tag
            ) WHERE present""",
        """CREATE VIEW live_samples AS SELECT s.* FROM samples s WHERE NOT EXISTS (
                SELECT 1 FROM operations o WHERE o.undone_by IS NOT NULL
                    AND s.id BETWEEN o.first_sample_id AND o.last_sample_id)""",
        """CREATE VIEW samples_now AS SELECT s.*, coalesce(v.verdict, 'undecided') AS verdict, n.note,
                coalesce(t.tags, []) AS tags, coalesce(f.flags, []) AS flags, m.tokens, m.steps
            FROM live_samples s
            LEFT JOIN verdicts_now v ON v.sample_id = s.id
            LEFT JOIN notes_now n ON n.sample_id = s.id
            LEFT JOIN (SELECT sample_id, list(tag ORDER BY tag) AS tags FROM tags_now GROUP BY sample_id) t
                ON t.sample_id = s.id
            LEFT JOIN (SELECT sample_id, list(DISTINCT kind ORDER BY kind) AS flags FROM flags GROUP BY sample_id) f
                ON f.sample_id = s.id
            LEFT JOIN measures m ON m.sample_id = s.id""",
        "CREATE VIEW curated AS SELECT * FROM samples_now WHERE verdict = 'accept'",
        """CREATE VIEW lineage AS WITH RECURSIVE up AS (
                SELECT id, parent_id, root_id, kind, strategy, verdict, 0 AS depth
                FROM samples_now WHERE parent_id IS NULL
                UNION ALL
                SELECT s.id, s.parent_id, s.root_id, s.kind, s.strategy, s.verdict, up.depth + 1
                FROM samples_now s JOIN up ON s.parent_id = up.id)
            SELECT id, parent_id, root_id, depth, kind, strategy, verdict FROM up""",
    ):
        connection.execute(statement)


@migration
def embeddings_and_numbers(connection: Connection) -> None:
    """Tables of the vectors that lie in files beside the store (see `vectors`), and more numbers for each sample.

    `score` is kept in thousandths; `samples_now` shows it in its own unit. `curated` is made anew because DuckDB keeps
    the columns that its star stood for.
    """
    for statement in (
        """CREATE TABLE embedding_models (
            id INTEGER, name VARCHAR, revision VARCHAR, weights_sha256 VARCHAR, text VARCHAR, dimension INTEGER,
            engine VARCHAR, made_at TIMESTAMP)""",
        "CREATE TABLE vectors (model_id INTEGER, text_hash UUID, row INTEGER, cell SMALLINT)",
        "CREATE TABLE vector_blocks (model_id INTEGER, first_row INTEGER, rows INTEGER, crc32 UINTEGER)",
        "CREATE TABLE sample_vectors (sample_id BIGINT, model_id INTEGER, row INTEGER)",
        "CREATE TABLE cells (model_id INTEGER, cell SMALLINT, centroid BLOB, made_from BIGINT)",
        "CREATE TABLE novelty (sample_id BIGINT, value FLOAT)",
        "ALTER TABLE measures ADD COLUMN operations SMALLINT",
        "ALTER TABLE measures ADD COLUMN operators TINYINT",
        "ALTER TABLE measures ADD COLUMN numbers SMALLINT",
        "ALTER TABLE measures ADD COLUMN nesting TINYINT",
        "ALTER TABLE measures ADD COLUMN correct TINYINT",
        "ALTER TABLE measures ADD COLUMN score INTEGER",
        """CREATE VIEW vectors_now AS SELECT sv.sample_id, sv.row, v.cell
            FROM sample_vectors sv JOIN vectors v ON v.model_id = sv.model_id AND v.row = sv.row
            WHERE sv.row >= 0 AND sv.model_id = (SELECT max(value)::INTEGER FROM meta WHERE key = 'embedding_model')""",
        # The prompts of samples whose correctness nobody knows are never read: with an empty right side a join ends at once.
        # An equality, which is hashed: as a range, a million rows took 4.8 s instead of 3 ms.
        """CREATE OR REPLACE VIEW live_samples AS SELECT s.* FROM samples s ANTI JOIN (
                SELECT unnest(range(first_sample_id, last_sample_id + 1)) AS id FROM operations
                WHERE undone_by IS NOT NULL AND first_sample_id IS NOT NULL) gone ON gone.id = s.id""",
        """CREATE VIEW difficulty_now AS
            WITH solved AS (
                SELECT hash(s.prompt) AS prompt, avg(m.correct) AS rate
                FROM measures m JOIN live_samples s ON s.id = m.sample_id
                WHERE m.correct IS NOT NULL GROUP BY 1 HAVING count(*) >= 2)
            SELECT s.id AS sample_id, 1 - r.rate AS difficulty
            FROM live_samples s JOIN solved r ON r.prompt = hash(s.prompt)""",
        "DROP VIEW curated",
        """CREATE OR REPLACE VIEW samples_now AS SELECT s.*, coalesce(v.verdict, 'undecided') AS verdict, n.note,
                coalesce(t.tags, []) AS tags, coalesce(f.flags, []) AS flags, m.tokens, m.steps, m.operations,
                m.operators, m.numbers, m.nesting, m.correct, m.score / 1000.0 AS score, d.difficulty,
                w.value AS novelty, c.cell
            FROM live_samples s
            LEFT JOIN verdicts_now v ON v.sample_id = s.id
            LEFT JOIN notes_now n ON n.sample_id = s.id
            LEFT JOIN (SELECT sample_id, list(tag ORDER BY tag) AS tags FROM tags_now GROUP BY sample_id) t
                ON t.sample_id = s.id
            LEFT JOIN (SELECT sample_id, list(DISTINCT kind ORDER BY kind) AS flags FROM flags GROUP BY sample_id) f
                ON f.sample_id = s.id
            LEFT JOIN measures m ON m.sample_id = s.id
            LEFT JOIN difficulty_now d ON d.sample_id = s.id
            LEFT JOIN novelty w ON w.sample_id = s.id
            LEFT JOIN vectors_now c ON c.sample_id = s.id""",
        "CREATE VIEW curated AS SELECT * FROM samples_now WHERE verdict = 'accept'",
    ):
        connection.execute(statement)


@migration
def trace_findings(connection: Connection) -> None:
    """What the check of each trace found, and what siblings change about it.

    `trace_consensus` has rows only for samples with siblings: most stores have few. `prompt_hash` is of Workbench, not
    of DuckDB, whose hash may change; NULL where the prompt alone does not say what was asked.
    """
    for statement in (
        """CREATE TABLE traces (
            sample_id BIGINT, version INTEGER, prompt_hash UBIGINT, kind VARCHAR, p_own FLOAT, first_wrong_step INTEGER,
            steps INTEGER, checked_steps INTEGER, failed_steps INTEGER, marks VARCHAR, answer VARCHAR, answer_key VARCHAR,
            answer_ok BOOLEAN, evidence VARCHAR)""",
        """CREATE TABLE trace_consensus (
            sample_id BIGINT, kind VARCHAR, p_wrong FLOAT, size INTEGER, agree INTEGER, own INTEGER, majority VARCHAR,
            evidence VARCHAR)""",
        """CREATE VIEW traces_now AS SELECT t.sample_id, coalesce(c.kind, t.kind) AS kind,
                CASE coalesce(c.kind, t.kind) WHEN 'dynamic' THEN 6 WHEN 'semantic' THEN 5 WHEN 'static' THEN 4
                    WHEN 'static-deletion' THEN 3 WHEN 'structural' THEN 2 WHEN 'not-checked' THEN 1
                    WHEN 'clean' THEN 0 END::TINYINT AS harm,
                coalesce(c.p_wrong, t.p_own) AS p_wrong, t.first_wrong_step, t.steps, t.checked_steps, t.failed_steps,
                t.marks, t.answer, t.answer_ok, c.size, c.agree, c.own, c.majority
            FROM traces t LEFT JOIN trace_consensus c ON c.sample_id = t.sample_id""",
        "DROP VIEW curated",
        """CREATE OR REPLACE VIEW samples_now AS SELECT s.*, coalesce(v.verdict, 'undecided') AS verdict, n.note,
                coalesce(t.tags, []) AS tags, coalesce(f.flags, []) AS flags, m.tokens, m.steps, m.operations,
                m.operators, m.numbers, m.nesting, m.correct, m.score / 1000.0 AS score, d.difficulty,
                w.value AS novelty, c.cell, r.kind AS trace_kind, r.harm, r.p_wrong
            FROM live_samples s
            LEFT JOIN verdicts_now v ON v.sample_id = s.id
            LEFT JOIN notes_now n ON n.sample_id = s.id
            LEFT JOIN (SELECT sample_id, list(tag ORDER BY tag) AS tags FROM tags_now GROUP BY sample_id) t
                ON t.sample_id = s.id
            LEFT JOIN (SELECT sample_id, list(DISTINCT kind ORDER BY kind) AS flags FROM flags GROUP BY sample_id) f
                ON f.sample_id = s.id
            LEFT JOIN measures m ON m.sample_id = s.id
            LEFT JOIN difficulty_now d ON d.sample_id = s.id
            LEFT JOIN novelty w ON w.sample_id = s.id
            LEFT JOIN vectors_now c ON c.sample_id = s.id
            LEFT JOIN traces_now r ON r.sample_id = s.id""",
        "CREATE VIEW curated AS SELECT * FROM samples_now WHERE verdict = 'accept'",
    ):
        connection.execute(statement)


def is_outdated(connection: Connection, path: Path) -> bool:
    """Whether an existing store needs a step. Raises StoreUnreadable for a file that is not a store of ours, or that a
    newer Workbench has written."""
    done = _done(connection)
    if done is None:
        raise StoreUnreadable(
            f"{path} is a DuckDB file, but not a Workbench store. Nothing was changed: import its data into a new store."
        )
    if done > len(MIGRATIONS):
        raise StoreUnreadable(
            f"{path} was written by a newer Workbench (schema {done}, this one knows {len(MIGRATIONS)}). "
            "Nothing was changed: upgrade Workbench to open it."
        )
    return 0 < done < len(MIGRATIONS)


def back_up(path: Path) -> None:
    """Put a copy of a store aside before it is changed. It must be closed: to open and close the file once more would
    free the lock that keeps other processes out, as POSIX locks belong to a process, not to a handle.

    The vectors beside it are not copied: they can be made again from the texts, and are most of the bytes.
    """
    backup = path.with_name(f"{path.stem}.before-migration-{len(MIGRATIONS)}{path.suffix}")
    try:
        shutil.copy2(path, backup)
        with open(backup, "rb") as file:
            os.fsync(file.fileno())
    except OSError as error:
        backup.unlink(missing_ok=True)
        raise WorkbenchError(
            f"{path} must be brought up to date, and a copy put aside first, which failed: {error.strerror}. "
            "Nothing was changed."
        ) from error


def bring_up_to_date(connection: Connection) -> int:
    """Run the steps that are missing, all of them or none; returns the number of the last step."""
    done = _done(connection) or 0
    if done < len(MIGRATIONS):
        _migrate(connection, done)
        connection.execute("CHECKPOINT")
    return len(MIGRATIONS)


def _done(connection: Connection) -> int | None:
    """The last step that has run: 0 in an empty file, None in a file that is not ours."""
    tables = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    if not tables:
        return 0
    if not {"migrations", "meta"} <= tables:
        return None
    rows = connection.execute("SELECT coalesce(max(number), 0) FROM migrations").fetchall()
    return int(rows[0][0])


def _migrate(connection: Connection, done: int) -> None:
    from workbench.version import version

    written_by = version()

    connection.execute("BEGIN TRANSACTION")
    try:
        if not done:
            connection.execute("CREATE TABLE meta (key VARCHAR, value VARCHAR)")
            connection.execute("INSERT INTO meta VALUES ('application', 'workbench'), ('made_by', ?)", [written_by])
            connection.execute(
                "CREATE TABLE migrations (number INTEGER, name VARCHAR, done_at TIMESTAMP, written_by VARCHAR)"
            )
        for number, step in enumerate(MIGRATIONS[done:], start=done + 1):
            step(connection)
            connection.execute(
                "INSERT INTO migrations VALUES (?, ?, (now() AT TIME ZONE 'UTC')::TIMESTAMP, ?)",
                [number, step.__name__, written_by],
            )
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
