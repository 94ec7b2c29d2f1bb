/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/cgroup_path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "profiler/base/array.h"

#define ID          "4f797c539e6c745de61a93ca3ff892358ecbcaccd8414d5db545c38428142970"
#define ID2         "34dc0b5e626f2c5c4c5170e34b10e7654ce36f0fcd532739f4445baabea03376"
#define UID         "7d4424e6-bb13-42f4-a47a-45a4828bf54d"
#define UNDERSCORES "7d4424e6_bb13_42f4_a47a_45a4828bf54d"

struct example {
	const char *path;
	const char *expected; /* what is known, in the order of the struct: "unit=…,…" */
};

static void check(const struct example *examples, size_t n_examples)
{
	for (size_t i = 0; i < n_examples; i++) {
		struct cgroup_path path;
		char text[2048];

		cgroup_path_parse(examples[i].path, &path);
		snprintf(text, sizeof(text), "%s%s %s%s %s%s %s%s %s%s %s%s",
			 *path.unit ? "unit=" : "", path.unit, *path.slice ? "slice=" : "",
			 path.slice, *path.container_id ? "id=" : "", path.container_id,
			 *path.container ? "name=" : "", path.container,
			 *path.pod_uid ? "pod=" : "", path.pod_uid, *path.runtime ? "by=" : "",
			 path.runtime);
		assert_string_equal(text, examples[i].expected);
	}
}

static void knows_units_and_slices_of_systemd(void **state)
{
	static const struct example examples[] = {
		{ "/", "     " },
		{ "/init.scope", "unit=init.scope     " },
		{ "/system.slice/ssh.service", "unit=ssh.service slice=system.slice    " },
		{ "/system.slice/docker.service/buildkit", /* it made folders of its own */
		  "unit=docker.service slice=system.slice    " },
		{ "/system.slice/system-getty.slice/getty@tty1.service",
		  "unit=getty@tty1.service slice=system-getty.slice    " },
		{ "/system.slice/system-systemd\\x2dfsck.slice/"
		  "systemd-fsck@dev-disk-by\\x2duuid-AB.service",
		  "unit=systemd-fsck@dev-disk-by\\x2duuid-AB.service "
		  "slice=system-systemd\\x2dfsck.slice    " },
		{ "/system.slice/_cpu.load.service", /* the cpu controller has files of that kind */
		  "unit=cpu.load.service slice=system.slice    " },
		{ "/user.slice/user-1000.slice/session-3.scope",
		  "unit=session-3.scope slice=user-1000.slice    " },
		{ "/user.slice/user-1000.slice/user@1000.service/init.scope",
		  "unit=init.scope slice=user-1000.slice    " },
		{ "/user.slice/user-1000.slice/user@1000.service/app.slice/"
		  "app-gnome-firefox-1234.scope",
		  "unit=app-gnome-firefox-1234.scope slice=app.slice    " },
		{ "/../../system.slice/api.service", /* seen from another cgroup namespace */
		  "unit=api.service slice=system.slice    " },
		{ "/system.slice/.service", " slice=system.slice    " },
	};

	(void)state;
	check(examples, ARRAY_SIZE(examples));
}

static void knows_containers_of_systemds_driver(void **state)
{
	static const struct example examples[] = {
		{ "/system.slice/docker-" ID ".scope",
		  " slice=system.slice id=" ID "   by=docker" },
		{ "/system.slice/nerdctl-" ID ".scope",
		  " slice=system.slice id=" ID "   by=containerd" },
		{ "/machine.slice/libpod-" ID ".scope/container",
		  " slice=machine.slice id=" ID "   by=podman" },
		{ "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope",
		  " slice=user.slice id=" ID "   by=podman" },
		{ "/machine.slice/libpod-conmon-" ID ".scope", /* beside the container */
		  "unit=libpod-conmon-" ID ".scope slice=machine.slice    " },
		{ "/machine.slice/machine-debian.scope/payload",
		  " slice=machine.slice  name=debian  by=machine" },
		{ "/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/emulator",
		  " slice=machine.slice  name=qemu\\x2d1\\x2dvm  by=machine" },
		{ "/system.slice/docker-" ID ".scope/system.slice/nginx.service",
		  "unit=nginx.service slice=system.slice id=" ID "   by=docker" },
	};

	(void)state;
	check(examples, ARRAY_SIZE(examples));
}

