/* SPDX-License-Identifier: BSD-3-Clause */
/* The templates that a report was taught, by the key of what they are for. */
#ifndef REPORT_TEMPLATES_H
#define REPORT_TEMPLATES_H

#include "report.h"

struct report_template {
	uint8_t *key; /* NULL: a free place */
	uint32_t key_size;
	uint32_t size;
	uint8_t *pieces;
};

struct report_templates {
	uint32_t used;
	uint64_t bytes;
	struct report_template place[2 * REPORT_TEMPLATES];
};

const struct report_template *template_find(const struct report_templates *templates,
					    const uint8_t *key, uint32_t key_size);

/* 0, or -1 if there is one already or no memory. When there are too many, all are forgotten. */
int template_add(struct report_templates *templates, const uint8_t *key, uint32_t key_size,
		 const uint8_t *pieces, uint32_t size);

void templates_forget(struct report_templates *templates);

#endif
