/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Prints the rows of abi.def, a JSON object each, as C has them.
 */
#include <stdio.h>
#include "hypercall_abi.h"

static void list(const char *name, const uint8_t *numbers, unsigned count)
{
	printf("\"%s\": [", name);
	for (unsigned i = 0; i < count; i++)
		printf("%s%u", i ? ", " : "", numbers[i]);
	printf("], ");
}

int main(void)
{
	for (unsigned i = 0; i < HYPERCALL_ABIS; i++) {
		const struct hypercall_abi *abi = &hypercall_abis[i];

		printf("{\"name\": \"%s\", \"signature\": \"%s\", ", abi->name, abi->signature);
		for (unsigned j = 0; j < HYPERCALL_INSTRUCTIONS; j++)
			if (abi->instructions & 1u << j)
				list(hypercall_instructions[j].name,
				     hypercall_instructions[j].bytes,
				     hypercall_instructions[j].size);
		list("arguments", abi->argument, abi->arguments);
		printf("\"number\": [%u, %llu, %llu, %llu], ", abi->number,
		       (unsigned long long)abi->number_mask, (unsigned long long)abi->numbers.base,
		       (unsigned long long)abi->numbers.index);
		printf("\"result\": [%u, %u], \"lost\": %u, \"errors\": \"%s\", ", abi->result,
		       abi->result_type, hypercall_lost(abi), abi->errors);
		printf("\"again\": %u, \"linear\": %u}\n", abi->again, abi->memory);
	}
}
