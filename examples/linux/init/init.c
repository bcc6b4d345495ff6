// SPDX-License-Identifier: BSD-3-Clause
/*
 * The only program of a Service VM: uses /dev/acrn_hsm in every way there is, says what it did, and
 * powers off. The kernel's command line may have hsm.rounds=N, how busy the CPUs are kept (default
 * 100), and hsm.remove_cpu=0 to leave all CPUs online.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <unistd.h>
#include "hsm.h"
#include "phases.h"

#define CONSOLE_LEVEL 8 /* syslog(2): what the kernel itself prints, from now on */

static void mount_all(void)
{
	mount("none", "/dev", "devtmpfs", 0, NULL);
	mount("none", "/proc", "proc", 0, NULL);
	mount("none", "/sys", "sysfs", 0, NULL);
}

/* A number that the kernel's command line gives. It also reaches us as an environment variable, but
 * not if there is a dot in its name. */
static unsigned parameter(const char *name, unsigned otherwise)
{
	char line[2048] = "";
	FILE *file = fopen("/proc/cmdline", "r");
	char *found;

	if (file) {
		if (!fgets(line, sizeof(line), file))
			line[0] = 0;
		fclose(file);
	}
	found = strstr(line, name);
	return found ? (unsigned)strtoul(found + strlen(name), NULL, 0) : otherwise;
}

static void use_the_driver(void)
{
	unsigned cpus = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);

	live_a_life();
	keep_cpus_busy(cpus, parameter("hsm.rounds=", 100));
	if (cpus > 1 && parameter("hsm.remove_cpu=", 1))
		hsm_remove_cpu(cpus - 1);
}

int main(void)
{
	struct hsm_vm vm;

	mount_all();
	klogctl(CONSOLE_LEVEL, NULL, 1); /* lines of the kernel's would come amid ours */
	if (hsm_open(&vm)) {
		hsm_close(&vm);
		use_the_driver();
		puts("hsm: done");
	} else {
		printf("hsm: no driver: /dev/acrn_hsm: %s\n", strerror(errno));
	}
	fflush(stdout);
	sync();
	reboot(RB_POWER_OFF);
	return 0;
}
