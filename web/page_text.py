# SPDX-License-Identifier: Apache-2.0
"""What of a file of the page is served: all but its comments, which are a third of it.

Their lines stay, empty, so that a line has the number that it has in the tree."""

import re

COMMENT = re.compile(r"^[ \t]*(?:/\*(?:(?!\*/).)*\*/|//[^\n]*)[ \t]*$", re.M | re.S)
COMMENTED = {".js", ".css"}


def served(path):
    """The bytes of the file at @path as they are served."""
    data = path.read_bytes()
    if path.suffix not in COMMENTED:
        return data
    text = data.decode("utf-8")
    return COMMENT.sub(lambda match: "\n" * match.group().count("\n"), text).encode("utf-8")
