/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The flat memory of the recorded machine: zero until written, kept by pages as they are touched.
 * One part of it is watched: where the recording looked for changes.
 */
#ifndef GUEST_MEMORY_H
#define GUEST_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#define WATCHED_START UINT64_C(0x20000000)
#define WATCHED_END   UINT64_C(0x20400000)

struct changed_byte {
	uint64_t address;
	uint8_t value;
};

struct changes {
	struct changed_byte *byte; /* by ascending address */
	size_t count;
};

struct guest_memory;

struct guest_memory *guest_memory_new(void);
void guest_memory_free(struct guest_memory *memory);

/* Callbacks for struct acrn_memory; they fail only when there is no memory left for one more page.
 */
int guest_memory_read(void *memory, uint64_t gpa, void *to, size_t size);
int guest_memory_write(void *memory, uint64_t gpa, const void *from, size_t size);

/* Forgets what has changed until now. */
void guest_memory_mark(struct guest_memory *memory);

/* The watched bytes that are not what they were at the mark; to be freed by the caller. */
struct changes guest_memory_changes(const struct guest_memory *memory);

#endif
