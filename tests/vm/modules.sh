#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Build the modules of tests/vm/module for the kernel that tests/vm/fetch.sh has fetched, with debug
# information: build/vm/SERIES/modules.cpio has them for the guest, in
# /pilotlight/build/tests/modules. What that needs of the kernel's headers comes from Debian, and
# does not stay.
#
#     tests/vm/modules.sh SERIES
#
# Those that are there already are not built again. If they cannot be built, as those of a kernel
# that a later Debian has built, the exit status is 1, and the last line says why.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

readonly folder=$PWD/build/vm/$1
architecture=$(dpkg --print-architecture)
# shellcheck source=tests/vm/apt.sh
. tests/vm/apt.sh

# The headers of one kernel, those that it shares with others, and what builds with them.
fetch_headers() {
	local headers=$1 root=$2 needed
	mapfile -t needed < <(with_apt apt-cache depends "$headers" |
		grep -oE 'linux-(headers|kbuild)-[^ ]*')
	(cd "$root" && with_apt apt-get download "${needed[@]}")
	for package in "$root"/*.deb; do
		dpkg-deb -x "$package" "$root"
	done
}

# Two of the same code: other names, other addresses.
write_sources() {
	cp tests/vm/module/pilotlight_reads.c "$1"
	sed 's/made_/other_/g' "$1/pilotlight_reads.c" >"$1/pilotlight_other.c"
	echo 'obj-m := pilotlight_reads.o pilotlight_other.o' >"$1/Makefile"
}

[[ $1 != */arm64 ]] || give_up "they are built with this machine's compiler"
[[ ! -f $folder/modules.cpio ]] || exit 0
fetch_lists
work=$(mktemp -d "$folder/modules.XXXXXX")
trap 'rm -rf "$work"' EXIT
package=$(cat "$folder/package")
headers=${package/image/headers}
modules=$work/guest/pilotlight/build/tests/modules
mkdir -p "$work/root" "$modules"
fetch_headers "$headers" "$work/root" || give_up "no archive of this host has $headers"
# It includes what they share by where that would be if it were installed.
sed -i "s,/usr/src,$work/root&,g" "$work/root/usr/src/$headers/Makefile"
write_sources "$modules"
make -C "$work/root/usr/src/$headers" M="$modules" KCFLAGS=-g CC=gcc modules >"$folder/modules.log" 2>&1 ||
	give_up "this host's tools build nothing for $headers: build/vm/$1/modules.log"
find "$modules" -type f ! -name '*.ko' ! -name pilotlight_reads.c -delete
(cd "$work/guest" && find . | cpio --quiet -o -H newc -R 0:0) >"$folder/modules.cpio"
