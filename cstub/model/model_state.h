/* SPDX-License-Identifier: BSD-3-Clause */
/* The model's state. For the model's own files; a caller needs only its size. */
#ifndef MODEL_STATE_H
#define MODEL_STATE_H

#include "acrn_model.h"

struct acrn_model {
	const struct acrn_machine *machine;
	struct acrn_memory memory;
};

#endif
