// SPDX-License-Identifier: BSD-3-Clause
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "hsm.h"
#include "phases.h"

#define PAGE	 4096
#define MAX_CPUS 8

static unsigned char ioreq_page[PAGE] __attribute__((aligned(PAGE)));

static void pin_to(unsigned cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		perror("busy: cannot be pinned");
}

/* Each call has arguments that no other has, so that a lost or doubled one is found. */
static void call_without_end(struct hsm_vm *vm, unsigned cpu, unsigned rounds)
{
	for (unsigned round = 0; round < rounds; round++) {
		hsm_inject_msi(vm, 0xfee00000 | cpu << 12, round);
		hsm_set_irqline(vm, round % 24, round % 4);
		hsm_notify_request_finish(vm, 0);
		hsm_get_cpu_state(vm, ACRN_PMCMD_GET_CX_DATA, (uint8_t)round);
	}
}

/* A process's work. It stays silent until `go` is closed, that its lines are not mixed with
 * others'. */
static void be_busy(unsigned cpu, unsigned rounds, int go)
{
	char name[16], nothing;
	struct hsm_vm vm;

	snprintf(name, sizeof(name), "busy%u", cpu);
	prctl(PR_SET_NAME, name);
	pin_to(cpu);
	hsm_log_begin();
	if (hsm_open(&vm) && !hsm_create_vm(&vm, name, ioreq_page)) {
		hsm_create_ioreq_client(&vm);
		hsm_start_vm(&vm);
		call_without_end(&vm, cpu, rounds);
		hsm_pause_vm(&vm);
		hsm_destroy_vm(&vm);
	}
	while (read(go, &nothing, 1) > 0)
		;
	hsm_log_end();
	_exit(0);
}

void keep_cpus_busy(unsigned cpus, unsigned rounds)
{
	int go[MAX_CPUS][2];
	pid_t child[MAX_CPUS];

	cpus = cpus < MAX_CPUS ? cpus : MAX_CPUS;
	for (unsigned cpu = 0; cpu < cpus; cpu++) {
		if (pipe(go[cpu]))
			return;
		child[cpu] = fork();
		if (child[cpu] == 0) {
			for (unsigned other = 0; other <= cpu; other++)
				close(go[other][1]);
			be_busy(cpu, rounds, go[cpu][0]);
		}
	}
	for (unsigned cpu = 0; cpu < cpus; cpu++) {
		close(go[cpu][1]);
		waitpid(child[cpu], NULL, 0);
	}
}
