/* SPDX-License-Identifier: BSD-3-Clause */
/* Agrees on what the guest and the program that runs it both know. */
#ifndef GUEST_H
#define GUEST_H

#define VCPUS	     2
#define MAPPED_AT    0xffffffff80000000ull /* virtual address of the guest's memory */
#define RAM_AT	     0x1000000ull	   /* guest-physical */
#define RAM_SIZE     0x800000ull
#define COMMAND_LINE 0x8000ull /* from its beginning */
#define STACK_SIZE   0x10000ull
#define PORT_PRINT   0xe8 /* the guest-physical address of a text */
#define PORT_END     0xf4

#endif
