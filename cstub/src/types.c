/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Compiles to nothing but debug information: the layouts of each NAME_types.h, for the decoder,
 * which the compiler is told to include. Needs -g -fno-eliminate-unused-debug-types, since nothing
 * here uses a type.
 */
