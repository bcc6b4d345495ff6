/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Compiles to nothing but debug information: the layouts of ACRN's structures, for the decoder.
 * Needs -g -fno-eliminate-unused-debug-types, since nothing here uses a type.
 */
#include "acrn_types.h"
