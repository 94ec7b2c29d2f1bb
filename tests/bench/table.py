#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Print the figures of a benchmark, {"rows": [{"name", "value", "unit", "goal", "beside"}]}, as a
table: a row each; the goal, and each peer that a row has beside it, in a column of its own.
"""

import json
import pathlib
import sys


def cell(value):
    return f"{value:.4g}" if isinstance(value, float) else "" if value is None else str(value)


def table(rows):
    """The lines of the table of these rows."""
    peers = list(dict.fromkeys(peer for row in rows for peer in row.get("beside", {})))
    lines = [["", "value", "unit", "goal", *peers]]
    for row in rows:
        beside = [row.get("beside", {}).get(peer) for peer in peers]
        lines.append([cell(value) for value in
                      (row["name"], row["value"], row["unit"], row.get("goal"), *beside)])
    widths = [max(map(len, column)) for column in zip(*lines)]
    for name, *figures in lines:
        yield "  ".join([name.ljust(widths[0]),
                         *(text.rjust(width) for text, width in zip(figures, widths[1:]))])


def main():
    path = pathlib.Path(sys.argv[1])
    print(f"{path.stem}:")
    for line in table(json.loads(path.read_text(encoding="utf-8"))["rows"]):
        print(f"  {line}".rstrip())


if __name__ == "__main__":
    main()
