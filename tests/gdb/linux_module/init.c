/* SPDX-License-Identifier: BSD-3-Clause */
/* The only program of a Linux: loads the module, and ends the machine. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
	int module = open("/makes_calls.ko", O_RDONLY);

	if (syscall(SYS_finit_module, module, "", 0))
		perror("makes_calls");
	reboot(RB_AUTOBOOT);
	return 0;
}
