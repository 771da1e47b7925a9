"""The helper process that checks traces: `python -m workbench.analyses.traces.worker`. Rows go in and come out as JSON."""

from __future__ import annotations

from typing import Any

from workbench.analyses.helpers import wire
from workbench.analyses.helpers.serving import serve


def main() -> None:
    """Serve until the input ends."""
    serve(answer)


def answer(head: dict[str, Any], body: bytes) -> wire.Message:
    """`load` loads what the first check needs; `check` answers rows of `batch.READS` with rows of `batch.COLUMNS`."""
    import orjson

    from workbench.analyses.traces.batch import check_rows

    match head["op"]:
        case "check":
            return {}, orjson.dumps(check_rows(orjson.loads(body)))
        case "load":
            check_rows([("1 + 1?", None, False, "1 + 1 = 2", None, None, None, None)])
            return {"loaded": True}, b""
    raise ValueError(f"unknown operation {head['op']!r}")


if __name__ == "__main__":
    main()
