"""Every invariant of a store, checked by query; nothing is repaired and nothing is changed."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from workbench.model import Finding
from workbench.store.engine import STORAGE_VERSION, file_sizes, scalar
from workbench.store.migrations import MIGRATIONS
from workbench.store.traces import DETECTOR, KNOWN, NOISY
from workbench.store.vector_care import examine_vectors

if TYPE_CHECKING:
    from workbench.store.driver import DuckDBPyConnection as Connection
    from workbench.store.store import Store

_KEEP = "Keep a copy of the file, and report this: it is a fault of Workbench."
_CHECKS: tuple[tuple[str, str], ...] = (
    (
        "{n:,} ids are given twice or more",
        "SELECT count(*) FROM (SELECT id FROM samples GROUP BY id HAVING count(*) > 1)",
    ),
    (
        "{n:,} ids are missing: they are not dense",
        "SELECT coalesce(max(id), 0) - count(DISTINCT id) FROM samples",
    ),
    (
        "{n:,} samples have no prompt, kind, dataset or hash",
        "SELECT count(*) FROM samples WHERE prompt IS NULL OR kind IS NULL OR dataset IS NULL OR content_hash IS NULL",
    ),
    (
        "{n:,} samples are neither seed nor synthetic",
        "SELECT count(*) FROM samples WHERE kind NOT IN ('seed', 'synthetic')",
    ),
    (
        "{n:,} live samples have the same content as another (edits aside)",
        """SELECT coalesce(sum(c - 1), 0)::BIGINT FROM (SELECT count(*) AS c FROM live_samples
           WHERE strategy IS DISTINCT FROM 'edit' GROUP BY content_hash HAVING count(*) > 1)""",
    ),
    (
        "{n:,} parents or roots are not samples",
        """SELECT count(*) FROM samples s WHERE
        (parent_id IS NOT NULL AND parent_id NOT IN (SELECT id FROM samples)) OR root_id NOT IN (SELECT id FROM samples)""",
    ),
    (
        "{n:,} samples have another root than their parent",
        """SELECT count(*) FROM samples s LEFT JOIN samples p ON p.id = s.parent_id
        WHERE s.root_id IS DISTINCT FROM CASE WHEN s.parent_id IS NULL THEN s.id ELSE p.root_id END""",
    ),
    # An id is given after its parent's, or in the same import; a cycle needs a parent that is not older.
    (
        "{n:,} samples stand in a cycle of parents",
        """WITH RECURSIVE up AS (
            SELECT id AS start, parent_id, 1 AS depth FROM samples WHERE parent_id >= id
            UNION ALL SELECT up.start, s.parent_id, depth + 1 FROM up JOIN samples s ON s.id = up.parent_id
            WHERE depth < 1000 AND up.parent_id IS NOT NULL AND up.parent_id <> up.start)
        SELECT count(DISTINCT start) FROM up WHERE parent_id = start OR depth >= 1000""",
    ),
    (
        "{n:,} decisions are about no sample",
        "SELECT count(*) FROM decisions WHERE sample_id NOT IN (SELECT id FROM samples)",
    ),
    (
        "{n:,} decisions belong to no operation",
        "SELECT count(*) FROM decisions WHERE operation_id NOT IN (SELECT id FROM operations)",
    ),
    ("{n:,} numbers of the decision log are used twice", "SELECT count(*) - count(DISTINCT seq) FROM decisions"),
    (
        "{n:,} decisions do not follow from the one before them",
        """SELECT count(*) FROM (SELECT previous,
            lag(verdict) OVER (PARTITION BY sample_id ORDER BY seq) AS before FROM decisions WHERE verdict IS NOT NULL)
        WHERE previous <> coalesce(before, 'undecided')""",
    ),
    (
        "{n:,} tags are about no sample or no operation",
        """SELECT count(*) FROM tags WHERE
        sample_id NOT IN (SELECT id FROM samples) OR operation_id NOT IN (SELECT id FROM operations)""",
    ),
    ("{n:,} operations have the same number as another", "SELECT count(*) - count(DISTINCT id) FROM operations"),
    (
        "{n:,} operations are undone by something that is not there",
        "SELECT count(*) FROM operations WHERE undone_by IS NOT NULL AND undone_by NOT IN (SELECT id FROM operations)",
    ),
    (
        "{n:,} samples belong to no operation",
        """SELECT coalesce((SELECT count(*) FROM samples), 0) - coalesce((
        SELECT sum(last_sample_id - first_sample_id + 1) FROM operations WHERE first_sample_id IS NOT NULL), 0)::BIGINT""",
    ),
    (
        "{n:,} measures are about no sample",
        "SELECT count(*) FROM measures WHERE sample_id NOT IN (SELECT id FROM samples)",
    ),
    (
        "{n:,} samples are measured twice at the same version",
        """SELECT count(*) FROM (
        SELECT 1 FROM measures GROUP BY sample_id, version HAVING count(*) > 1)""",
    ),
    (
        "{n:,} texts or rows are in the index of vectors twice",
        """SELECT (SELECT count(*) - count(DISTINCT (model_id, text_hash)) FROM vectors)
            + (SELECT count(*) - count(DISTINCT (model_id, row)) FROM vectors WHERE row >= 0)""",
    ),
    (
        "{n:,} vectors lie in no block or belong to no model",
        """SELECT count(*) FROM vectors v WHERE model_id NOT IN (SELECT id FROM embedding_models) OR (row >= 0 AND NOT EXISTS (
            SELECT 1 FROM vector_blocks b WHERE b.model_id = v.model_id
                AND v.row BETWEEN b.first_row AND b.first_row + b.rows - 1))""",
    ),
    (
        "{n:,} samples have two vectors, or one that is not there",
        """SELECT (SELECT count(*) - count(DISTINCT (sample_id, model_id)) FROM sample_vectors)
            + (SELECT count(*) FROM sample_vectors s WHERE row >= 0 AND NOT EXISTS (
                SELECT 1 FROM vectors v WHERE v.model_id = s.model_id AND v.row = s.row))""",
    ),
    (
        "{n:,} vectors or novelties are about no sample",
        """SELECT (SELECT count(*) FROM sample_vectors WHERE sample_id NOT IN (SELECT id FROM samples))
            + (SELECT count(*) FROM novelty WHERE sample_id NOT IN (SELECT id FROM samples))""",
    ),
    (
        "{n:,} flags or checks of a trace are about no sample",
        """SELECT (SELECT count(*) FROM flags WHERE sample_id NOT IN (SELECT id FROM samples))
            + (SELECT count(*) FROM traces WHERE sample_id NOT IN (SELECT id FROM samples))
            + (SELECT count(*) FROM trace_consensus WHERE sample_id NOT IN (SELECT sample_id FROM traces))""",
    ),
    (
        "{n:,} traces are checked or settled twice",
        """SELECT (SELECT count(*) - count(DISTINCT sample_id) FROM traces)
            + (SELECT count(*) - count(DISTINCT sample_id) FROM trace_consensus)""",
    ),
    (
        "{n:,} traces are of a kind that there is not",
        f"SELECT count(*) FROM traces_now WHERE kind IS NULL OR kind NOT IN {KNOWN}",
    ),
    (
        "{n:,} traces have other counts of steps than marks",
        """SELECT count(*) FROM traces WHERE steps IS DISTINCT FROM length(marks) OR failed_steps > checked_steps
            OR checked_steps > steps OR first_wrong_step NOT BETWEEN 0 AND steps""",
    ),
    (
        "{n:,} flags of traces and findings of noise do not agree",
        f"""SELECT count(*) FROM (SELECT sample_id, kind FROM traces_now WHERE kind IN {NOISY}) t
            FULL JOIN (SELECT sample_id, kind FROM flags WHERE detector = '{DETECTOR}') f
                ON f.sample_id = t.sample_id AND f.kind = t.kind
            WHERE f.sample_id IS NULL OR t.sample_id IS NULL""",
    ),
    (
        "{n:,} vectors are in a cell that is not there",
        """SELECT count(*) FROM vectors v WHERE cell IS NOT NULL
            AND (model_id, cell) NOT IN (SELECT (model_id, cell) FROM cells)""",
    ),
)


def examine(store: Store) -> list[Finding]:
    """What is wrong (`error`) or worth knowing (`note`) about an open store; no error means that all is well."""
    findings = [*store.read("bulk", _checks).result(), *examine_vectors(store)]
    done = store.schema_version
    if done != len(MIGRATIONS):
        findings.append(Finding("error", f"the schema is at step {done} of {len(MIGRATIONS)}", _KEEP))
    sizes = file_sizes(store.path)
    free = shutil.disk_usage(store.path.parent).free
    if free < max(2 * sizes["file"], 100_000_000):
        findings.append(
            Finding(
                "note",
                f"{free / 1e6:,.0f} MB are free on this disk",
                "Make room: compact and export need as much as the store.",
            )
        )
    return findings


def _checks(connection: Connection) -> list[Finding]:
    findings = []
    for what, sql in _CHECKS:
        count = scalar(connection, sql)
        if count:
            findings.append(Finding("error", what.format(n=count), _KEEP))
    tag = _storage_tag(connection)
    findings.append(Finding("note", f"storage format {tag}, schema {len(MIGRATIONS)}, DuckDB {_version(connection)}"))
    if tag and STORAGE_VERSION not in tag:
        findings.append(
            Finding(
                "note",
                f"the file is not in the format of {STORAGE_VERSION}",
                "`workbench compact` rewrites it in that format.",
            )
        )
    return findings


def _storage_tag(connection: Connection) -> str:
    rows: list[Any] = connection.execute(
        "SELECT tags['storage_version'] FROM duckdb_databases() WHERE NOT internal"
    ).fetchall()
    return str(rows[0][0] or "") if rows else ""


def _version(connection: Connection) -> str:
    return str(connection.execute("SELECT version()").fetchall()[0][0])
