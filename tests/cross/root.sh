#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Unpack an arm64 Debian into build/arm64/root: the libraries that the program is built with, and
# what a guest needs to run its tests. Nothing of it is installed here, so nothing of this host is
# touched. The packages come from where this host's come from, and apt checks their signatures;
# what apt learns of arm64 it keeps to itself, in build/arm64/apt.
#
#     tests/cross/root.sh PACKAGE…
#
# Also writes build/arm64/root.ini, which tells Meson where that is. A root that is there already
# with the same packages is left as it is.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

readonly folder=$PWD/build/arm64
readonly root=$folder/root
readonly apt=$folder/apt
readonly keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# A line of sources.list for each of this host's sources of Debian.
sources() {
	# shellcheck disable=SC2016 # apt expands these
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Created-By: Packages' 'Origin: Debian' | sort -u | sed "s,^,deb [signed-by=$keyring] ,"
}

# Run apt-get with the host's settings, but as if this were an arm64 host with nothing installed.
arm64_apt() {
	apt-get -q=2 -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::State="$apt" \
		-o Dir::State::status=/dev/null -o Dir::Cache="$apt" -o Debug::NoLocking=true \
		-o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false \
		-o Acquire::Languages=none -o APT::Sandbox::User=root -o APT::Update::Post-Invoke-Success= \
		"$@"
}

fetch() {
	rm -rf "$apt"
	mkdir -p "$apt/lists/partial" "$apt/archives/partial"
	sources >"$apt/sources.list"
	arm64_apt update
	arm64_apt --yes --no-install-recommends --download-only install "$@"
}

# Links are made relative, lest they lead out of the root. There is no /bin in the end, as Meson would
# run what it finds there.
unpack() {
	local name package link target
	rm -rf "$root"
	for name in bin lib sbin; do
		mkdir -p "$root/usr/$name"
		ln -s "usr/$name" "$root/$name"
	done
	for package in "$apt"/archives/*.deb; do
		dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$root"
	done
	find "$root" -type l -lname '/*' -printf '%p %l\n' | while read -r link target; do
		ln -snfr "$root$target" "$link"
	done
	rm "$root/bin"
}

[[ "$*" != "$(cat "$folder/packages" 2>/dev/null)" ]] || exit 0
mkdir -p "$folder"
rm -f "$folder/packages"
fetch "$@"
unpack
rm -rf "$apt"
printf '[constants]\nroot = '\''%s'\''\n' "$root" >"$folder/root.ini"
echo "$*" >"$folder/packages"
