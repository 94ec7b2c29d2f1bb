#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Fetch Debian's newest kernel of a series, such as 6.12, or the newest of all, for this host's
# machine or for arm64, into build/vm/KERNEL: `vmlinuz`, and in `package` the name of the package
# that it is from. It comes from where this
# host's packages come from, and apt checks its signature; what apt learns of other releases it
# keeps to itself, in build/vm/apt-*.
#
#     tests/vm/fetch.sh SERIES|newest[/arm64]
#
# A kernel that is there already is not fetched again. If none can be had, the exit status is 1, and
# the last line says why.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

readonly series=${1%/arm64}
readonly folder=build/vm/$1
architecture=$(dpkg --print-architecture)
[[ $1 != */arm64 ]] || architecture=arm64
readonly n_tries=3
# shellcheck source=tests/vm/apt.sh
. tests/vm/apt.sh

# The packages with kernels of the series, newest first. Those for virtual machines are a third of
# the size of the others, and the same in all that matters here.
candidates() {
	local version=${series//./\\.}
	[[ $series != newest ]] || version='[0-9]+\.[0-9]+'
	with_apt apt-cache --names-only search "^linux-image-$version\\.[0-9].*-cloud-$architecture\$" |
		cut -d' ' -f1 | sort -Vr | head -n $n_tries
}

# Put the kernel of a package into our folder. From 6.19 on, that of linux-image-X is in
# linux-binary-X. A package that has just been superseded is in the lists, but not in the archive.
fetch() {
	local package=$1 binary=${1/image/binary} work
	[[ -z $(with_apt apt-cache search --names-only "^${binary//+/\\+}\$") ]] || package=$binary
	work=$(mktemp -d "$folder/fetch.XXXXXX")
	if (cd "$work" && with_apt apt-get download "$package") &&
		dpkg-deb --fsys-tarfile "$work"/*.deb |
		tar -x -C "$work" --wildcards --no-anchored 'vmlinuz*'; then
		find "$work" -type f -name 'vmlinuz*' -exec mv {} "$folder/vmlinuz" \;
	fi
	rm -rf "$work"
	[[ -f $folder/vmlinuz ]] && echo "$1" >"$folder/package"
}

[[ ! -f $folder/package ]] || exit 0
fetch_lists
mapfile -t packages < <(candidates)
((${#packages[@]})) || give_up "no archive of this host has a kernel $series"
mkdir -p "$folder"
for package in "${packages[@]}"; do
	! fetch "$package" || exit 0
done
give_up "no archive of this host gave any of ${packages[*]}"
