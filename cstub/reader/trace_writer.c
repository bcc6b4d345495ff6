/* SPDX-License-Identifier: BSD-3-Clause */
/* Appends blocks to a trace file; records wait until their block is full, or is flushed. */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "checksum.h"
#include "trace_writer.h"

static void write_all(struct trace_writer *writer, const void *data, size_t size)
{
	const char *at = data;

	while (size && !writer->failed) {
		ssize_t written = write(writer->file, at, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0) {
			writer->failed = written ? errno : ENOSPC;
			return;
		}
		at += written;
		size -= (size_t)written;
	}
}

static void write_block(struct trace_writer *writer, uint32_t kind, const void *payload,
			size_t size)
{
	struct acrn_trace_block block = {
		.magic = ACRN_TRACE_BLOCK_MAGIC, .kind = kind, .size = (uint32_t)size};

	block.checksum = checksum(0, &block.kind, sizeof(block.kind) + sizeof(block.size));
	block.checksum = checksum(block.checksum, payload, size);
	write_all(writer, &block, sizeof(block));
	write_all(writer, payload, size);
}

void trace_header(struct trace_writer *writer)
{
	static const char layout[] = ACRN_TRACE_LAYOUT;
	struct acrn_trace_header header = {.version = ACRN_TRACE_VERSION, .size = sizeof(header)};
	unsigned char payload[sizeof(header) + sizeof(layout) - 1];
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	header.started = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	memcpy(payload, &header, sizeof(header));
	memcpy(payload + sizeof(header), layout, sizeof(layout) - 1);
	write_block(writer, ACRN_TRACE_HEADER, payload, sizeof(payload));
}

void trace_rings(struct trace_writer *writer, const struct acrn_trace_rings *rings)
{
	trace_flush(writer);
	write_block(writer, ACRN_TRACE_RINGS, rings, sizeof(*rings));
}

/* How many records there is room for in the block. */
static size_t room_for(struct trace_writer *writer, uint32_t kind,
		       const struct acrn_trace_records *block, size_t size)
{
	if (writer->used &&
	    (writer->used + size > sizeof(writer->payload) || writer->kind != kind ||
	     memcmp(writer->payload, block, sizeof(*block))))
		trace_flush(writer);
	writer->kind = kind;
	if (!writer->used) {
		memcpy(writer->payload, block, sizeof(*block));
		writer->used = sizeof(*block);
	}
	return (sizeof(writer->payload) - writer->used) / size;
}

void trace_records(struct trace_writer *writer, const struct acrn_trace_records *block,
		   const unsigned char *records, size_t size, size_t count)
{
	while (count) {
		size_t room = room_for(writer, ACRN_TRACE_RECORDS, block, size);
		size_t some = count < room ? count : room;

		memcpy(writer->payload + writer->used, records, some * size);
		writer->used += some * size;
		writer->records += some;
		records += some * size;
		count -= some;
	}
}

void trace_writers(struct trace_writer *writer, const struct acrn_trace_writers *writers)
{
	trace_flush(writer);
	write_block(writer, ACRN_TRACE_WRITERS, writers, sizeof(*writers));
}

void trace_call(struct trace_writer *writer, const struct acrn_trace_records *block,
		const unsigned char *record, size_t size)
{
	room_for(writer, ACRN_TRACE_CALLS, block, size);
	memcpy(writer->payload + writer->used, record, size);
	writer->used += size;
	writer->records++;
}

void trace_in_flight(struct trace_writer *writer, const struct acrn_trace_records *block,
		     const unsigned char *record, size_t size)
{
	room_for(writer, ACRN_TRACE_IN_FLIGHT, block, size);
	memcpy(writer->payload + writer->used, record, size);
	writer->used += size;
}

void trace_loss(struct trace_writer *writer, const struct acrn_trace_loss *loss)
{
	write_block(writer, ACRN_TRACE_LOSS, loss, sizeof(*loss));
	if (loss->why == ACRN_TRACE_UNREAD) /* perhaps none was made */
		return;
	if (__builtin_add_overflow(writer->lost, loss->count, &writer->lost))
		writer->lost = UINT64_MAX; /* a guest can claim any number in each ring */
}

void trace_flush(struct trace_writer *writer)
{
	if (writer->used)
		write_block(writer, writer->kind, writer->payload, writer->used);
	writer->used = 0;
}

void trace_end(struct trace_writer *writer)
{
	struct acrn_trace_end end = {.records = writer->records, .lost = writer->lost};

	trace_flush(writer);
	write_block(writer, ACRN_TRACE_END, &end, sizeof(end));
}
