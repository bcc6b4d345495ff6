/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The smallest guest that makes a hypercall. Start reading here.
 *
 * acrn_call() is a line of the call table (cstub/include/acrn.def) as a function: the compiler
 * checks the arguments against it, loads R8, RDI and RSI, and puts one VMCALL here. Beside that
 * instruction it leaves a site record, by which acrn-trace knows where to look. The result is what
 * ACRN left in RAX: 0 or more, or a negative error number.
 */
#include "guest.h"

int guest_main(void)
{
	struct hc_api_version version = {0};
	long ret = acrn_call(get_api_version, &version);

	if (ret < 0) {
		print("hello: get_api_version failed: %ld\n", ret);
		return 1;
	}
	print("hello: this is ACRN, API version %u.%u\n", version.major_version,
	      version.minor_version);
	return 0;
}
