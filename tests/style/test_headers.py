#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every header compiles alone."""

import concurrent.futures
import os
import re
import subprocess
import unittest

import tree

USER_SPACE = ["cc", "-x", "c", "-std=gnu17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror",
              "-Wno-missing-field-initializers"]
CXX = ["c++", "-x", "c++", "-Wall", "-Wextra", "-Werror"]
MACHINE = os.uname().machine
BPF = ["clang", "-x", "c", "-target", "bpf", "-idirafter", f"/usr/include/{MACHINE}-linux-gnu",
       "-D__TARGET_ARCH_" + {"x86_64": "x86", "aarch64": "arm64"}[MACHINE], "-Wall", "-Werror",
       "-Wno-gnu-variable-sized-type-not-at-end"]
IS_CXX = re.compile(r"^namespace ", re.M)
IS_FOR_BPF = re.compile(r'#include (<bpf/bpf_|"bpf/kernel\.h")')


def compiler_for(header):
    text = tree.read(header)
    if header.parts[0] == "bpf" and (IS_FOR_BPF.search(text) or "<stdint.h>" not in text):
        return BPF
    return CXX if IS_CXX.search(text) else USER_SPACE


def complaint(header):
    """What the compiler says about a source that includes nothing but the header."""
    command = [*compiler_for(header), "-I.", "-fsyntax-only", "-"]
    run = subprocess.run(command, input=f'#include "{header}"\n', cwd=tree.ROOT, text=True,
                         stderr=subprocess.PIPE, check=False)
    return run.stderr if run.returncode else ""


class Headers(tree.StyleTest):
    def test_every_header_compiles_alone(self):
        headers = [path for path in tree.c_files() if path.suffix == ".h"]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            self.assert_none(filter(None, pool.map(complaint, headers)))


if __name__ == "__main__":
    unittest.main()
