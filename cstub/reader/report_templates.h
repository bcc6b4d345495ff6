/* SPDX-License-Identifier: BSD-3-Clause */
/* The templates that a report was taught, by what the records have in common. */
#ifndef REPORT_TEMPLATES_H
#define REPORT_TEMPLATES_H

#include "report.h"

struct report_template {
	uint8_t *key; /* NULL: a free place */
	uint32_t key_size;
	uint32_t size;
	uint8_t *pieces;
};

/* What of the arguments is compared, for calls of one number. */
struct report_mask {
	int used;
	uint64_t number;
	uint64_t argument[2];
};

struct report_templates {
	uint32_t used;
	uint32_t masks;
	uint64_t bytes;
	struct report_mask mask[REPORT_MASKS];
	struct report_template place[2 * REPORT_TEMPLATES];
};

/* Set the mask of a number. All is forgotten when there are too many. */
void template_mask(struct report_templates *templates, struct report_mask mask);

/* What records for one template have in common; its size, 0 where it is too long. */
uint32_t template_key(const struct report_templates *templates, const uint8_t *record,
		      uint32_t record_size, uint8_t *key);

const struct report_template *template_find(const struct report_templates *templates,
					    const uint8_t *key, uint32_t key_size);

/* 0, or -1 if there is one already or no memory. When there are too many, all are forgotten. */
int template_add(struct report_templates *templates, const uint8_t *key, uint32_t key_size,
		 const uint8_t *pieces, uint32_t size);

void templates_forget(struct report_templates *templates);

#endif
