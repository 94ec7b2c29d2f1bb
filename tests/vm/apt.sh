#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Packages of all of Debian's releases, from where this host's packages come from, by apt with lists
# of its own: build/vm/apt-ARCHITECTURE. To be sourced, in the tree's folder, with `architecture`
# set.

: "${architecture:?}"
readonly apt=$PWD/build/vm/apt-$architecture
readonly keyring=/usr/share/keyrings/debian-archive-keyring.gpg
readonly suites=(bullseye bullseye-security bookworm bookworm-security bookworm-backports trixie
	trixie-security trixie-backports)
readonly lists_stay_min=600

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
