#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Encoders give exactly what is expected of the known profile.

    test_encoders.py PROGRAM TEST_NAME

PROGRAM is the built encode_known_profile. What is expected lies next to this file. Exits 77, with a
reason, when a test cannot run here.
"""

import base64
import collections
import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

import check_pprof
import dump_pprof

HERE = pathlib.Path(__file__).parent
PROGRAM = sys.argv[1] if len(sys.argv) > 1 else ""
SKIPPED = 77
SVG = "{http://www.w3.org/2000/svg}"


def encoded(*arguments):
    return subprocess.run([PROGRAM, *arguments], check=True, capture_output=True).stdout


def expected(name):
    return (HERE / name).read_text(encoding="utf-8")


class Folded(unittest.TestCase):
    def test_is_as_expected(self):
        self.assertEqual(encoded("folded").decode(), expected("known.folded"))

    def test_every_line_parses(self):
        for line in encoded("folded", "3000").decode().splitlines():
            stack, count = line.rsplit(" ", 1)
            self.assertEqual(len(stack.split(";")), 31)
            self.assertGreater(int(count), 0)


class Speedscope(unittest.TestCase):
    """What its own importer makes of it is tested in tests/browser."""

    def test_is_as_expected(self):
        found = json.loads(encoded("speedscope", "timed"))
        self.assertEqual(found, json.loads(expected("known.speedscope.json")))

    def test_every_sample_is_in_it(self):
        file = json.loads(encoded("speedscope", "3000"))
        (profile,) = file["profiles"]
        self.assertEqual(sum(profile["weights"]), 3000 * 10_000_000)
        self.assertEqual(len(profile["samples"]), len(profile["weights"]))
        self.assertEqual({len(stack) for stack in profile["samples"]}, {30})

    def test_refers_only_to_frames_that_are_there(self):
        file = json.loads(encoded("speedscope", "timed"))
        frames = {frame for p in file["profiles"] for stack in p["samples"] for frame in stack}
        self.assertLess(max(frames), len(file["shared"]["frames"]))


class Html(unittest.TestCase):
    """How it looks is tested in tests/browser."""

    def test_holds_the_pprof(self):
        for parameters in ([], ["3000"]):
            found = re.search(r'id="embedded-profile"[^>]*>([^<]*)<', self.text(*parameters))
            pprof = base64.b64decode(found.group(1), validate=True)
            self.assertEqual(pprof, encoded("pprof", *parameters))

    def test_lets_only_its_own_script_and_style_run(self):
        text = self.text()
        (script,) = re.findall(r'<script [^>]*type="module">(.*?)</script>', text, re.S)
        (style,) = re.findall(r"<style>(.*?)</style>", text, re.S)
        policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text).group(1)
        self.assertIn("default-src 'none'", policy)
        for name, body in (("script", script), ("style", style)):
            digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
            self.assertIn(f"{name}-src 'sha256-{digest}'", policy)
        self.assertNotIn("unsafe", policy)

    def test_refers_to_nothing_outside(self):
        markup = re.sub(r"<(script|style)\b.*?</\1>", "", self.text(), flags=re.S)
        for reference in re.findall(r'(?:src|href)="([^"]*)"', markup):
            self.assertRegex(reference, "^(data:|/$)")

    def text(self, *parameters):
        return encoded("html", *parameters).decode()


class Firefox(unittest.TestCase):
    """What src/types/profile.js of the Firefox Profiler says of version 48; what it makes of it is
    tested in tests/browser."""

    COLUMNS = {
        "stackTable": "frame prefix category subcategory",
        "frameTable": "address inlineDepth category subcategory func nativeSymbol innerWindowID"
        " implementation line column",
        "funcTable": "name isJS relevantForJS resource fileName lineNumber columnNumber",
        "resourceTable": "lib name host type",
        "nativeSymbols": "libIndex address name functionSize",
        "samples": "stack time weight threadCPUDelta",
        "markers": "data name startTime endTime phase category",
    }

    def files(self):
        for parameters in (["timed"], [], ["3000"]):
            yield json.loads(encoded("firefox", *parameters))

    def test_tables_have_all_columns_and_as_many_rows_in_each(self):
        for file in self.files():
            self.assertEqual(file["meta"]["preprocessedProfileVersion"], 48)
            for thread in file["threads"]:
                for table, names in self.COLUMNS.items():
                    columns = thread[table]
                    for name in names.split():
                        self.assertEqual(len(columns[name]), columns["length"], (table, name))

    def test_indices_refer_to_what_is_there(self):
        references = [
            ("samples", "stack", "stackTable"),
            ("stackTable", "prefix", "stackTable"),
            ("stackTable", "frame", "frameTable"),
            ("frameTable", "func", "funcTable"),
            ("funcTable", "resource", "resourceTable"),
        ]
        for file in self.files():
            for thread in file["threads"]:
                for table, column, target in references:
                    for index in thread[table][column]:
                        self.assertTrue(index in (None, -1) or 0 <= index < thread[target]["length"])
                texts = thread["funcTable"]["name"] + thread["resourceTable"]["name"]
                texts += [name for name in thread["funcTable"]["fileName"] if name is not None]
                self.assertTrue(all(0 <= text < len(thread["stringArray"]) for text in texts))
                libs = thread["resourceTable"]["lib"]
                self.assertTrue(all(0 <= lib < len(file["libs"]) for lib in libs))
                prefixes = thread["stackTable"]["prefix"]
                self.assertTrue(all(p is None or p < i for i, p in enumerate(prefixes)))
                categories = thread["stackTable"]["category"]
                self.assertTrue(all(0 <= c < len(file["meta"]["categories"]) for c in categories))
            self.assertEqual(file["meta"]["categories"][0]["color"], "grey")
            keys = [(thread["pid"], thread["tid"]) for thread in file["threads"]]
            self.assertEqual(len(keys), len(set(keys)))
            self.assertTrue(all(isinstance(pid, str) for pid, _ in keys))

    def test_samples_are_in_order_of_time_and_add_up_to_the_folded_format(self):
        counts = collections.Counter()
        for thread in json.loads(encoded("firefox", "timed"))["threads"]:
            times = thread["samples"]["time"]
            self.assertEqual(times, sorted(times))
            for stack, weight in zip(thread["samples"]["stack"], thread["samples"]["weight"]):
                counts[self.names(thread, stack)] += weight
        folded = collections.Counter()
        for line in encoded("folded").decode().splitlines():
            stack, count = line.rsplit(" ", 1)
            stack = re.sub(r"_\[[ikj]\](?=;|$)", "", stack.partition(";")[2])
            folded[stack.replace("\\x3b", "%").replace("\\x0a", "\n")] += int(count)
        self.assertEqual(counts, folded)

    def names(self, thread, stack):
        found = []
        while stack is not None:
            frame = thread["stackTable"]["frame"][stack]
            name = thread["funcTable"]["name"][thread["frameTable"]["func"][frame]]
            found.append(thread["stringArray"][name].replace(";", "%"))
            stack = thread["stackTable"]["prefix"][stack]
        return ";".join(reversed(found))

    def test_inlined_functions_have_depths(self):
        thread = json.loads(encoded("firefox", "timed"))["threads"][0]
        frames = thread["frameTable"]
        names = [thread["stringArray"][thread["funcTable"]["name"][f]] for f in frames["func"]]
        depths = dict(zip(names, frames["inlineDepth"]))
        self.assertEqual((depths["serve"], depths["parse<std::string>"]), (0, 1))


class Perf(unittest.TestCase):
    """What speedscope makes of it is tested in tests/browser."""

    maxDiff = None
    HEAD = re.compile(r"\S.*  \d+/\d+  \[\d{3}\] \d+\.\d{9}: +\d+ cpu-clock: ")
    FRAME = re.compile(r"\t +[0-9a-f]+ \S.* \(\S+\)")
    OFFSET = re.compile(r"\+0x[0-9a-f]+$")

    def test_is_as_expected(self):
        self.assertEqual(encoded("perf", "timed").decode(), expected("known.perf"))

    def test_folds_to_what_folded_has(self):
        """As scripts for flame graphs fold it: an offset follows the name, and is taken off."""
        counts = collections.Counter()
        for event in encoded("perf", "timed").decode().removesuffix("\n\n").split("\n\n"):
            head, *frames = event.split("\n")
            names = [re.fullmatch(r"\s*\w+\s*(.+) \((.*)\)", frame).group(1) for frame in frames]
            stack = [self.OFFSET.sub("", name).replace(";", ":") for name in reversed(names)]
            comm = re.match(r"(\S.+?)\s+\d+/\d+\s", head).group(1).replace(";", ":")
            counts[";".join([comm, *stack])] += 1
        folded = collections.Counter()
        for line in expected("known.folded").splitlines():
            stack, count = line.rsplit(" ", 1)
            stack = re.sub(r"_\[[ikj]\](?=;|$)", "", stack).replace("\\x3b", ":")
            folded[stack.replace("[anonymous]+0x7e0000000000", "[unknown]")] += int(count)
        self.assertEqual(counts, folded)

    def test_every_line_parses(self):
        events = encoded("perf", "3000").decode().removesuffix("\n\n").split("\n\n")
        self.assertEqual(len(events), 3000)
        for event in events:
            head, *frames = event.split("\n")
            self.assertRegex(head, self.HEAD)
            self.assertEqual(len(frames), 30)
            for frame in frames:
                self.assertRegex(frame, self.FRAME)


class Pprof(unittest.TestCase):
    maxDiff = None

    def test_is_as_expected(self):
        lines = dump_pprof.Dump(encoded("pprof")).lines()
        self.assertEqual("\n".join(lines) + "\n", expected("known.pprof.txt"))

    def test_satisfies_the_strictest_reader(self):
        self.assertEqual(check_pprof.check(encoded("pprof")), [])
        self.assertEqual(check_pprof.check(encoded("pprof", "3000")), [])

    def test_in_order_of_time_each_sample_tells_when_and_where_it_was(self):
        faults = check_pprof.Faults()
        raw = check_pprof.decode("Profile", check_pprof.gunzip(encoded("pprof", "timed")), faults)
        text = [string.decode() for string in raw["string_table"]]
        times, cpus, counts = [], [], collections.Counter()
        for sample in raw["sample"]:
            numbers = [label for label in sample["label"] if not label["str"]]
            time, cpu = numbers
            self.assertEqual([text[label["key"]] for label in numbers], ["end_timestamp_ns", "cpu"])
            self.assertEqual([text[label["num_unit"]] for label in numbers], ["nanoseconds", "cpu"])
            times.append(time["num"])
            cpus.append(cpu["num"])
            self.assertEqual(sample["value"], [1, 10_000_000])
            labels = [(text[label["key"]], text[label["str"]]) for label in sample["label"]]
            counts[tuple(sample["location_id"]), tuple(labels[:-2])] += 1
        start = 1_700_000_000_000_000_000
        self.assertEqual(times, [start + i * 10_000_000 for i in range(1, 62)])
        self.assertEqual(cpus, [i % 2 for i in range(61)])
        merged = check_pprof.decode("Profile", check_pprof.gunzip(encoded("pprof")), faults)
        self.assertEqual(sorted(counts.values()), sorted(s["value"][0] for s in merged["sample"]))
        for part in ("mapping", "location", "function"):
            self.assertEqual(raw[part], merged[part])

    def test_is_the_same_bytes_each_time(self):
        self.assertEqual(encoded("pprof"), encoded("pprof"))
        self.assertEqual(encoded("pprof")[4:8], bytes(4), "gzip's time is not zero")


class Svg(unittest.TestCase):
    """What a picture must be, whatever it looks like."""

    def frames(self, *arguments):
        root = xml.etree.ElementTree.fromstring(encoded("svg", *arguments))
        return [box for box in root.iter(SVG + "svg") if "pl-frame" in box.get("class")]

    def titles(self, *arguments):
        return [box.find(SVG + "title").text for box in self.frames(*arguments)]

    def test_tells_name_samples_and_share_of_every_frame(self):
        titles = self.titles()
        self.assertEqual(titles[0], "all\n61 samples, 100.00 %\neverything")
        self.assertIn("main\n56 samples, 91.80 %\nnative", titles)
        self.assertIn("parse<std::string>\n42 samples, 68.85 %; 27 in itself\ninlined", titles)
        self.assertIn(
            "asm_exc_page_fault\n9 samples, 14.75 %; 9 in itself\nkernel", titles
        )
        self.assertEqual(len(titles), 15)

    def test_a_hostile_name_stays_text(self):
        root = xml.etree.ElementTree.fromstring(encoded("svg"))
        tags = collections.Counter(element.tag.removeprefix(SVG) for element in root.iter())
        self.assertEqual(tags["script"], 1)
        self.assertEqual(
            set(tags),
            {"svg", "title", "desc", "style", "rect", "text", "g", "foreignObject", "script"},
        )
        hostile = '<script>alert("1")</script>;\ufffd\\x0a\n3 samples, 4.92 %; 3 in itself\nnative'
        self.assertIn(hostile, self.titles())

    def test_refers_to_nothing_outside(self):
        text = encoded("svg").decode()
        namespaces = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml"}
        self.assertEqual(set(re.findall(r"\w+://[^\"'\s]+", text)), namespaces)
        self.assertNotRegex(text, r"href|@import|url\(|\bsrc\b|fetch|\son\w+=")

    def test_frames_lie_within_their_callers(self):
        callers = []
        for box in self.frames("3000"):
            depth, start, count = (int(number) for number in box.get("data-at").split())
            del callers[depth:]
            self.assertEqual(len(callers), depth)
            if callers:
                self.assertGreaterEqual(start, callers[-1][0])
                self.assertLessEqual(start + count, sum(callers[-1]))
            callers.append((start, count))

    def test_says_exactly_what_is_too_narrow_to_be_drawn(self):
        n_samples = 6000
        root = xml.etree.ElementTree.fromstring(encoded("svg", str(n_samples)))
        words = root.find(SVG + "desc").text.split("; ")[1]
        n_frames, n_ends = (int(number) for number in re.findall(r"\d+", words))
        lines = encoded("folded", str(n_samples)).decode().splitlines()
        folded = [(line.rsplit(" ", 1)[0], int(line.rsplit(" ", 1)[1])) for line in lines]
        stacks = [stack.split(";") for stack, _ in folded]
        nodes = {tuple(stack[:depth]) for stack in stacks for depth in range(len(stack) + 1)}
        self.assertEqual(n_frames + len(self.frames(str(n_samples))), len(nodes))
        self.assertEqual(n_ends, sum(count for _, count in folded if count * 5000 < n_samples))


class GoToolPprof(unittest.TestCase):
    def said(self, arguments, *known):
        """What it says of the known profile."""
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "known.pb.gz"
            path.write_bytes(encoded("pprof", *known))
            return subprocess.run(
                ["go", "tool", "pprof", *arguments, "-symbolize=none", path],
                check=True,
                capture_output=True,
                text=True,
            ).stdout

    def test_reads_what_we_write(self):
        top = self.said(["-top", "-sample_index=samples"])
        self.assertIn("File: api", top)
        self.assertIn("61 total", top)
        self.assertIn("Duration: 5s", top)

    def test_reads_when_each_sample_was(self):
        self.assertIn("61 total", self.said(["-top", "-sample_index=samples"], "timed"))
        raw = self.said(["-raw"], "timed")
        times = re.findall(
            r"\n +cpu:\[[01] cpu\] end_timestamp_ns:\[(\d+) nanoseconds\]", raw
        )
        self.assertEqual(len(times), 61, raw)


def main():
    name = sys.argv.pop()
    if name == "GoToolPprof" and not shutil.which("go"):
        print("there is no Go here")
        return SKIPPED
    suite = unittest.defaultTestLoader.loadTestsFromName(name, sys.modules["__main__"])
    return 0 if unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
