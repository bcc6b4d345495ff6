/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory that the QEMU plugin and its reader share, a file: what to trace, and calls as they
 * are made.
 *
 * Whoever starts QEMU makes the file and fills in the head; the plugin adds calls, the reader takes
 * them. A call is in a slot of its vCPU while it is in flight, and then in the ring of the vCPU on
 * which it came back: each ring has one writer and one reader. Host-endian, of one machine.
 *
 *   head | sites | rules | play | table | replay | of each vCPU: writer, slots, ring
 */
#ifndef HYPERCALL_SHARED_H
#define HYPERCALL_SHARED_H

#include <stdint.h>

#include "hypercall_record.h"

#define SHARED_MAGIC   0x4d454d4c4c414348ull /* "HCALLMEM" */
#define SHARED_VERSION 4
#define SHARED_VCPUS   64u
#define SHARED_SLOTS   64u /* calls in flight of one vCPU; the oldest gives way, unfinished */
#define SHARED_LINE    64u

enum shared_flags {
	SHARED_NO_CLOBBERS = 1, /* registers are not compared */
	SHARED_DROPS = 2,	/* a full ring loses calls; else the guest waits for the reader */
};

/* A site whose ABI is not the head's, in the order of addresses. */
struct shared_site {
	uint64_t address;
	uint32_t abi;
	uint32_t reserved;
};

struct shared_head {
	uint64_t magic;
	uint32_t version;
	uint32_t flags;	       /* enum shared_flags */
	uint32_t vcpus;	       /* for so many there is room, to SHARED_VCPUS */
	uint32_t slot_bytes;   /* of a slot's record with its blocks, to HYPERCALL_RECORD_MOST */
	uint32_t ring_bytes;   /* a power of two, at least 4 * slot_bytes */
	uint32_t abi;	       /* of a site that `sites` does not name, a row of abi.def */
	uint32_t sites;	       /* how many struct shared_site follow */
	uint32_t rules_bytes;  /* of rules (plugin/rules.h) behind them; 0: none */
	uint32_t play_bytes;   /* of struct shared_play (plugin/play.h) behind them; 0: none */
	uint32_t seen_vcpus;   /* by the plugin: those that began */
	uint64_t begun;	       /* by the plugin: 1 when it is at work */
	uint64_t next;	       /* by the plugin: the sequence of the next call */
	uint64_t refused;      /* by the plugin: calls that could not be answered exactly */
	uint64_t table_bytes;  /* of a compiled table (decode/table.h), by which arguments are read;
				  0: they are not */
	uint64_t replay_bytes; /* of a recording (plugin/replay.h) behind that; 0: none */
	uint64_t replay_left;  /* by the plugin: its calls that were not made yet */
	uint64_t reserved[4];
};

enum shared_slot_state { SLOT_FREE, SLOT_ENTERING, SLOT_IN_FLIGHT };

/* A call in flight. `floor` is at most its sequence, and set before the sequence is taken. */
struct shared_slot {
	uint32_t state; /* enum shared_slot_state */
	uint32_t reserved;
	uint64_t floor;
	uint64_t due; /* mask of rules that are for the call; the plugin's own, as the next */
	uint64_t before[HYPERCALL_REGISTERS]; /* registers at the call */
	uint8_t record[];		      /* struct hypercall_record, blocks: slot_bytes */
};

/* Positions count bytes since the beginning. A record that would not fit in front of the ring's end
 * begins at its beginning, and a size of 0 is in its place. */
struct shared_writer {
	uint64_t head; /* the plugin's */
	uint64_t reserved[7];
	uint64_t tail; /* the reader's */
	uint64_t reserved_too[7];
};

static inline uint64_t shared_aligned(uint64_t size)
{
	return (size + SHARED_LINE - 1) & ~(uint64_t)(SHARED_LINE - 1);
}

static inline uint64_t shared_slot_size(const struct shared_head *head)
{
	return shared_aligned(sizeof(struct shared_slot) + head->slot_bytes);
}

static inline uint64_t shared_vcpu_size(const struct shared_head *head)
{
	return sizeof(struct shared_writer) + SHARED_SLOTS * shared_slot_size(head) +
	       head->ring_bytes;
}

static inline uint64_t shared_rules_at(const struct shared_head *head)
{
	return shared_aligned(sizeof(*head) + head->sites * sizeof(struct shared_site));
}

static inline uint64_t shared_play_at(const struct shared_head *head)
{
	return shared_aligned(shared_rules_at(head) + head->rules_bytes);
}

static inline uint64_t shared_table_at(const struct shared_head *head)
{
	return shared_aligned(shared_play_at(head) + head->play_bytes);
}

static inline uint64_t shared_replay_at(const struct shared_head *head)
{
	return shared_aligned(shared_table_at(head) + head->table_bytes);
}

static inline uint64_t shared_vcpus_at(const struct shared_head *head)
{
	return shared_aligned(shared_replay_at(head) + head->replay_bytes);
}

/* Bytes of the whole file. */
static inline uint64_t shared_size(const struct shared_head *head)
{
	return shared_vcpus_at(head) + head->vcpus * shared_vcpu_size(head);
}

static inline struct shared_writer *shared_writer(struct shared_head *head, uint32_t vcpu)
{
	return (struct shared_writer *)((uint8_t *)head + shared_vcpus_at(head) +
					vcpu * shared_vcpu_size(head));
}

static inline struct shared_slot *shared_slot(struct shared_head *head, uint32_t vcpu,
					      uint32_t slot)
{
	return (struct shared_slot *)((uint8_t *)(shared_writer(head, vcpu) + 1) +
				      slot * shared_slot_size(head));
}

static inline uint8_t *shared_ring(struct shared_head *head, uint32_t vcpu)
{
	return (uint8_t *)shared_slot(head, vcpu, SHARED_SLOTS);
}

/* Whether the head can be right, for a file of `size` bytes. */
static inline int shared_is_right(const struct shared_head *head, uint64_t size)
{
	return size >= sizeof(*head) && head->magic == SHARED_MAGIC &&
	       head->version == SHARED_VERSION && head->vcpus >= 1 && head->vcpus <= SHARED_VCPUS &&
	       head->slot_bytes >= HYPERCALL_RECORD_SIZE &&
	       head->slot_bytes <= HYPERCALL_RECORD_MOST && head->slot_bytes % 8 == 0 &&
	       head->ring_bytes >= 4 * head->slot_bytes &&
	       !(head->ring_bytes & (head->ring_bytes - 1)) && head->sites <= 1u << 24 &&
	       head->rules_bytes <= 1u << 24 && head->play_bytes <= 1u << 16 &&
	       head->table_bytes <= 16u << 20 && head->replay_bytes <= 1u << 28 &&
	       shared_size(head) <= size;
}

_Static_assert(sizeof(struct shared_head) == 128, "readers count on it");
_Static_assert(sizeof(struct shared_writer) == 128, "readers count on it");

#endif
