#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The page is small, reads no markup from names, and loads nothing from elsewhere."""

import re
import sys
import unittest

import test_layers
import tree

sys.path.insert(0, str(tree.ROOT / "web"))
import page_file  # noqa: E402
import page_text  # noqa: E402

PAGE = "web/ui"
# Of all files, each as it goes over the wire, by itself: it pays some 250 bytes for not knowing the
# others.
BUDGET_BYTES = 100_000
IMPORT = re.compile(r"^(?:import|export)\b[^;]*?\bfrom '\./([\w.]+)';", re.M)
MARKUP = re.compile(
    r"\b(?:(?:inner|outer)HTML|insertAdjacentHTML|setHTMLUnsafe|DOMParser|createContextualFragment"
    r"|document\.write(?:ln)?|eval|Function)\b(?!\.prototype|\})")
ELSEWHERE = re.compile(r"""(?:\b(?:src|href)=["']?|url\(["']?|(?:from|import|fetch)\b[ (]*["'`])"""
                       r"(?:\w+:)?//")
INLINE = re.compile(r"<[^>]*\s(?:style|on\w+)=|<script(?![^>]*\bsrc=)|<style\b", re.I)


# Within a line; then what is left of those that have several, and what stands behind code.
REMARK = re.compile(r"/\*.*?\*/")
REMARKS = re.compile(r"^\s*(?://|/\*|\* (?!\{)|\*/|\*$).*$|(?<=\s)// .*$", re.M)


def bare(text):
    """Text without what separates nothing, with one word for a declaration, one form of fractions."""
    text = page_text.ZERO.sub("", re.sub(r"\bconst\b", "let", text))
    return re.sub(r"[;,]+(?=[)\]}])|[()]", "", re.sub(r"\s", "", text))


def page_files(*patterns):
    return tree.files(*(patterns or ("*",)), under=PAGE)


def code(path):
    """The module at path without its comments: they may speak of anything."""
    text = re.sub(r"/\*.*?\*/", "", tree.read(path), flags=re.S)
    return re.sub(r"^\s*//.*$", "", text, flags=re.M)


class Page(tree.StyleTest):
    def test_it_is_within_its_budget(self):
        sent = page_text.served_of([tree.ROOT / path for path in page_files()])
        sizes = {path.name: len(page_file.sent(path)) for path in sent}
        self.assertGreater(len(sizes), 20, "the page is somewhere else")
        total = sum(sizes.values())
        print(f"the page: {len(sizes)} files, {total} of {BUDGET_BYTES} bytes")
        largest = sorted(sizes, key=sizes.get)[-5:]
        self.assertLessEqual(total, BUDGET_BYTES, f"the largest are {largest}")

    def test_nothing_but_comments_and_spaces_is_left_out(self):
        for path in page_files("*.js", "*.css"):
            served = page_text.served(tree.ROOT / path).decode()
            text = tree.read(path)
            if path.suffix == ".css":
                text = page_text.style_sheet(tree.ROOT / path)
            told = REMARKS.sub("", REMARK.sub("", text))
            self.assertEqual(bare(served), bare(told), path)

    def test_its_folder_is_flat(self):
        self.assert_none(path for path in page_files() if str(path.parent) != PAGE)

    def test_its_modules_import_one_another_without_circles(self):
        graph = {path.name: set(IMPORT.findall(tree.read(path))) for path in page_files("*.js")}
        self.assertIn("workbench.js", graph["main.js"])
        self.assert_none(f"{name} imports {other}, which is not there"
                         for name, others in graph.items() for other in others - graph.keys())
        self.assert_none(" → ".join(circle) for circle in test_layers.circles(graph))

    def test_it_reads_no_markup_and_no_code_from_texts(self):
        self.assert_none(f"{path}: {match.group()}" for path in page_files("*.js")
                         for match in MARKUP.finditer(code(path)))

    def test_its_markup_has_neither_code_nor_style_in_it(self):
        self.assert_none(f"{path}: {match.group()}" for path in page_files("*.html", "*.svg")
                         for match in INLINE.finditer(tree.read(path)))

    def test_it_loads_nothing_from_elsewhere(self):
        self.assert_none(f"{path}: {match.group()}" for path in page_files("*.js", "*.html", "*.css")
                         for match in ELSEWHERE.finditer(tree.read(path)))


if __name__ == "__main__":
    unittest.main()
