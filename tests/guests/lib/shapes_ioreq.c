/* SPDX-License-Identifier: BSD-3-Clause */
/* clang-format off */
#include "shape_macros.h"

static NAMES(directions, NAME(ACRN_IOREQ_READ), NAME(ACRN_IOREQ_WRITE));
static NAMES(types, NAME(ACRN_IOREQ_PORTIO), NAME(ACRN_IOREQ_MMIO), NAME(ACRN_IOREQ_PCICFG),
	NAME(ACRN_IOREQ_WRITE_PROTECT));
static NAMES(states, NAME(ACRN_IOREQ_PENDING), NAME(ACRN_IOREQ_COMPLETE), NAME(ACRN_IOREQ_PROCESSING),
	NAME(ACRN_IOREQ_FREE));

SHAPE(acrn_mmio_request,
	NAMED(acrn_mmio_request, direction, directions),
	PLAIN(acrn_mmio_request, reserved),
	PLAIN(acrn_mmio_request, address),
	PLAIN(acrn_mmio_request, size),
	PLAIN(acrn_mmio_request, value));
SHAPE(acrn_pio_request,
	NAMED(acrn_pio_request, direction, directions),
	PLAIN(acrn_pio_request, reserved),
	PLAIN(acrn_pio_request, address),
	PLAIN(acrn_pio_request, size),
	PLAIN(acrn_pio_request, value));
SHAPE(acrn_pci_request,
	NAMED(acrn_pci_request, direction, directions),
	PLAINS(acrn_pci_request, reserved),
	PLAIN(acrn_pci_request, size),
	PLAIN(acrn_pci_request, value),
	PLAIN(acrn_pci_request, bus),
	PLAIN(acrn_pci_request, dev),
	PLAIN(acrn_pci_request, func),
	PLAIN(acrn_pci_request, reg));

/* A write-protected page is an MMIO request too. */
static struct member request_by_type(const void *structure)
{
	const struct acrn_io_request *request = structure;

	switch (request->type) {
	case ACRN_IOREQ_PORTIO:
		return (struct member){"pio_request", &shape_acrn_pio_request};
	case ACRN_IOREQ_MMIO:
	case ACRN_IOREQ_WRITE_PROTECT:
		return (struct member){"mmio_request", &shape_acrn_mmio_request};
	case ACRN_IOREQ_PCICFG:
		return (struct member){"pci_request", &shape_acrn_pci_request};
	}
	return (struct member){0};
}

SHAPE(acrn_io_request,
	NAMED(acrn_io_request, type, types),
	PLAIN(acrn_io_request, completion_polling),
	PLAINS(acrn_io_request, reserved0),
	{SCALAR(acrn_io_request, reqs, CHOICE), .choose = request_by_type},
	PLAIN(acrn_io_request, reserved1),
	PLAIN(acrn_io_request, kernel_handled),
	NAMED(acrn_io_request, processed, states),
	PLAINS(acrn_io_request, reserved2));
SHAPE(acrn_io_request_buffer,
	ALL_OF(acrn_io_request_buffer, req_slot, acrn_io_request));
SHAPE(acrn_ioreq_buffer,
	POINTS(acrn_ioreq_buffer, gpa));
