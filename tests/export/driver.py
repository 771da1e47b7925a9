"""Run as a script: one export, as a process that a test may kill, limit or starve. Prints how it ended."""

from __future__ import annotations

import resource
import sys

from tests.export.rows import row
from workbench.errors import WorkbenchError
from workbench.services.exporting import export


def main(out: str, format: str, rows: int, file_limit: int) -> int:
    if file_limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))
    stream = (row(n, system="Be brief." if n == 2 else None) for n in range(1, rows + 1))
    try:
        export(stream, out, format=format, shape="alpaca")
    except WorkbenchError as error:
        sys.stdout.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
