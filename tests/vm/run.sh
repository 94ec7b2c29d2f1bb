#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Run system tests on Debian's kernels, each in an emulated machine of its own: the tests are those
# that tests/vm/tests names, the machine's files those that tests/vm/root.sh copies.
#
#     ./dev vm [SERIES[/arm64]]…
#
# A series is such as 6.12, and `newest` is whatever the newest is. The kernels, and what was said
# on each, are kept in build/vm/SERIES[/arm64]. A kernel that cannot be had is skipped, and so is each test
# which cannot run there. Ends with 'N passed, N failed, N skipped'.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

readonly all_series=(5.10 6.1 6.12 newest)
readonly time_limit_s=900

passed=0
failed=0
skipped=0

say() {
	printf 'vm: %s (%d s)\n' "$*" "$SECONDS" >&2
}

# Boot a kernel, until it has switched itself off; what its tests say is its report. The machine is emulated,
# for KVM is not to be had where machines are rented. Its clock goes by the instructions that it
# executes, 2 ns each, and leaps when it is idle: however slow the host, it misses no tick, and waits
# for nothing. So it has one CPU, as only one can execute at a time.
#
# cx16=off: QEMU's cmpxchg16b faults now and then. la57=off: five levels of page tables are slow.
# pauth-impdef=on: so is the algorithm by which pointers are signed otherwise.
boot() {
	local folder=$1 root=$2 console=ttyS0 machine stdio=()
	if [[ $folder == */arm64 ]]; then
		machine=(qemu-system-aarch64 -M 'virt,gic-version=3' -cpu 'max,pauth-impdef=on'
			-chardev 'stdio,id=line' -device 'pci-serial,chardev=line')
		console=ttyAMA0
	else
		machine=(qemu-system-x86_64 -cpu 'max,la57=off,cx16=off')
		stdio=(-serial stdio)
	fi
	timeout --kill-after=5 "$time_limit_s" "${machine[@]}" -accel tcg,thread=single \
		-icount shift=1,sleep=off -smp 1 -m 1536 -nodefaults -display none -no-reboot \
		-kernel "$folder/vmlinuz" -initrd "$root" \
		-append "console=$console loglevel=5 panic=-1" \
		-serial "file:$folder/console" "${stdio[@]}" </dev/null >"$folder/report"
}

# The guest's file system, made when it is needed first.
root_of() {
	local archive=build/vm/root.cpio from=(build)
	if [[ $1 == */arm64 ]]; then
		archive=build/vm/root-arm64.cpio
		from=(build-arm64 build/arm64/root)
	fi
	[[ -f $archive ]] || tests/vm/root.sh "$archive" "${from[@]}"
	echo "$archive"
}

# Copy it for a guest, and behind it, as the kernel takes them, the modules that are built for that.
add_modules() {
	local folder=build/vm/$1 root reason
	root=$(root_of "$1")
	if reason=$(tests/vm/modules.sh "$1" 2>&1); then
		cat "$root" "$folder/modules.cpio" >"$folder/root.cpio"
	else
		say "$1: no modules: ${reason##*$'\n'}"
		cp "$root" "$folder/root.cpio"
	fi
}

count() {
	grep -c "^$1: " "$2" || true
}

# Get a kernel and the files of its guest. What has been said of it until then is forgotten.
prepare() {
	local folder=build/vm/$1
	mkdir -p "$folder"
	rm -f "$folder/report" "$folder/console"
	tests/vm/fetch.sh "$1" >"$folder/fetched" 2>&1 || return 0
	add_modules "$1"
}

# Run the tests on a kernel that could be had.
run_on() {
	local series=$1 folder=build/vm/$1 start=$SECONDS
	[[ -f $folder/package ]] || return 0
	say "$series: $(cat "$folder/package")"
	boot "$folder" "$folder/root.cpio" || true
	say "$series: over after $((SECONDS - start)) s"
}

# Print and count what a guest said. One that does not come to its end is one failure more.
sum_up() {
	local series=$1 folder=build/vm/$1
	if [[ ! -f $folder/report ]]; then
		say "$series: skipped: $(tail -n 1 "$folder/fetched")"
		((++skipped))
		return
	fi
	echo "vm: on $series"
	cat "$folder/report"
	if ! grep -q '^vm: the end' "$folder/report"; then
		say "$series: failed: it came to no end; its last words are"
		tail -n 20 "$folder/console" >&2
		((++failed))
	fi
	((passed += $(count ok "$folder/report"))) || true
	((failed += $(count FAILED "$folder/report"))) || true
	((skipped += $(count skipped "$folder/report"))) || true
}

(($#)) || set -- "${all_series[@]}"
if [[ $(uname -m) != x86_64 ]]; then
	say "skipped: only x86-64 is emulated"
	echo "0 passed, 0 failed, $# skipped"
	exit
fi
mkdir -p build/vm
rm -f build/vm/root*.cpio
for series in "$@"; do
	prepare "$series"
done
# A guest takes one CPU, and no time of ours: as many at once as there are CPUs harm none of them.
for series in "$@"; do
	(($(jobs -r | wc -l) < $(nproc))) || wait -n
	run_on "$series" &
done
wait
for series in "$@"; do
	sum_up "$series"
done
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
