#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Make the guest's file system, an initramfs: busybox, the built program, the fixtures, the system
# tests, and the Python and the few tools which these call, all copied from this host, or from an
# arm64 root, by which the program was built (./dev cross). The tree is at /pilotlight in there, laid
# out as it is here.
#
#     tests/vm/root.sh ARCHIVE BUILD [ARM64_ROOT]
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

readonly archive=$PWD/$1 build=$2 source=${3:-}
readonly tools=(chrt objcopy readelf setpriv strip taskset unshare)
# What is large in Python's library, and does nothing for a test.
readonly left_out=(__phello__ config-* dist-packages ensurepip idlelib lib2to3 pydoc_data test
	tkinter turtledemo)

root=$(mktemp -d "$archive.XXXXXX")
trap 'rm -rf "$root"' EXIT
chmod 755 "$root" # it becomes everybody's

# Copy files of the source to where they are there.
take() {
	local path
	for path in "$@"; do
		mkdir -p "$root${path%/*}"
		cp --dereference "$source$path" "$root$path"
	done
}

# Copy the libraries that programs load, and that which loads them.
take_libraries_of() {
	local program list=(ldd) libraries
	[[ -z $source ]] ||
		list=(qemu-aarch64 -L "$source" "$source/lib/ld-linux-aarch64.so.1" --list)
	for program in "$@"; do
		mapfile -t libraries < <("${list[@]}" "$program" | grep -oE '(^\s|=> )/[^ ()]+' |
			sed "s,^[^/]*/,/,; s,^$source/,/,")
		take "${libraries[@]}"
	done
}

take_tools() {
	local tool path
	for tool in "${tools[@]}"; do
		path=$(cd "$source/" && find usr/bin usr/sbin -name "$tool")
		take "/$path"
		take_libraries_of "$source/$path"
	done
}

take_python() {
	local library exclude=("${left_out[@]/#/--exclude=}")
	library=$(cd "$source/" && realpath usr/bin/python3)
	library=usr/lib/${library##*/}
	tar -c "${exclude[@]}" -C "$source/" "$library" | tar -x -C "$root"
	take /usr/bin/python3
	take_libraries_of "$source/usr/bin/python3" "$source/$library"/lib-dynload/_ctypes.*.so
}

take_tree() {
	local tree=$root/pilotlight fixtures
	mkdir -p "$tree/build/tests/fixtures" "$tree/tests"
	mapfile -t fixtures < <(find "$build/tests/fixtures" -maxdepth 1 -type f)
	take_libraries_of "$build/pilotlight" "$build/tests/fixtures/names"
	cp "$build/pilotlight" "$tree/build/"
	cp "${fixtures[@]}" "$tree/build/tests/fixtures/"
	cp -r tests/system tests/fixtures tests/vm "$tree/tests/"
}

mkdir -p "$root"/{dev,etc,proc,run,sys,tmp,usr/{bin,lib,lib64,sbin}}
for folder in bin lib lib64 sbin; do
	ln -s "usr/$folder" "$root/$folder"
done
take /usr/bin/busybox
take_tools
take_python
take_tree
ln -s pilotlight/tests/vm/init.sh "$root/init"
(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) >"$archive"
