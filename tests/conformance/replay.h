/* SPDX-License-Identifier: BSD-3-Clause */
/* Plays a recorded case to the model from power-on, and prints what differs, one line each. */
#ifndef REPLAY_H
#define REPLAY_H

#include "recording.h"

struct tally {
	size_t cases, steps, differ, skipped; /* all but the first count steps */
};

/* Adds to *tally. false if there is no memory for it. */
bool replay(const struct recorded_case *recorded, struct tally *tally);

#endif
