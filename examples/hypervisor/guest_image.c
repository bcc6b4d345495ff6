/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdbool.h>
#include <stddef.h>

#include "guest_image.h"
#include "machine.h"
#include "memory.h"

#define ELF_IDENT	  "\177ELF\2\1" /* 64 bits, little endian */
#define ELF_IDENT_SIZE	  6
#define SEGMENT_LOAD	  1
#define SEGMENT_NOTE	  4
#define NOTE_PHYS32_ENTRY 18
#define ALIGN4(size)	  (((size) + 3ull) & ~3ull)

struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, segments, sections;
	uint32_t flags;
	uint16_t header_size, segment_size, segment_count;
};

struct elf_segment {
	uint32_t type, flags;
	uint64_t offset, virtual, physical, file_size, memory_size, align;
};

struct elf_note {
	uint32_t name_size, size, type;
};

static bool inside(uint64_t offset, uint64_t size, uint64_t whole)
{
	return offset <= whole && size <= whole - offset;
}

static bool load(const struct elf_segment *segment, const uint8_t *file)
{
	return segment->file_size <= segment->memory_size &&
	       guest_clear_physical(segment->physical, segment->memory_size) &&
	       !guest_write_physical(NULL, segment->physical, file + segment->offset,
				     segment->file_size);
}

static uint32_t entry_of_notes(const uint8_t *notes, uint64_t size)
{
	uint64_t at = 0;

	while (inside(at, sizeof(struct elf_note), size)) {
		const struct elf_note *note = (const void *)(notes + at);
		uint64_t name = at + sizeof(*note);
		uint64_t value = name + ALIGN4(note->name_size);

		if (!inside(value, note->size, size))
			return 0;
		if (note->type == NOTE_PHYS32_ENTRY && note->name_size == 4 && note->size >= 4 &&
		    !memcmp(notes + name, "Xen", 4))
			return *(const uint32_t *)(notes + value);
		at = value + ALIGN4(note->size);
	}
	return 0;
}

uint32_t guest_image_load(const uint8_t *file, uint64_t size)
{
	const struct elf_header *header = (const void *)file;
	uint32_t entry = 0;

	if (size < sizeof(*header) || memcmp(header->ident, ELF_IDENT, ELF_IDENT_SIZE) ||
	    header->segment_size != sizeof(struct elf_segment) ||
	    !inside(header->segments, header->segment_count * sizeof(struct elf_segment), size))
		return 0;
	const struct elf_segment *segment = (const void *)(file + header->segments);

	for (unsigned i = 0; i < header->segment_count; i++, segment++) {
		if (!inside(segment->offset, segment->file_size, size) ||
		    (segment->type == SEGMENT_LOAD && !load(segment, file)))
			return 0;
		if (segment->type == SEGMENT_NOTE && !entry)
			entry = entry_of_notes(file + segment->offset, segment->file_size);
	}
	return entry;
}
