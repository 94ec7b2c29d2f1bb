#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Make the guest's file system, an initramfs: busybox, the built program, the fixtures, the system
# tests, and the Python and the few tools which these call, all copied from this host. The tree is
# at /pilotlight in there, laid out as it is here.
#
#     tests/vm/root.sh ARCHIVE
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

readonly archive=$PWD/$1
readonly python=/usr/bin/python3
readonly tools=(chrt readelf setpriv strip taskset unshare)
# What is large in Python's library, and does nothing for a test.
readonly left_out=(__phello__ config-* dist-packages ensurepip idlelib lib2to3 pydoc_data test
	tkinter turtledemo)

root=$(mktemp -d "$archive.XXXXXX")
trap 'rm -rf "$root"' EXIT
chmod 755 "$root" # it becomes everybody's

# Copy files to where they are here; and for programs, the libraries that they load.
take() {
	cp --dereference --parents "$@" "$root"
}

take_with_libraries() {
	local libraries
	mapfile -t libraries < <(ldd "$@" 2>/dev/null | grep -oE '/[^ ()]+ \(' | sed 's/ ($//' | sort -u)
	take "$@" "${libraries[@]}"
}

take_python() {
	local library exclude=()
	library=$("$python" -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
	exclude=("${left_out[@]/#/--exclude=}")
	tar -c "${exclude[@]}" -C / "${library#/}" | tar -x -C "$root"
	take_with_libraries "$python" "$library"/lib-dynload/_ctypes.*.so
}

# The program's own libraries are found next to it, as in the tree.
take_tree() {
	local tree=$root/pilotlight fixtures
	mkdir -p "$tree/build/tests/fixtures" "$tree/tests"
	take_with_libraries build/pilotlight
	mapfile -t fixtures < <(find build/tests/fixtures -maxdepth 1 -type f)
	take_with_libraries build/tests/fixtures/names
	rm -rf "${root:?}/build"
	cp build/pilotlight "$tree/build/"
	cp "${fixtures[@]}" "$tree/build/tests/fixtures/"
	cp -r tests/system tests/fixtures tests/vm "$tree/tests/"
}

mkdir -p "$root"/{dev,etc,proc,run,sys,tmp,usr/{bin,lib,lib64,sbin}}
for folder in bin lib lib64 sbin; do
	ln -s "usr/$folder" "$root/$folder"
done
mapfile -t paths < <(command -v "${tools[@]}")
take /bin/busybox
take_with_libraries "${paths[@]}"
take_python
take_tree
ln -s pilotlight/tests/vm/init.sh "$root/init"
(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) >"$archive"
