/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes Xen's hypercalls as dom0, and prints each as it was made and what came back.
 *
 *   xen WAY NUMBER ARGUMENT ARGUMENT ARGUMENT ARGUMENT ARGUMENT = RESULT
 *
 * WAY is 0 for an instruction of its own, 1 for Xen's page, 2 for CPL 3. The words of the command
 * line: "calls=N" rounds (1 otherwise), "user" makes some from CPL 3 at the end, "stay" never ends.
 */
#include <stdint.h>

#include "call_log.h"

#define HIGH 0xffffffff80000000ull

enum way { INLINE, PAGE, USER };

/* xen/include/public/xen.h and what it names */
enum {
	MEMORY_OP = 12,
	XEN_VERSION = 17,
	CONSOLE_IO = 18,
	SCHED_OP = 29,
	EVENT_CHANNEL_OP = 32,
	HVM_OP = 34,
	NO_CALL = 60,
};
enum { VERSION = 0, EXTRAVERSION = 1, FEATURES = 6 }; /* version.h */
enum { CURRENT_RESERVATION = 3, MEMORY_MAP = 9 };     /* memory.h */
enum { WRITE = 0 };				      /* console.h */
enum { YIELD = 0, SHUTDOWN = 2 };		      /* sched.h */
enum { CLOSE = 3, SEND = 4, ALLOC_UNBOUND = 6 };      /* event_channel.h */
enum { SET_PARAM = 0, GET_PARAM = 1 };		      /* hvm/hvm_op.h */
#define DOMID_SELF     0x7ff0
#define REBOOT	       1
#define PARAM_CALLBACK 0
#define NOWHERE	       0xffffffff00000000ull /* no memory is mapped there */

struct start_info { /* arch-x86/hvm/start_info.h */
	uint32_t magic, version, flags, modules;
	uint64_t modlist, cmdline;
};
struct feature_info {
	uint32_t index, map;
};
struct evtchn_alloc_unbound {
	uint16_t dom, remote_dom;
	uint32_t port;
};
struct xen_hvm_param {
	uint16_t domid, pad;
	uint32_t index;
	uint64_t value;
};

static struct call_log calls;
static char page[4096] __attribute__((aligned(4096)));

/* Arguments that a call has may be destroyed; those that it has not are kept. */
#define MAKE(instruction, result, number, a, b, c, d, e)                                           \
	do {                                                                                       \
		uint64_t rdi = (uint64_t)(a), rsi = (uint64_t)(b), rdx = (uint64_t)(c);            \
		register uint64_t r10 __asm__("r10") = (d);                                        \
		register uint64_t r8 __asm__("r8") = (e);                                          \
		__asm__ volatile(instruction                                                       \
				 : "=a"(result), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+r"(r10),       \
				   "+r"(r8)                                                        \
				 : "0"((uint64_t)(number)), [entry] "r"(page + (number)*32)        \
				 : "memory");                                                      \
	} while (0)

/* Inlined, so that each call has a site of its own. */
#define CALL(way, instruction, number, a, b, c)                                                    \
	do {                                                                                       \
		uint64_t result, argument[5] = {(uint64_t)(a), (uint64_t)(b), (uint64_t)(c)};      \
		MAKE(instruction, result, number, argument[0], argument[1], argument[2], 0, 0);    \
		log_call(&calls, "xen", way, number, argument, 5, result);                         \
	} while (0)
#define CALL_INLINE(number, a, b, c) CALL(INLINE, "vmmcall", number, a, b, c)
#define CALL_PAGE(number, a, b, c)   CALL(PAGE, "call *%[entry]", number, a, b, c)

static void write_console(const char *text, uint64_t length)
{
	uint64_t result;

	MAKE("vmmcall", result, CONSOLE_IO, WRITE, length, text, 0, 0);
	(void)result;
}

static void print_log(void)
{
	for (uint32_t at = 0; at < calls.size; at += 1024)
		write_console(calls.text + at, calls.size - at < 1024 ? calls.size - at : 1024);
	calls.size = 0;
}

static void end(void)
{
	static uint32_t reason = REBOOT;
	uint64_t result;

	print_log();
	MAKE("vmmcall", result, SCHED_OP, SHUTDOWN, &reason, 0, 0, 0);
	(void)result;
}

/* Xen fills the page that the MSR is given. */
static void fill_page(void)
{
	uint32_t eax = 0x40000000, ebx, ecx, edx;
	uint64_t physical = (uint64_t)page - HIGH;

	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx));
	eax = 0x40000002;
	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx));
	__asm__ volatile("wrmsr"
			 :
			 : "c"(ebx), "a"((uint32_t)physical), "d"(physical >> 32)
			 : "memory");
}

