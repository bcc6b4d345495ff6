/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What ACRN's structures look like, for a guest that tells what it put into them. Written by hand
 * from ACRN's headers and documentation, and not from the tables that the tool under test reads.
 */
#ifndef TESTS_SHAPES_H
#define TESTS_SHAPES_H

#include <stddef.h>
#include <stdint.h>

enum kind {
	NUMBER,
	SIGNED,
	ONE_OF,	   /* one of `names` */
	SET_OF,	   /* any of `names`, or-ed */
	TEXT,	   /* characters up to the first NUL */
	STRUCTURE, /* of `shape` */
	CHOICE,	   /* a union; `choose` tells which member counts */
	ADDRESS,   /* guest-physical, of what place() put there */
	KEY,	   /* never to be seen in a trace */
};

struct name {
	uint64_t value;
	const char *text; /* NULL ends a list */
};

struct member {
	const char *name; /* NULL: none is meant */
	const struct shape *shape;
};

struct field {
	const char *name;
	enum kind kind;
	uint16_t offset, size; /* in bytes; the size is one element's */
	uint16_t count;	       /* of an array, else 0 */
	uint16_t rows;	       /* of an array of arrays of `count`, else 0 */
	const struct name *names;
	const struct shape *shape;
	struct member (*choose)(const void *structure);
	unsigned (*there)(const void *structure); /* elements, enum presence; NULL: all is there */
};

/* Of a field that is no array. */
enum presence {
	ABSENT,
	PRESENT,
	UNTOLD, /* in the structure, but nobody knows whether it is a key */
};

struct shape {
	uint16_t size;
	uint16_t fields;
	const struct field *field;
};

#define SHAPES(X)                                                                                  \
	X(hc_api_version)                                                                          \
	X(acrn_vm_creation)                                                                        \
	X(acrn_vcpu_regs)                                                                          \
	X(acrn_msi_entry)                                                                          \
	X(acrn_intr_monitor)                                                                       \
	X(acrn_irqline)                                                                            \
	X(acrn_ioreq_buffer)                                                                       \
	X(acrn_io_request_buffer)                                                                  \
	X(acrn_asyncio_info)                                                                       \
	X(vm_gpa2hpa)                                                                              \
	X(set_regions)                                                                             \
	X(vm_memory_region)                                                                        \
	X(wp_data)                                                                                 \
	X(acrn_sbuf_param)                                                                         \
	X(shared_buf)                                                                              \
	X(acrn_pcidev)                                                                             \
	X(acrn_mmiodev)                                                                            \
	X(acrn_vdev)                                                                               \
	X(hc_ptdev_irq)                                                                            \
	X(hv_npk_log_param)                                                                        \
	X(acrn_hw_info)                                                                            \
	X(profiling_msr_ops_list)                                                                  \
	X(profiling_vm_info_list)                                                                  \
	X(profiling_version_info)                                                                  \
	X(profiling_control)                                                                       \
	X(profiling_pmi_config)                                                                    \
	X(profiling_vmsw_config)                                                                   \
	X(profiling_pcpuid)                                                                        \
	X(profiling_status)                                                                        \
	X(trusty_boot_param)                                                                       \
	X(acrn_pm_command)                                                                         \
	X(acrn_pstate_data)                                                                        \
	X(acrn_cstate_data)

#define DECLARE(type) extern const struct shape shape_##type;
SHAPES(DECLARE)
#undef DECLARE
extern const struct shape shape_byte; /* a bare u8: its one field is the value itself */

/* The names of profiling_ops' commands. */
extern const struct name profiling_commands[];

#endif
