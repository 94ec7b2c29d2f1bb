#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The linters, each a function of its name. Clang comes first: the analysis reads what its build
# generated.
# Ends with 'N passed, N failed, N skipped', which counts linters.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

# Print our files whose names match one of the patterns $@, each followed by a NUL.
files() {
	local pattern expression=(-false)
	for pattern in "$@"; do
		expression+=(-o -name "$pattern")
	done
	find . \( -path './build*' -o -name node_modules -o -name .git \) -prune -o \
		-type f \( "${expression[@]}" \) -print0
}

clang() {
	./dev build --clang
}

# No test runs in this variant; what a compiler says of it without optimizing is heard here.
debug() {
	./dev build --debug
}

format() {
	files '*.c' '*.h' | xargs -0 clang-format --dry-run -Werror
}

# User space only: the BPF half is not among the compile commands.
analysis() {
	sed -n 's/^ *"file": "\(.*\.c\)",\{0,1\}$/\1/p' build-clang/compile_commands.json |
		grep '^\.\./' | sort -u |
		(cd build-clang && xargs -P "$(nproc)" -n 1 clang-tidy -p . --quiet) 2>&1 |
		sed -E '/^([0-9]+ warnings? generated\.)?$/d'
}

shell() {
	files '*.sh' | xargs -0 shellcheck dev .ci/run
}

python() {
	files '*.py' '*.bench' | xargs -0 python3 -c '
import pathlib, sys
for path in map(pathlib.Path, sys.argv[1:]):
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py" or "python" in source.partition("\n")[0]:
        compile(source, path, "exec")
'
}

page_types() {
	npm ci --silent --prefix tests/lint
	tests/lint/node_modules/.bin/tsc --project tests/lint/tsconfig.json
	tests/lint/node_modules/.bin/tsc --project tests/lint/tests.tsconfig.json
}

manual() {
	find docs -name '*.[1-9]' -print0 | xargs -0 --no-run-if-empty mandoc -T lint -W warning
}

passed=0
failed=0
for linter in clang debug format analysis shell python page_types manual; do
	start=$SECONDS
	if output=$("$linter" 2>&1); then
		((++passed))
		verdict=passed
	else
		((++failed))
		verdict=failed
		printf '%s\n' "$output"
	fi
	echo "lint: $linter: $verdict after $((SECONDS - start)) s"
done
echo "$passed passed, $failed failed, 0 skipped"
((failed == 0))
