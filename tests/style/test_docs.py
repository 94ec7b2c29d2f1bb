#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the documents name is there."""

import os
import pathlib
import re
import subprocess
import unittest

import tree

CODE = re.compile(r"```.*?```|`[^`\n]+`", re.S)
# A path from the root of the tree; what `./dev` makes, under build, is not in the tree.
PATH = re.compile(r"(?<![\w/.:-])((?:bpf|unwind|profiler|export|web|tests|docs|packaging)/[\w./*-]*"
                  r"|[A-Z]+\.md|\.ci/run)(?![\w/])")
COMMAND = re.compile(r"\./dev ([a-z]+)")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
MANUAL = pathlib.Path("docs/pilotlight.1")
METRIC = re.compile(r"\bpilotlight_[a-z_]+")


def documents():
    return tree.files("*.md")


def is_there(path):
    return any(True for _ in tree.ROOT.glob(path.rstrip("/.")))


def help_of(*command):
    return subprocess.run([os.environ["PILOTLIGHT"], *command, "--help"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def program_options():
    """Every long option in the program's help, and in that of the commands which it names."""
    texts = [help_of()]
    texts += [help_of(command) for command in re.findall(r"^ +pilotlight ([a-z]+)", texts[0], re.M)]
    return set(OPTION.findall("".join(texts)))


class Docs(tree.StyleTest):
    def test_every_path_that_a_document_names_exists(self):
        self.assert_none(f"{document}: {path}" for document in documents()
                         for code in CODE.findall(tree.read(document))
                         for path in PATH.findall(code) if not is_there(path))

    def test_every_link_leads_somewhere(self):
        self.assert_none(f"{document}: {link}" for document in documents()
                         for link in LINK.findall(tree.read(document))
                         if not (tree.ROOT / document.parent / link).exists())

    def test_every_dev_command_that_a_document_names_exists(self):
        usage = subprocess.run([tree.ROOT / "dev", "help"], check=True, text=True,
                               stdout=subprocess.PIPE).stdout
        known = set(re.findall(r"^  ([a-z]+)", usage, re.M))
        self.assertIn("build", known)
        self.assert_none(f"{document}: ./dev {command}" for document in documents()
                         for command in COMMAND.findall(tree.read(document)) if command not in known)


class Metrics(tree.StyleTest):
    def test_the_page_of_metrics_has_all_and_no_others(self):
        sources = "".join(map(tree.read, tree.files("web/metric*.c")))
        families = set(re.findall(r'"(pilotlight_[a-z_]+)"', sources))
        families |= set(re.findall(r'"(pilotlight_build_info)', sources))
        self.assertGreater(len(families), 100)
        page = tree.read("docs/metrics.md")
        self.assertEqual(set(METRIC.findall(page)), families)


class Options(tree.StyleTest):
    def test_the_man_page_has_the_options_of_the_program(self):
        manual = tree.read(MANUAL).replace(r"\-", "-")
        documented = set(OPTION.findall(re.sub(r"\bFl -(?=\w)", "--", manual)))
        self.assertEqual(documented, program_options())

    def test_the_man_page_has_the_variables_of_all_options(self):
        manual = tree.read(MANUAL)
        section = manual[manual.index(".Sh ENVIRONMENT"):manual.index(".Sh FILES")]
        of_daemon = set(OPTION.findall(help_of())) - {"--help", "--version"}
        of_record = set(OPTION.findall(help_of("record"))) & of_daemon
        variables = {f"PILOTLIGHT_{option[2:].replace('-', '_').upper()}" for option in of_daemon}
        self.assertEqual(set(re.findall(r"\bPILOTLIGHT_\w+", section)), variables)
        self.assertEqual({f"-{option}" for option in re.findall(r"Fl (-[a-z-]+)", section)},
                         of_record)

    def test_the_man_page_and_readme_have_the_endings_of_all_formats(self):
        endings = set(re.findall(r" (\.[a-z.]+) \(", help_of("record").partition("Endings of")[2]))
        self.assertGreater(len(endings), 3)
        self.assertEqual(set(re.findall(r"^\.It Li (\.[a-z.]+)$", tree.read(MANUAL), re.M)), endings)
        self.assertLessEqual(endings, set(re.findall(r"`(\.[a-z.]+)`", tree.read("README.md"))))

    def test_readme_has_only_options_of_the_program(self):
        text = re.sub(r"(\./dev|git|curl|perf|go tool) .*", "", tree.read("README.md"))
        self.assertLessEqual(set(OPTION.findall(text)), program_options())


if __name__ == "__main__":
    unittest.main()
