/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RECORDER_RECORDS_H
#define RECORDER_RECORDS_H

/* Prints what is in one of the rings, a line a call. Nobody may be writing to it. */
void print_records(unsigned int ring);

#endif
