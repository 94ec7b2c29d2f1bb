#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Run system tests on Debian's kernels, each in an emulated machine of its own: the tests are those
# that tests/vm/tests names, the machine's files those that tests/vm/root.sh copies.
#
#     ./dev vm [SERIES]…
#
# A series is such as 6.12, and `newest` is whatever the newest is. The kernels, and what was said
# on each, are kept in build/vm/SERIES. A kernel that cannot be had is skipped, and so is each test
# which cannot run there. Ends with 'N passed, N failed, N skipped'.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

readonly all_series=(6.1 6.12 newest)
readonly time_limit_s=900
readonly root=build/vm/root.cpio

passed=0
failed=0
skipped=0

say() {
	printf 'vm: %s (%d s)\n' "$*" "$SECONDS" >&2
}

# Boot a kernel, until it has switched itself off; print what its tests say. The machine is emulated,
# for KVM is not to be had where machines are rented. Its clock goes by the instructions that it
# executes, 2 ns each, and leaps when it is idle: however slow the host, it misses no tick, and waits
# for nothing. So it has one CPU, as only one can execute at a time.
#
# cx16=off: QEMU's cmpxchg16b faults now and then. la57=off: five levels of page tables are slow.
boot() {
	local folder=$1
	timeout --kill-after=5 "$time_limit_s" qemu-system-x86_64 -accel tcg,thread=single \
		-icount shift=1,sleep=off -smp 1 -m 1536 -cpu max,la57=off,cx16=off \
		-nodefaults -display none -no-reboot -kernel "$folder/vmlinuz" -initrd "$root" \
		-append 'console=ttyS0 loglevel=5 panic=-1' \
		-serial "file:$folder/console" -serial stdio </dev/null | tee "$folder/report"
}

count() {
	grep -c "^$1: " "$2" || true
}

# A guest that does not come to its end is one failure more.
run_on() {
	local series=$1 folder=build/vm/$1 start=$SECONDS reason
	if ! reason=$(tests/vm/fetch.sh "$series" 2>&1); then
		say "$series: skipped: ${reason##*$'\n'}"
		((++skipped))
		return
	fi
	say "$series: $(cat "$folder/package")"
	boot "$folder" || true
	if ! grep -q '^vm: the end' "$folder/report"; then
		say "$series: failed: it came to no end; its last words are"
		tail -n 20 "$folder/console" >&2
		((++failed))
	fi
	((passed += $(count ok "$folder/report"))) || true
	((failed += $(count FAILED "$folder/report"))) || true
	((skipped += $(count skipped "$folder/report"))) || true
	say "$series: over after $((SECONDS - start)) s"
}

(($#)) || set -- "${all_series[@]}"
if [[ $(uname -m) != x86_64 ]]; then
	say "skipped: only x86-64 is emulated"
	echo "0 passed, 0 failed, $# skipped"
	exit
fi
mkdir -p build/vm
tests/vm/root.sh "$root"
for series in "$@"; do
	run_on "$series"
done
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
