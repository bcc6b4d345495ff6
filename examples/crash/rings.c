/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ends in which the recorder itself was hit, or was off. Without a recorder the guest just ends.
 */
#include "crash.h"
#include "machine.h"

#define NO_SUCH_VM  9
#define NOT_MAPPED  ((struct acrn_vm_creation *)0x5a5a5a5a000)
#define MANY_CALLS  200 /* more than a ring has records */
#define STRAY_BYTES 96

#ifdef ACRN_RING
#include "acrn_ring_writer.h"

static void switch_recorder_off(void)
{
	acrn_ring_disable();
}

static void overwrite_header(void)
{
	memset(&acrn_ring_header, 'Z', STRAY_BYTES);
}

static void overwrite_records(void)
{
	memset(acrn_ring_records, 'Z', sizeof(acrn_ring_records));
}
#else
static void switch_recorder_off(void)
{
}

static void overwrite_header(void)
{
}

static void overwrite_records(void)
{
}
#endif

void ring_is_off(void)
{
	make_some_calls();
	switch_recorder_off();
	acrn_call(start_vm, NO_SUCH_VM);
	panic("the VM does not start");
}

void ring_header_is_overwritten(void)
{
	make_some_calls();
	overwrite_header();
	panic("out of ideas");
}

void ring_records_are_overwritten(void)
{
	make_some_calls();
	overwrite_records();
	panic("out of ideas");
}

/* The recorder faults on the pointer, when the record is half written. */
void ring_is_torn(void)
{
	make_some_calls();
	acrn_call(create_vm, NOT_MAPPED);
	panic("the VM does not start");
}

void ring_is_lapped(void)
{
	acrn_call(start_vm, NO_SUCH_VM);
	for (unsigned n = 0; n < MANY_CALLS / 3; n++)
		make_some_calls();
	panic("out of ideas");
}
