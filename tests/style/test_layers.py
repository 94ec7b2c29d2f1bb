#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Includes point downward, and never in a circle."""

import pathlib
import re
import unittest

import tree

LAYER_ROW = re.compile(r"^\| `([a-z/]+)/` \|", re.M)
INCLUDE = re.compile(r'^#include "([^"]+)"', re.M)


def layers():
    """The folders of ARCHITECTURE.md's table, lowest first."""
    section = tree.read("ARCHITECTURE.md").partition("\n## Layers\n")[2].partition("\n## ")[0]
    return LAYER_ROW.findall(section)


def layer_of(path, folders):
    """The longest of the folders that path is in; a unit test is of the layer that it tests."""
    parts = pathlib.PurePath(path).parts
    if parts[:2] == ("tests", "unit"):
        parts = next(
            (pathlib.PurePath(folder).parts for folder in folders
             if pathlib.PurePath(folder).name == parts[2]), parts)
    holders = [folder for folder in folders
               if pathlib.PurePath(folder).parts == parts[: folder.count("/") + 1]]
    return max(holders, key=len, default=None)


def includes(path):
    return [name for name in INCLUDE.findall(tree.read(path)) if "/" in name]


def circles(graph):
    """Yield a way from a module back to itself for each edge of graph that closes one."""
    done = set()

    def visit(way):
        for other in sorted(graph.get(way[-1], ())):
            if other in way:
                yield [*way[way.index(other):], other]
            elif other not in done:
                yield from visit([*way, other])
        done.add(way[-1])

    for module in sorted(graph):
        if module not in done:
            yield from visit([module])


class Layers(tree.StyleTest):
    def test_a_file_includes_only_from_its_own_layer_and_those_below(self):
        folders = layers()
        self.assertGreater(len(folders), 5, "ARCHITECTURE.md has no table of layers")
        wrong = []
        for path in tree.c_files():
            own = layer_of(path, folders)
            for name in includes(path) if own else []:
                other = layer_of(name, folders)
                if other is None:
                    wrong.append(f'{path}: "{name}" is in no layer')
                elif folders.index(other) > folders.index(own):
                    wrong.append(f'{path}: "{name}" is above it')
        self.assert_none(wrong)

    def test_every_folder_with_c_is_a_layer(self):
        folders = layers()
        homeless = {str(path.parent) for path in tree.c_files()
                    if path.parts[0] != "tests" and str(path.parent) not in folders}
        self.assert_none(homeless)

    def test_no_module_includes_itself_by_way_of_others(self):
        graph = {}
        for path in tree.c_files():
            if path.parts[0] != "tests":
                module = str(path.with_suffix(""))
                graph.setdefault(module, set()).update(
                    name.removesuffix(".h") for name in includes(path))
                graph[module].discard(module)
        self.assert_none(" → ".join(circle) for circle in circles(graph))


if __name__ == "__main__":
    unittest.main()
