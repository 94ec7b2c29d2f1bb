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
readonly apt=$PWD/build/vm/apt-$architecture
readonly keyring=/usr/share/keyrings/debian-archive-keyring.gpg
readonly suites=(bullseye bullseye-security bookworm bookworm-security bookworm-backports trixie
	trixie-security trixie-backports)
readonly lists_stay_min=600
readonly n_tries=3

give_up() {
	echo "$*"
	exit 1
}

# A line of sources.list for each suite and each of the host's archives that may have it.
sources() {
	local uri release suite
	# shellcheck disable=SC2016 # apt expands these
	apt-get indextargets --format '$(REPO_URI) $(RELEASE)' \
		'Created-By: Packages' 'Origin: Debian' 'Component: main' |
		while read -r uri release; do
			for suite in "${suites[@]}"; do
				if [[ ${release##*-} == security && ${suite##*-} == security ||
					${release##*-} != security && ${suite##*-} != security ]]; then
					echo "deb [signed-by=$keyring] $uri $suite main"
				fi
			done
		done | sort -u
}

# Run a tool of apt's with the host's settings, but other sources, and nothing installed.
with_apt() {
	local tool=$1
	shift
	"$tool" -q=2 -o APT::Architecture="$architecture" -o APT::Architectures="$architecture" \
		-o Dir::State="$apt" -o Dir::State::status=/dev/null -o Dir::Cache="$apt" \
		-o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
		-o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false \
		-o Acquire::Languages=none -o APT::Sandbox::User=root -o APT::Update::Post-Invoke-Success= \
		"$@"
}

# A suite that is no longer there is no reason not to use the others.
fetch_lists() {
	[[ -z $(find "$apt/fetched" -mmin -$lists_stay_min 2>/dev/null) ]] || return 0
	mkdir -p "$apt/lists/partial" "$apt/archives/partial"
	sources >"$apt/sources.list"
	[[ -s $apt/sources.list ]] || give_up "this host has no source of Debian packages"
	with_apt apt-get update || true
	touch "$apt/fetched"
}

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