static __attribute__((noinline)) void ask_version(void)
{
	static char extra[16];
	static struct feature_info features;

	CALL_INLINE(XEN_VERSION, VERSION, 0, 0);
	CALL_INLINE(XEN_VERSION, EXTRAVERSION, extra, 0);
	CALL_PAGE(XEN_VERSION, VERSION, 0, 0);
	CALL_PAGE(XEN_VERSION, FEATURES, &features, 0);
}

static __attribute__((noinline)) void use_events(void)
{
	static struct evtchn_alloc_unbound unbound;
	static uint32_t port;

	unbound = (struct evtchn_alloc_unbound){DOMID_SELF, DOMID_SELF, 0};
	CALL_INLINE(EVENT_CHANNEL_OP, ALLOC_UNBOUND, &unbound, 0);
	port = unbound.port;
	CALL_PAGE(EVENT_CHANNEL_OP, CLOSE, &port, 0);
	CALL_INLINE(EVENT_CHANNEL_OP, SEND, &port, 0); /* of one that is closed */
}

static __attribute__((noinline)) void ask_machine(void)
{
	static struct xen_hvm_param parameter;
	static uint16_t self = DOMID_SELF;

	parameter = (struct xen_hvm_param){DOMID_SELF, 0, PARAM_CALLBACK, 0};
	CALL_PAGE(HVM_OP, GET_PARAM, &parameter, 0);
	CALL_INLINE(MEMORY_OP, CURRENT_RESERVATION, &self, 0);
}

static __attribute__((noinline)) void yield(void)
{
	CALL_INLINE(SCHED_OP, YIELD, 0, 0);
}

static __attribute__((noinline)) void refused(void)
{
	CALL_INLINE(NO_CALL, 1, 2, 3);
	CALL_PAGE(MEMORY_OP, MEMORY_MAP, NOWHERE, 0);
}

static void user_main(void)
{
	uint64_t result, argument[5] = {VERSION};

	MAKE("vmmcall", result, XEN_VERSION, VERSION, 0, 0, 0, 0);
	log_call(&calls, "xen", USER, XEN_VERSION, argument, 5, result);
	__asm__ volatile("int $4"); /* back to the kernel, which prints and ends */
}

/* The gate of vector 4 leads here from CPL 3. */
__attribute__((used)) static void back_from_user(void)
{
	end();
}

static void enter_user(void)
{
	static uint64_t idt[10], tss[16];
	static uint8_t user_stack[0x2000] __attribute__((aligned(16)));
	static uint8_t kernel_stack[0x4000] __attribute__((aligned(16)));
	static uint64_t gdt[7] = {0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00cff3000000ffff,
				  0x00affb000000ffff};
	struct table {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) gdtr = {sizeof(gdt) - 1, (uint64_t)gdt},
				  idtr = {sizeof(idt) - 1, (uint64_t)idt};
	uint64_t handler = (uint64_t)back_from_user, at = (uint64_t)tss;
	uint64_t stack = (uint64_t)(kernel_stack + sizeof(kernel_stack) - 16);

	*(uint64_t *)((uint8_t *)tss + 4) = stack; /* RSP0 */
	gdt[5] = 0x0000890000000067 | (at & 0xffffff) << 16 | (at >> 24 & 0xff) << 56;
	gdt[6] = at >> 32;
	idt[8] = (handler & 0xffff) | 8 << 16 | 0xee00ull << 32 | (handler >> 16 & 0xffff) << 48;
	idt[9] = handler >> 32;
	__asm__ volatile("lgdt %0\n\tlidt %1\n\tltr %w2\n\t"
			 "pushq $0x1b\n\tpushq %3\n\tpushq $2\n\tpushq $0x23\n\tpushq %4\n\tiretq"
			 :
			 : "m"(gdtr), "m"(idtr), "r"(0x28),
			   "r"(user_stack + sizeof(user_stack) - 8), "r"(user_main)
			 : "memory");
}

__attribute__((used)) void guest_main(const struct start_info *start)
{
	const char *line = (const char *)start->cmdline;
	uint64_t rounds = option(line, "calls");

	fill_page();
	for (uint64_t i = 0; i < (rounds ? rounds : 1); i++) {
		ask_version();
		use_events();
		ask_machine();
		yield();
	}
	refused();
	if (option(line, "user"))
		enter_user();
	print_log();
	while (option(line, "stay"))
		CALL_INLINE(SCHED_OP, YIELD, 0, 0);
	end();
}
