#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=dash
#
# The guest's first and only script: make it a place where the system tests can run, run those that
# tests/vm/tests names, and switch the machine off. What it says goes to the serial line that is not
# the kernel's.

/bin/busybox mount -t devtmpfs dev /dev
line=/dev/ttyS1
[ ! -c /dev/ttyAMA0 ] || line=/dev/ttyS0 # on arm64 the first is another kind
exec >"$line" 2>&1 </dev/null
/bin/busybox --install -s /bin 2>/dev/null # what is there already stays
export PATH=/usr/sbin:/usr/bin HOME=/root PYTHONDONTWRITEBYTECODE=yes
stty -F "$line" raw

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /run
mount -t cgroup2 cgroup /sys/fs/cgroup
mount -t tracefs tracefs /sys/kernel/tracing
ip link set lo up
# An emulated CPU is slow: the kernel would take it for the profiler's fault, and lower its rate.
echo 0 >/proc/sys/kernel/perf_cpu_time_max_percent

echo "vm: Linux $(uname -r), up $(cut -d' ' -f1 /proc/uptime) s"
# Run a file's tests: run FILE [NAME]…. One that ends badly and blames no test is a failure itself.
run() {
	file=$1
	shift
	echo "vm: $file"
	{
		python3 "system/test_$file.py" "$@" </dev/null
		echo $? >/tmp/status
	} | tee /tmp/report
	case $(cat /tmp/status) in
	0 | 77) ;;
	*) grep -q '^FAILED: ' /tmp/report || echo "FAILED: $file: exit status $(cat /tmp/status)" ;;
	esac
}

cd /pilotlight/tests || poweroff -f
../build/pilotlight doctor
while read -r file names; do
	case $file in '#'* | '') continue ;; esac
	# shellcheck disable=SC2086 # names of tests are words
	run "$file" $names
done <vm/tests
# Debian's kernels are at 3, where perf events ask for more; all others, and many of these, at 2.
echo 2 >/proc/sys/kernel/perf_event_paranoid
run privileges the_sampler_keeps_only_what_it_needs the_named_capabilities_suffice_without_root \
	a_capability_that_is_missing_is_named
echo "vm: the end, up $(cut -d' ' -f1 /proc/uptime) s"
poweroff -f
