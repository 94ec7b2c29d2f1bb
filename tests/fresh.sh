#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Run README's two commands, `./dev run` and `./dev test`, in an empty Debian root, where nothing
# is but what Debian always has: what they need beyond that, they have to install themselves.
#
#     ./dev fresh [--quick] [--suite=NAME]
#
# --quick goes only as far as the build and the unit tests. Ends with 'N passed, N failed, N
# skipped': those of the tests in there, and one for each step that was to work.
set -euo pipefail

readonly start_deadline_s=1800 # with all packages to be fetched and a build before it
readonly port=7272
readonly archives=${XDG_CACHE_HOME:-$HOME/.cache}/pilotlight/apt

quick=
suite=bookworm
for option in "$@"; do
	case $option in
	--quick) quick=yes ;;
	--suite=*) suite=${option#--suite=} ;;
	*)
		echo "fresh: no option is called '$option'" >&2
		exit 1
		;;
	esac
done

# Mounts are made in a mount namespace of our own, and so go when the last process in it does.
if [[ -z ${PILOTLIGHT_FRESH_FOLDER:-} ]]; then
	((EUID == 0)) || { echo "fresh: must be root, to make a Debian root" >&2; exit 1; }
	PILOTLIGHT_FRESH_FOLDER=$(mktemp -d "${TMPDIR:-/tmp}/pilotlight-fresh.XXXXXX")
	export PILOTLIGHT_FRESH_FOLDER
	trap 'rm -rf --one-file-system "$PILOTLIGHT_FRESH_FOLDER"' EXIT
	unshare --mount --propagation slave "$0" "$@"
	exit
fi
readonly root=$PILOTLIGHT_FRESH_FOLDER/root
readonly tree=$root/root/pilotlight

say() {
	printf 'fresh: %s (%d s)\n' "$*" "$SECONDS" >&2
}

# Print the lines of a sources.list by which this host gets Debian, for our suite.
sources() {
	local uri release component name
	# shellcheck disable=SC2016 # apt expands these
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Created-By: Packages' 'Origin: Debian' |
		while read -r uri release component; do
			case $release in
			*-security) name=$suite-security ;;
			*-updates) name=$suite-updates ;;
			*-*) continue ;;
			*) name=$suite ;;
			esac
			echo "deb $uri $name $component"
		done | sort -u
}

# How this host wants to be spoken to by apt: through which proxy, and whether dates count.
apt_configuration() {
	apt-config dump | grep -E '^Acquire::(https?::|Check-(Valid-Until|Date) )' || true
}

make_root() {
	local lists
	lists=$(sources)
	[[ -n $lists ]] || { say "this host has no source of Debian packages"; return 1; }
	mkdir -p "$archives/$suite" "$root"
	apt_configuration >"$PILOTLIGHT_FRESH_FOLDER/apt.conf"
	# shellcheck disable=SC2016 # mmdebstrap's shell expands $1
	mmdebstrap --quiet --variant=minbase --skip=essential/unlink,download/empty \
		--aptopt="$PILOTLIGHT_FRESH_FOLDER/apt.conf" \
		--setup-hook='mkdir -p "$1/var/cache/apt/archives"' \
		--setup-hook="sync-in '$archives/$suite' /var/cache/apt/archives" \
		--customize-hook="sync-out /var/cache/apt/archives '$archives/$suite'" \
		"$suite" "$root" - <<<"$lists"
}

# The kernel's file systems, the package cache, and the host's way to the network; and the root is
# a mount, as it is on any machine, or nothing in there could make a mount namespace.
furnish_root() {
	mount --bind "$root" "$root"
	mount -t proc proc "$root/proc"
	mount --rbind /sys "$root/sys"
	mount --rbind /dev "$root/dev"
	mount -t tmpfs tmpfs "$root/run"
	mount --bind "$archives/$suite" "$root/var/cache/apt/archives"
	cp --dereference /etc/resolv.conf /etc/hosts "$root/etc/"
	mkdir -p "$root/usr/local/share"
	cp -r /usr/local/share/ca-certificates "$root/usr/local/share/" 2>/dev/null || true
	git clone --quiet --no-hardlinks . "$tree"
}

# A command that runs a line of shell in there, in the place of the shell that starts it.
readonly inside=(env --ignore-environment HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb
	${http_proxy:+"http_proxy=$http_proxy"} ${https_proxy:+"https_proxy=$https_proxy"}
	chroot "$root" /bin/bash -c)

# Does the page answer?
page_answers() {
	local status
	exec 3<>"/dev/tcp/127.0.0.1/$port" || return 1
	printf 'GET / HTTP/1.0\r\nHost: localhost:%d\r\n\r\n' "$port" >&3
	read -r status <&3
	exec 3>&-
	[[ $status == "HTTP/"*" 200 "* ]]
} 2>/dev/null

daemon=
trap '[[ -z $daemon ]] || kill "$daemon" 2>/dev/null' EXIT

run_answers() {
	if page_answers; then
		say "port $port is taken on this host"
		return 1
	fi
	"${inside[@]}" "cd ~/pilotlight && exec ./dev run" &
	daemon=$!
	until page_answers; do
		sleep 1
		if ! kill -0 "$daemon" 2>/dev/null; then
			daemon=
			say "./dev run ended"
			return 1
		fi
		if ((SECONDS > start_deadline_s)); then
			say "./dev run gave no page"
			return 1
		fi
	done
	say "the page answers"
	kill "$daemon"
	local status=0
	wait "$daemon" || status=$?
	daemon=
	return "$status"
}

passed=0
failed=0
skipped=0
step() {
	say "$*"
	if "$@"; then
		((++passed))
	else
		((++failed))
		say "$* failed"
	fi
}

# Run `./dev test`, and count what it counted.
test_inside() {
	local line log=$PILOTLIGHT_FRESH_FOLDER/test.log status=0
	say "./dev test $*"
	"${inside[@]}" "cd ~/pilotlight && exec ./dev test $*" </dev/null 2>&1 | tee "$log" || status=$?
	line=$(tail -n 1 "$log")
	if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
		((passed += BASH_REMATCH[1], failed += BASH_REMATCH[2], skipped += BASH_REMATCH[3])) || true
	elif ((status == 0)); then
		status=1
	fi
	return "$status"
}

step make_root
((failed)) || step furnish_root
if ((failed)); then
	:
elif [[ -n $quick ]]; then
	step test_inside --unit
else
	step run_answers
	step test_inside
fi
say "done"
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
