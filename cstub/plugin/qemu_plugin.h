/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Declares what this plugin uses of QEMU's plugin API, of versions 4 (QEMU 10.0) and 7 (11.1), and
 * of GLib, which QEMU has loaded. Nothing of theirs is included, so it is built without them.
 *
 * Where the versions differ a callback takes what both pass, and looks at `plugin_api`. Weak are
 * those that not each version has.
 */
#ifndef QEMU_PLUGIN_H
#define QEMU_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#define PLUGIN_EXPORT __attribute__((visibility("default")))
#define PLUGIN_API_4  4
#define PLUGIN_API_7  7
/* enum qemu_plugin_cb_flags: what a callback does with registers. The last is of version 7. */
#define PLUGIN_R_REGS  1
#define PLUGIN_RW_REGS 2
#define PLUGIN_RW_PC   3

struct qemu_info {
	const char *target_name;
	struct {
		int min, cur;
	} version;
	_Bool system_emulation;
	struct {
		int smp_vcpus, max_vcpus;
	} system;
};

struct plugin_block;
struct plugin_instruction;
struct plugin_register;

/* The public halves of GByteArray and GArray. */
struct byte_array {
	uint8_t *data;
	unsigned int length;
};
struct array {
	char *data;
	unsigned int length;
};

/* As far as the versions agree; the stride is `descriptor_size`. */
struct register_descriptor {
	struct plugin_register *handle;
	const char *name, *feature;
};
#define DESCRIPTOR_SIZE_4 24
#define DESCRIPTOR_SIZE_7 32

typedef void block_callback(void *, void *, void *);
typedef void vcpu_callback(uint64_t, uint64_t, void *);
typedef void execution_callback(unsigned int vcpu, void *userdata);

/* The last argument is of version 7 alone, and to be passed always. */
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, block_callback *callback, void *userdata);
void qemu_plugin_register_vcpu_init_cb(uint64_t id, vcpu_callback *callback, void *userdata);

void qemu_plugin_register_vcpu_insn_exec_cb(struct plugin_instruction *instruction,
					    execution_callback *callback, int flags,
					    void *userdata);
size_t qemu_plugin_tb_n_insns(const struct plugin_block *block);
struct plugin_instruction *qemu_plugin_tb_get_insn(const struct plugin_block *block, size_t index);
size_t qemu_plugin_insn_data(const struct plugin_instruction *instruction, void *to, size_t size);
void *qemu_plugin_insn_haddr(const struct plugin_instruction *instruction);
uint64_t qemu_plugin_insn_vaddr(const struct plugin_instruction *instruction);
uint64_t qemu_plugin_tb_vaddr(const struct plugin_block *block);
_Bool qemu_plugin_read_memory_vaddr(uint64_t address, struct byte_array *to, size_t size);
struct array *qemu_plugin_get_registers(void);
int qemu_plugin_read_register(struct plugin_register *handle, struct byte_array *to);

/* A word of each vCPU (qemu_plugin_u64), on which a callback may depend. */
struct plugin_scoreboard;
struct plugin_word {
	struct plugin_scoreboard *board;
	size_t offset;
};
#define PLUGIN_NOT_EQUAL 3 /* enum qemu_plugin_cond */
struct plugin_scoreboard *qemu_plugin_scoreboard_new(size_t size);
void qemu_plugin_u64_set(struct plugin_word word, unsigned int vcpu, uint64_t value);
void qemu_plugin_register_vcpu_tb_exec_cond_cb(struct plugin_block *block,
					       execution_callback *callback, int flags,
					       int condition, struct plugin_word word,
					       uint64_t value, void *userdata);

/* These are of version 7 alone. */
#define WEAK __attribute__((weak))
WEAK int qemu_plugin_write_register(struct plugin_register *handle, struct byte_array *from);
WEAK int qemu_plugin_read_memory_hwaddr(uint64_t address, struct byte_array *to, size_t size);
WEAK int qemu_plugin_write_memory_hwaddr(uint64_t address, struct byte_array *from);
/* In a callback that is PLUGIN_RW_PC it does not return: hold no lock. */
WEAK void qemu_plugin_set_pc(uint64_t address);

/*
 * QEMU's own, which it has for its modules where it is built with them, as distributions do: of
 * 10.0, whose plugin API has no physical memory, and of 11.1, where that does not say what is a
 * device's.
 */
WEAK _Bool cpu_physical_memory_is_io(uint64_t address);
WEAK void cpu_physical_memory_rw(uint64_t address, void *to, uint64_t size, _Bool is_write);
struct address_space;
WEAK _Bool address_space_is_io(struct address_space *space, uint64_t address);
WEAK extern struct address_space address_space_memory;

/* Likewise: what a vCPU's blocks are translated with. The lowest bits are how many instructions a
 * block may have, 0 for as many as there are. */
struct vcpu_state;
WEAK struct vcpu_state *qemu_get_cpu(int vcpu);
WEAK uint32_t curr_cflags(struct vcpu_state *vcpu);
#define CFLAGS_COUNT 0x1ffu

struct byte_array *g_byte_array_new(void);
struct byte_array *g_byte_array_set_size(struct byte_array *array, unsigned int size);
char *g_array_free(struct array *array, int frees_segment);

#endif