static void knows_containers_of_cgroupfs(void **state)
{
	static const struct example examples[] = {
		{ "/docker/" ID, "  id=" ID "   by=docker" },
		{ "/docker/" ID "/docker/" ID2, "  id=" ID2 "   by=docker" },
		{ "/" ID, "  id=" ID "   " },
		{ "/default/" ID, "  id=" ID "   " },
		{ "/k8s.io/" ID, "  id=" ID "   by=containerd" },
		{ "/libpod_parent/libpod-" ID, "  id=" ID "   by=podman" },
		{ "/lxc/web", "   name=web  by=lxc" },
		{ "/lxc.payload.web", "   name=web  by=lxc" },
		{ "/lxc.payload/web/init.scope", "unit=init.scope   name=web  by=lxc" },
		{ "/lxc.payload.web/system.slice/ssh.service",
		  "unit=ssh.service slice=system.slice  name=web  by=lxc" },
		{ "/lxc.payload.web/docker/" ID, "  id=" ID "   by=docker" },
		{ "/lxc.monitor.web", "     " },
	};

	(void)state;
	check(examples, ARRAY_SIZE(examples));
}

static void knows_pods(void **state)
{
	static const struct example examples[] = {
		{ "/kubepods/besteffort/pod" UID "/" ID, "  id=" ID "  pod=" UID " " },
		{ "/kubepods/pod" UID "/" ID, "  id=" ID "  pod=" UID " " },
		{ "/kubepods/burstable/pod" UID "/crio-" ID, "  id=" ID "  pod=" UID " by=cri-o" },
		{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UNDERSCORES
		  ".slice/docker-" ID ".scope",
		  " slice=kubepods-burstable-pod" UNDERSCORES ".slice id=" ID "  pod=" UID
		  " by=docker" },
		{ "/kubepods.slice/kubepods-pod" UNDERSCORES ".slice/crio-" ID ".scope",
		  " slice=kubepods-pod" UNDERSCORES ".slice id=" ID "  pod=" UID " by=cri-o" },
		{ "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/"
		  "kubelet-kubepods-besteffort-pod" UNDERSCORES ".slice/cri-containerd-" ID
		  ".scope",
		  " slice=kubelet-kubepods-besteffort-pod" UNDERSCORES ".slice id=" ID "  pod=" UID
		  " by=containerd" },
		{ "/kubepods.slice/kubepods-burstable.slice/"
		  "kubepods-burstable-pod187bff14cccb94f179e943eacce55bb3.slice/cri-containerd-" ID
		  ".scope", /* a static pod's */
		  " slice=kubepods-burstable-pod187bff14cccb94f179e943eacce55bb3.slice id=" ID
		  "  pod=187bff14cccb94f179e943eacce55bb3 by=containerd" },
		{ "/system.slice/containerd.service/kubepods-burstable-pod" UNDERSCORES
		  ".slice:cri-containerd:" ID,
		  " slice=kubepods-burstable-pod" UNDERSCORES ".slice id=" ID "  pod=" UID
		  " by=containerd" },
		{ "/docker/" ID2 "/kubepods/besteffort/pod" UID "/" ID, /* kind */
		  "  id=" ID "  pod=" UID " " },
		{ "/kubepods/besteffort/podcast/" ID, "  id=" ID "   " },
	};

	(void)state;
	check(examples, ARRAY_SIZE(examples));
}

static void calls_a_service_as_people_do(void **state)
{
	static const struct {
		const char *unit, *service;
	} examples[] = {
		{ "api.service", "api" },
		{ "postgresql@15-main.service", "postgresql@15-main" },
		{ "my\\x2dapi.service", "my-api" },
		{ "a\\x0ab\\xzz\\x2.service", "a\\x0ab\\xzz\\x2" },
		{ "session-3.scope", "" },
		{ "", "" },
	};
	char service[CGROUP_NAME_BYTES];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		cgroup_unit_service(examples[i].unit, service);
		assert_string_equal(service, examples[i].service);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_units_and_slices_of_systemd),
		cmocka_unit_test(knows_containers_of_systemds_driver),
		cmocka_unit_test(knows_containers_of_cgroupfs),
		cmocka_unit_test(knows_pods),
		cmocka_unit_test(calls_a_service_as_people_do),
	};

	return cmocka_run_group_tests_name("cgroup_path", tests, NULL, NULL);
}
