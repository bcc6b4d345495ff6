/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The structures that ACRN's hypercalls take, under ACRN's names, with ACRN's layout (x86-64,
 * little endian). Compiled with debug information this file is also the schema by which a trace is
 * decoded, so that every field that holds one of a few values, or a set of flags, has an
 * enumeration for its type.
 *
 * Freestanding: needs only <stdint.h>. Addresses are guest-physical unless a comment says
 * otherwise, sizes are in bytes. Enumerations say which values ACRN knows; a caller may have put
 * any number there.
 *
 * Source of layouts and values: hypervisor/include/public/{acrn_common.h,acrn_hv_defs.h} and
 * include/debug/{profiling_internal.h,npk_log.h} of ACRN master d61d98cf800e. Four names are ours,
 * since ACRN has none: acrn_ioreq_buffer (a bare u64), acrn_pm_command (masks), acrn_irqline (for
 * ACRN's acrn_irqline_ops, which travels in a register), trusty_boot_param_88 (of pull request
 * #608). So are those that end in a release, the last that had the layout (acrn_versions.def).
 */
#ifndef ACRN_TYPES_H
#define ACRN_TYPES_H

#include <stdint.h>

#define ACRN_VM_NAME_LENGTH    16u
#define ACRN_PCI_BARS	       6u
#define ACRN_MMIODEV_RESOURCES 3u
#define ACRN_IOREQ_SLOTS       16u
#define ACRN_INTR_BUFFER       48u
#define ACRN_INVALID_VMID      0xffffu
#define ACRN_INVALID_HPA       UINT64_MAX

/* ---- general ---- */

struct hc_api_version {
	uint32_t major_version;
	uint32_t minor_version;
};

/* ---- VMs and vCPUs ---- */

/* What a VM may do and be; create_vm's vm_flag. The unnamed top bit makes the type 64 bits wide. */
__extension__ enum acrn_vm_flags {
	ACRN_VM_SECURE_WORLD_ENABLED = 1u << 0,
	ACRN_VM_LAPIC_PASSTHROUGH = 1u << 1,
	ACRN_VM_IO_COMPLETION_POLLING = 1u << 2,
	ACRN_VM_HIDE_MTRR = 1u << 3,
	ACRN_VM_RT = 1u << 4,
	ACRN_VM_NVMX_ENABLED = 1u << 5,
	ACRN_VM_SECURITY_VM = 1u << 6,
	ACRN_VM_VCAT_ENABLED = 1u << 7,
	ACRN_VM_STATIC_VM = 1u << 8,
	ACRN_VM_TEE = 1u << 9,
	ACRN_VM_REE = 1u << 10,
	ACRN_VM_PMU_PASSTHROUGH = 1u << 11,
	ACRN_VM_VHWP = 1u << 12,
	ACRN_VM_VTM = 1u << 13,
	ACRN_VM_BIT_63 = UINT64_C(1) << 63,
};

struct acrn_vm_creation {
	uint16_t vmid; /* out: relative to the Service VM, ACRN_INVALID_VMID if none was created */
	uint16_t reserved0;
	uint16_t vcpu_num; /* out */
	uint16_t reserved1;
	char name[ACRN_VM_NAME_LENGTH]; /* ends with a NUL only if it is shorter */
	enum acrn_vm_flags vm_flag;
	uint64_t ioreq_buf;    /* not read by the hypervisor */
	uint64_t cpu_affinity; /* bit n = physical CPU n; 0 = all that the VM is configured for */
};

/* Not characters, and nothing says that one is a member: shown as bytes, all of them. */
union acrn_uuid {
	uint8_t bytes[16];
};

/* What follows vm_flag was reserved in the first of the releases that it is for. */
struct acrn_vm_creation_v2_6 {
	uint16_t vmid;
	uint16_t reserved0;
	uint16_t vcpu_num;
	uint16_t reserved1;
	union acrn_uuid uuid;
	enum acrn_vm_flags vm_flag;
	uint64_t ioreq_buf;
	uint64_t cpu_affinity;
};

struct acrn_gp_regs {
	uint64_t rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
};

struct acrn_descriptor_ptr {
	uint16_t limit;
	uint64_t base;
	uint16_t reserved[3];
} __attribute__((packed));

struct acrn_regs {
	struct acrn_gp_regs gprs;
	struct acrn_descriptor_ptr gdt;
	struct acrn_descriptor_ptr idt;
	uint64_t rip;
	uint64_t cs_base;
	uint64_t cr0;
	uint64_t cr4;
	uint64_t cr3;
	uint64_t ia32_efer;
	uint64_t rflags;
	uint64_t reserved_64[4];
	uint32_t cs_ar;
	uint32_t cs_limit;
	uint32_t reserved_32[3];
	uint16_t cs_sel, ss_sel, ds_sel, es_sel, fs_sel, gs_sel, ldt_sel, tr_sel;
};

struct acrn_vcpu_regs {
	uint16_t vcpu_id;
	uint16_t reserved[3];
	struct acrn_regs vcpu_regs;
};

/* ---- interrupts ---- */

struct acrn_msi_entry {
	uint64_t msi_addr; /* as on the bus: 0xfee in bits 31:20, destination in 19:12 */
	uint64_t msi_data; /* as on the bus: vector in bits 7:0, delivery mode in 10:8 */
};

enum acrn_intr_monitor_command {
	ACRN_INTR_GET_DATA = 0,
	ACRN_INTR_DELAY_INT = 1,
};

struct acrn_intr_monitor {
	enum acrn_intr_monitor_command cmd;
	uint32_t buf_cnt; /* entries of buffer; out for ACRN_INTR_GET_DATA */
	uint64_t buffer[ACRN_INTR_BUFFER];
};

enum acrn_irqline_operation {
	ACRN_GSI_SET_HIGH = 0,
	ACRN_GSI_SET_LOW = 1,
	ACRN_GSI_RISING_PULSE = 2,
	ACRN_GSI_FALLING_PULSE = 3,
};

/* set_irqline's second argument: a value, not a pointer. */
struct acrn_irqline {
	uint64_t gsi : 32;
	enum acrn_irqline_operation op : 32;
} __attribute__((aligned(8)));

/* ---- I/O requests ---- */

/* set_ioreq_buffer's argument points at this, and this at the struct acrn_io_request_buffer. */
struct acrn_ioreq_buffer {
	uint64_t gpa;
};

enum acrn_ioreq_type {
	ACRN_IOREQ_PORTIO = 0,
	ACRN_IOREQ_MMIO = 1,
	ACRN_IOREQ_PCICFG = 2,
	ACRN_IOREQ_WRITE_PROTECT = 3,
};

enum acrn_ioreq_state {
	ACRN_IOREQ_PENDING = 0,
	ACRN_IOREQ_COMPLETE = 1,
	ACRN_IOREQ_PROCESSING = 2,
	ACRN_IOREQ_FREE = 3,
};

enum acrn_ioreq_direction {
	ACRN_IOREQ_READ = 0,
	ACRN_IOREQ_WRITE = 1,
};

struct acrn_mmio_request {
	enum acrn_ioreq_direction direction;
	uint32_t reserved;
	uint64_t address;
	uint64_t size;
	uint64_t value;
};

struct acrn_pio_request {
	enum acrn_ioreq_direction direction;
	uint32_t reserved;
	uint64_t address;
	uint64_t size;
	uint32_t value;
};

struct acrn_pci_request {
	enum acrn_ioreq_direction direction;
	uint32_t reserved[3];
	uint64_t size;
	uint32_t value;
	uint32_t bus;
	uint32_t dev;
	uint32_t func;
	uint32_t reg;
};

struct acrn_io_request {
	enum acrn_ioreq_type type;
	uint32_t completion_polling;
	uint32_t reserved0[14];
	union {
		struct acrn_pio_request pio_request;
		struct acrn_pci_request pci_request;
		struct acrn_mmio_request mmio_request;
		uint64_t data[8];
	} reqs;
	uint32_t reserved1;
	uint32_t kernel_handled;
	enum acrn_ioreq_state processed;
	uint32_t reserved2[29];
};

struct acrn_io_request_buffer {
	struct acrn_io_request req_slot[ACRN_IOREQ_SLOTS];
};

enum acrn_asyncio_type {
	ACRN_ASYNCIO_PIO = 1,
	ACRN_ASYNCIO_MMIO = 2,
};

struct acrn_asyncio_info {
	enum acrn_asyncio_type type;
	uint32_t match_data; /* 1: only a write of `data` counts */
	uint64_t addr;
	uint64_t fd;
	uint64_t data;
};

/* ---- memory ---- */

struct vm_gpa2hpa {
	uint64_t gpa;
	uint64_t hpa; /* out: host-physical */
};

enum acrn_memory_region_type {
	ACRN_MR_ADD = 0,
	ACRN_MR_DELETE = 2,
	ACRN_MR_MODIFY = 3,
};

enum acrn_memory_protection {
	ACRN_MEM_READ = 1u << 0,
	ACRN_MEM_WRITE = 1u << 1,
	ACRN_MEM_EXECUTE = 1u << 2,
	ACRN_MEM_WRITE_BACK = 1u << 6,
	ACRN_MEM_WRITE_THROUGH = 1u << 7,
	ACRN_MEM_UNCACHED = 1u << 8,
	ACRN_MEM_WRITE_COMBINE = 1u << 9,
	ACRN_MEM_WRITE_PROTECT = 1u << 10,
};

struct vm_memory_region {
	enum acrn_memory_region_type type;
	enum acrn_memory_protection prot;
	uint64_t gpa;		 /* of the User VM */
	uint64_t service_vm_gpa; /* of the Service VM */
	uint64_t size;
};

struct set_regions {
	uint16_t vmid;
	uint16_t reserved0;
	uint32_t reserved1;
	uint32_t mr_num; /* how many struct vm_memory_region are at regions_gpa */
	uint32_t padding;
	uint64_t regions_gpa;
};

struct wp_data {
	uint8_t set; /* 0: writable again; else: write-protect */
	uint8_t pad[7];
	uint64_t gpa;
};

/* ---- shared buffers ---- */

#define ACRN_SBUF_MAGIC UINT64_C(0x5aa57aa71aa13aa3)

enum acrn_sbuf_id {
	ACRN_SBUF_TRACE = 0,
	ACRN_SBUF_HVLOG = 1,
	ACRN_SBUF_SEP = 2,
	ACRN_SBUF_SOCWATCH = 3,
	ACRN_SBUF_ASYNCIO = 64,
	ACRN_SBUF_VM_EVENT = 65,
};

enum acrn_sbuf_flags {
	ACRN_SBUF_COUNT_OVERRUN = 1u << 0,
	ACRN_SBUF_OVERWRITE = 1u << 1,
};

struct acrn_sbuf_param {
	uint16_t cpu_id;
	uint16_t reserved;
	enum acrn_sbuf_id sbuf_id;
	uint64_t gpa; /* of a struct shared_buf */
};

struct shared_buf {
	uint64_t magic;
	uint32_t ele_num;
	uint32_t ele_size;
	uint32_t head;
	uint32_t tail;
	enum acrn_sbuf_flags flags;
	uint32_t reserved;
	uint32_t overrun_cnt;
	uint32_t size;
	uint32_t padding[6];
};

/* ---- devices ---- */

enum acrn_pcidev_flags {
	ACRN_PCIDEV_QUIRK_ASSIGN = 1u << 0,
};

struct acrn_pcidev {
	enum acrn_pcidev_flags type;
	uint16_t virt_bdf; /* bus in 15:8, device in 7:3, function in 2:0 */
	uint16_t phys_bdf;
	uint8_t intr_line;
	uint8_t intr_pin;
	uint32_t bar[ACRN_PCI_BARS];
};

/* An EPT memory type in its place in an entry, bits 5:3. */
enum acrn_ept_memory_type {
	ACRN_EPT_UNCACHED = 0 << 3,
	ACRN_EPT_WRITE_COMBINE = 1 << 3,
	ACRN_EPT_WRITE_THROUGH = 4 << 3,
	ACRN_EPT_WRITE_PROTECT = 5 << 3,
	ACRN_EPT_WRITE_BACK = 6 << 3,
};

struct acrn_mmiores {
	uint64_t user_vm_pa;
	uint64_t host_pa; /* of the Service VM */
	uint64_t size;
	uint64_t mem_type; /* an enum acrn_ept_memory_type */
};

struct acrn_mmiodev {
	char name[8];
	struct acrn_mmiores res[ACRN_MMIODEV_RESOURCES];
};

struct acrn_mmiodev_v2_5 {
	uint64_t base_gpa;
	uint64_t base_hpa;
	uint64_t size;
};

struct acrn_vdev_id {
	uint16_t vendor;
	uint16_t device;
	uint32_t legacy_id;
};

struct acrn_vdev {
	struct acrn_vdev_id id;
	uint64_t slot; /* a PCI device's BDF */
	uint32_t io_addr[ACRN_PCI_BARS];
	uint32_t io_size[ACRN_PCI_BARS];
	uint8_t args[128]; /* a struct vrp_config for a virtual root port, else text */
};

struct vrp_config {
	uint16_t phy_bdf;
	uint8_t max_payload;
	uint8_t primary_bus;
	uint8_t secondary_bus;
	uint8_t subordinate_bus;
	uint8_t ptm_capable;
	uint8_t padding;
	uint32_t ptm_cap_offset;
};

enum acrn_ptdev_irq_type {
	ACRN_PTDEV_INTX = 0,
	ACRN_PTDEV_MSI = 1,
	ACRN_PTDEV_MSIX = 2,
};

struct intx_info {
	uint32_t virt_pin;
	uint32_t phys_pin;
	uint8_t pic_pin; /* not 0: virt_pin is the PIC's, else the IOAPIC's */
	uint8_t reserved[3];
};

struct hc_ptdev_irq {
	enum acrn_ptdev_irq_type type;
	uint16_t virt_bdf;
	uint16_t phys_bdf;
	struct intx_info intx;
	uint32_t padding;
};

struct msix_info_v1_6 {
	uint32_t vector_cnt;
};

struct hc_ptdev_irq_v1_6 {
	enum acrn_ptdev_irq_type type;
	uint16_t virt_bdf;
	uint16_t phys_bdf;
	union {
		struct intx_info intx;
		struct msix_info_v1_6 msix;
	} is;
	uint32_t padding;
};

/* ---- debugging and profiling ---- */

enum acrn_npk_command {
	ACRN_NPK_CONFIGURE = 1,
	ACRN_NPK_ENABLE = 2,
	ACRN_NPK_DISABLE = 3,
	ACRN_NPK_QUERY = 4,
};

enum acrn_npk_result {
	ACRN_NPK_OK = 1,
	ACRN_NPK_KO = 2,
	ACRN_NPK_ENABLED = 3,
	ACRN_NPK_DISABLED = 4,
};

struct hv_npk_log_param {
	enum acrn_npk_command cmd : 16;
	enum acrn_npk_result res : 16; /* out */
	uint16_t loglevel;	       /* out for ACRN_NPK_QUERY */
	uint16_t reserved;
	uint64_t mmio_addr;
};

struct acrn_hw_info {
	uint16_t cpu_num;
	uint16_t reserved[3];
};

/* profiling_ops' first argument; it selects which structure the second points at. */
enum acrn_profiling_command {
	ACRN_PROFILING_MSR_OPS = 0,	/* struct profiling_msr_ops_list, one a physical CPU */
	ACRN_PROFILING_GET_VMINFO = 1,	/* struct profiling_vm_info_list */
	ACRN_PROFILING_GET_VERSION = 2, /* struct profiling_version_info */
	ACRN_PROFILING_GET_CONTROL_SWITCH = 3, /* struct profiling_control */
	ACRN_PROFILING_SET_CONTROL_SWITCH = 4, /* struct profiling_control */
	ACRN_PROFILING_CONFIG_PMI = 5,	       /* struct profiling_pmi_config */
	ACRN_PROFILING_CONFIG_VMSWITCH = 6,    /* struct profiling_vmsw_config */
	ACRN_PROFILING_GET_PCPUID = 7,	       /* struct profiling_pcpuid */
	ACRN_PROFILING_GET_STATUS = 8,	       /* struct profiling_status, one a physical CPU */
};

/* How many vCPUs and VMs ACRN was built for sizes these structures: here the qemu board's. */
#define ACRN_PROFILING_MSRS  15u
#define ACRN_PROFILING_VCPUS 4u
#define ACRN_PROFILING_VMS   16u

enum acrn_profiling_msr_op_type {
	ACRN_MSR_OP_NONE = 0,
	ACRN_MSR_OP_READ = 1,
	ACRN_MSR_OP_WRITE = 2,
	ACRN_MSR_OP_READ_CLEAR = 3,
};

enum acrn_profiling_msr_op_state {
	ACRN_MSR_OP_READY = 0,
	ACRN_MSR_OP_REQUESTED = 1,
	ACRN_MSR_OP_HANDLED = 2,
};

enum acrn_profiling_collector {
	ACRN_COLLECT_PROFILE_DATA = 0,
	ACRN_COLLECT_POWER_DATA = 1,
};

struct profiling_msr_op {
	uint64_t value;
	uint32_t msr_id; /* 0xffffffff ends a list */
	uint16_t param;
	enum acrn_profiling_msr_op_type msr_op_type : 8;
	uint8_t reg_type;
};

struct profiling_msr_ops_list {
	enum acrn_profiling_collector collector_id;
	uint32_t num_entries;
	enum acrn_profiling_msr_op_state msr_op_state;
	uint32_t padding;
	struct profiling_msr_op entries[ACRN_PROFILING_MSRS];
};

struct profiling_vcpu_pcpu_map {
	uint16_t vcpu_id;
	uint16_t pcpu_id;
	uint32_t apic_id;
};

struct profiling_vm_info {
	uint16_t vm_id_num; /* 0xffff for the hypervisor itself */
	char vm_name[ACRN_VM_NAME_LENGTH];
	uint16_t num_vcpus;
	struct profiling_vcpu_pcpu_map cpu_map[ACRN_PROFILING_VCPUS];
};

struct profiling_vm_info_list {
	uint16_t num_vms;
	uint16_t padding;
	struct profiling_vm_info vm_list[ACRN_PROFILING_VMS + 1];
};

/* Its VMs, with a UUID each, begin elsewhere and have other sizes from release to release. */
struct profiling_vm_info_list_v2_6 {
	uint16_t num_vms;
};

__extension__ enum acrn_profiling_features {
	ACRN_PROFILING_CORE_PMU_SAMPLING = 1u << 0,
	ACRN_PROFILING_CORE_PMU_COUNTING = 1u << 1,
	ACRN_PROFILING_PEBS_SAMPLING = 1u << 2,
	ACRN_PROFILING_LBR_SAMPLING = 1u << 3,
	ACRN_PROFILING_UNCORE_SAMPLING = 1u << 4,
	ACRN_PROFILING_VM_SWITCH_TRACING = 1u << 5,
	ACRN_PROFILING_BIT_63 = UINT64_C(1) << 63,
};

struct profiling_version_info {
	int32_t major;
	int32_t minor;
	enum acrn_profiling_features supported_features;
	int64_t reserved;
};

struct profiling_control {
	enum acrn_profiling_collector collector_id;
	int32_t reserved;
	enum acrn_profiling_features switches;
};

struct profiling_pmi_config {
	uint32_t num_groups;
	uint32_t trigger_count;
	struct profiling_msr_op initial_list[1][ACRN_PROFILING_MSRS];
	struct profiling_msr_op start_list[1][ACRN_PROFILING_MSRS];
	struct profiling_msr_op stop_list[1][ACRN_PROFILING_MSRS];
	struct profiling_msr_op entry_list[1][ACRN_PROFILING_MSRS];
	struct profiling_msr_op exit_list[1][ACRN_PROFILING_MSRS];
};

struct profiling_vmsw_config {
	enum acrn_profiling_collector collector_id;
	uint32_t padding;
	struct profiling_msr_op initial_list[ACRN_PROFILING_MSRS];
	struct profiling_msr_op entry_list[ACRN_PROFILING_MSRS];
	struct profiling_msr_op exit_list[ACRN_PROFILING_MSRS];
};

struct profiling_pcpuid {
	uint32_t leaf;
	uint32_t subleaf;
	uint32_t eax;
	uint32_t ebx;
	uint32_t ecx;
	uint32_t edx;
};

struct profiling_status {
	uint32_t samples_logged;
	uint32_t samples_dropped;
};

/* ---- Trusty and power ---- */

struct trusty_boot_param {
	uint32_t size_of_this_struct;
	uint32_t version;
	uint32_t base_addr;
	uint32_t entry_point;
	uint32_t mem_size;
	uint32_t padding;
	uint32_t base_addr_high;
	uint32_t entry_point_high;
	uint8_t rpmb_key[64]; /* a secret: never to be shown */
};

/* trusty_boot_param, as a loader of July 2018 has it: it tells by its size (acrn_sizes.def). */
struct trusty_boot_param_88 {
	uint32_t size_of_this_struct;
	uint32_t version;
	uint32_t base_addr;
	uint32_t entry_point;
	uint32_t mem_size;
	uint32_t padding;
	uint8_t rpmb_key[64]; /* a secret: never to be shown */
};

enum acrn_pm_command_type {
	ACRN_PM_PX_COUNT = 0, /* writes a u8 */
	ACRN_PM_PX_DATA = 1,  /* writes a struct acrn_pstate_data */
	ACRN_PM_CX_COUNT = 2, /* writes a u8 */
	ACRN_PM_CX_DATA = 3,  /* writes a struct acrn_cstate_data */
};

/* pm_get_cpu_state's first argument: a value, not a pointer. */
struct acrn_pm_command {
	enum acrn_pm_command_type type : 8;
	uint64_t state : 8; /* Px from 0, Cx from 1 */
	uint64_t vcpu : 8;
	uint64_t vmid : 8;
	uint64_t reserved : 32;
} __attribute__((aligned(8)));

struct acrn_pstate_data {
	uint64_t core_frequency;     /* MHz */
	uint64_t power;		     /* mW */
	uint64_t transition_latency; /* us */
	uint64_t bus_master_latency; /* us */
	uint64_t control;
	uint64_t status;
};

enum acrn_acpi_address_space {
	ACRN_ACPI_SYSTEM_MEMORY = 0,
	ACRN_ACPI_SYSTEM_IO = 1,
	ACRN_ACPI_PCI_CONFIG = 2,
	ACRN_ACPI_EMBEDDED_CONTROLLER = 3,
	ACRN_ACPI_SMBUS = 4,
	ACRN_ACPI_PLATFORM_COMM = 10,
	ACRN_ACPI_FIXED_HARDWARE = 0x7f,
};

struct acrn_acpi_generic_address {
	enum acrn_acpi_address_space space_id : 8;
	uint8_t bit_width;
	uint8_t bit_offset;
	uint8_t access_size;
	uint64_t address;
} __attribute__((packed));

struct acrn_cstate_data {
	struct acrn_acpi_generic_address cx_reg;
	uint8_t type;
	uint32_t latency; /* us */
	uint64_t power;	  /* mW */
};

/* ---- the layouts, checked ---- */

#define ACRN_SIZE(type, bytes)                                                                     \
	_Static_assert(sizeof(struct type) == (bytes), "size of struct " #type)
#define ACRN_FIELD(type, field, offset, bytes)                                                     \
	_Static_assert(__builtin_offsetof(struct type, field) == (offset) &&                       \
			       sizeof(((struct type *)0)->field) == (bytes),                       \
		       "place of " #type "." #field)

#ifndef __cplusplus
ACRN_SIZE(hc_api_version, 8);
ACRN_FIELD(hc_api_version, major_version, 0, 4);
ACRN_FIELD(hc_api_version, minor_version, 4, 4);
ACRN_SIZE(acrn_vm_creation, 48);
ACRN_FIELD(acrn_vm_creation, vmid, 0, 2);
ACRN_FIELD(acrn_vm_creation, reserved0, 2, 2);
ACRN_FIELD(acrn_vm_creation, vcpu_num, 4, 2);
ACRN_FIELD(acrn_vm_creation, reserved1, 6, 2);
ACRN_FIELD(acrn_vm_creation, name, 8, 16);
ACRN_FIELD(acrn_vm_creation, vm_flag, 24, 8);
ACRN_FIELD(acrn_vm_creation, ioreq_buf, 32, 8);
ACRN_FIELD(acrn_vm_creation, cpu_affinity, 40, 8);
ACRN_SIZE(acrn_vcpu_regs, 296);
ACRN_FIELD(acrn_vcpu_regs, vcpu_id, 0, 2);
ACRN_FIELD(acrn_vcpu_regs, reserved, 2, 6);
ACRN_FIELD(acrn_vcpu_regs, vcpu_regs, 8, 288);
ACRN_SIZE(acrn_regs, 288);
ACRN_FIELD(acrn_regs, gprs, 0, 128);
ACRN_FIELD(acrn_regs, gdt, 128, 16);
ACRN_FIELD(acrn_regs, idt, 144, 16);
ACRN_FIELD(acrn_regs, rip, 160, 8);
ACRN_FIELD(acrn_regs, cs_base, 168, 8);
ACRN_FIELD(acrn_regs, cr0, 176, 8);
ACRN_FIELD(acrn_regs, cr4, 184, 8);
ACRN_FIELD(acrn_regs, cr3, 192, 8);
ACRN_FIELD(acrn_regs, ia32_efer, 200, 8);
ACRN_FIELD(acrn_regs, rflags, 208, 8);
ACRN_FIELD(acrn_regs, reserved_64, 216, 32);
ACRN_FIELD(acrn_regs, cs_ar, 248, 4);
ACRN_FIELD(acrn_regs, cs_limit, 252, 4);
ACRN_FIELD(acrn_regs, reserved_32, 256, 12);
ACRN_FIELD(acrn_regs, cs_sel, 268, 2);
ACRN_FIELD(acrn_regs, tr_sel, 282, 2);
ACRN_SIZE(acrn_msi_entry, 16);
ACRN_FIELD(acrn_msi_entry, msi_addr, 0, 8);
ACRN_FIELD(acrn_msi_entry, msi_data, 8, 8);
ACRN_SIZE(acrn_intr_monitor, 392);
ACRN_FIELD(acrn_intr_monitor, cmd, 0, 4);
ACRN_FIELD(acrn_intr_monitor, buf_cnt, 4, 4);
ACRN_FIELD(acrn_intr_monitor, buffer, 8, 384);
ACRN_SIZE(acrn_irqline, 8);
ACRN_SIZE(acrn_ioreq_buffer, 8);
ACRN_SIZE(acrn_io_request, 256);
ACRN_FIELD(acrn_io_request, type, 0, 4);
ACRN_FIELD(acrn_io_request, completion_polling, 4, 4);
ACRN_FIELD(acrn_io_request, reqs, 64, 64);
ACRN_FIELD(acrn_io_request, kernel_handled, 132, 4);
ACRN_FIELD(acrn_io_request, processed, 136, 4);
ACRN_SIZE(acrn_io_request_buffer, 4096);
ACRN_SIZE(acrn_asyncio_info, 32);
ACRN_FIELD(acrn_asyncio_info, type, 0, 4);
ACRN_FIELD(acrn_asyncio_info, match_data, 4, 4);
ACRN_FIELD(acrn_asyncio_info, addr, 8, 8);
ACRN_FIELD(acrn_asyncio_info, fd, 16, 8);
ACRN_FIELD(acrn_asyncio_info, data, 24, 8);
ACRN_SIZE(vm_gpa2hpa, 16);
ACRN_FIELD(vm_gpa2hpa, gpa, 0, 8);
ACRN_FIELD(vm_gpa2hpa, hpa, 8, 8);
ACRN_SIZE(set_regions, 24);
ACRN_FIELD(set_regions, vmid, 0, 2);
ACRN_FIELD(set_regions, mr_num, 8, 4);
ACRN_FIELD(set_regions, regions_gpa, 16, 8);
ACRN_SIZE(vm_memory_region, 32);
ACRN_FIELD(vm_memory_region, type, 0, 4);
ACRN_FIELD(vm_memory_region, prot, 4, 4);
ACRN_FIELD(vm_memory_region, gpa, 8, 8);
ACRN_FIELD(vm_memory_region, service_vm_gpa, 16, 8);
ACRN_FIELD(vm_memory_region, size, 24, 8);
ACRN_SIZE(wp_data, 16);
ACRN_FIELD(wp_data, set, 0, 1);
ACRN_FIELD(wp_data, pad, 1, 7);
ACRN_FIELD(wp_data, gpa, 8, 8);
ACRN_SIZE(acrn_sbuf_param, 16);
ACRN_FIELD(acrn_sbuf_param, cpu_id, 0, 2);
ACRN_FIELD(acrn_sbuf_param, reserved, 2, 2);
ACRN_FIELD(acrn_sbuf_param, sbuf_id, 4, 4);
ACRN_FIELD(acrn_sbuf_param, gpa, 8, 8);
ACRN_SIZE(shared_buf, 64);
ACRN_FIELD(shared_buf, magic, 0, 8);
ACRN_FIELD(shared_buf, ele_num, 8, 4);
ACRN_FIELD(shared_buf, ele_size, 12, 4);
ACRN_FIELD(shared_buf, head, 16, 4);
ACRN_FIELD(shared_buf, tail, 20, 4);
ACRN_FIELD(shared_buf, flags, 24, 4);
ACRN_FIELD(shared_buf, reserved, 28, 4);
ACRN_FIELD(shared_buf, overrun_cnt, 32, 4);
ACRN_FIELD(shared_buf, size, 36, 4);
ACRN_FIELD(shared_buf, padding, 40, 24);
ACRN_SIZE(acrn_pcidev, 36);
ACRN_FIELD(acrn_pcidev, type, 0, 4);
ACRN_FIELD(acrn_pcidev, virt_bdf, 4, 2);
ACRN_FIELD(acrn_pcidev, phys_bdf, 6, 2);
ACRN_FIELD(acrn_pcidev, intr_line, 8, 1);
ACRN_FIELD(acrn_pcidev, intr_pin, 9, 1);
ACRN_FIELD(acrn_pcidev, bar, 12, 24);
ACRN_SIZE(acrn_mmiores, 32);
ACRN_SIZE(acrn_mmiodev, 104);
ACRN_FIELD(acrn_mmiodev, name, 0, 8);
ACRN_FIELD(acrn_mmiodev, res, 8, 96);
ACRN_SIZE(acrn_vdev, 192);
ACRN_FIELD(acrn_vdev, id, 0, 8);
ACRN_FIELD(acrn_vdev, slot, 8, 8);
ACRN_FIELD(acrn_vdev, io_addr, 16, 24);
ACRN_FIELD(acrn_vdev, io_size, 40, 24);
ACRN_FIELD(acrn_vdev, args, 64, 128);
ACRN_SIZE(vrp_config, 12);
ACRN_SIZE(hc_ptdev_irq, 24);
ACRN_FIELD(hc_ptdev_irq, type, 0, 4);
ACRN_FIELD(hc_ptdev_irq, virt_bdf, 4, 2);
ACRN_FIELD(hc_ptdev_irq, phys_bdf, 6, 2);
ACRN_FIELD(hc_ptdev_irq, intx.virt_pin, 8, 4);
ACRN_FIELD(hc_ptdev_irq, intx.phys_pin, 12, 4);
ACRN_FIELD(hc_ptdev_irq, intx.pic_pin, 16, 1);
ACRN_SIZE(hv_npk_log_param, 16);
ACRN_FIELD(hv_npk_log_param, loglevel, 4, 2);
ACRN_FIELD(hv_npk_log_param, mmio_addr, 8, 8);
ACRN_SIZE(acrn_hw_info, 8);
ACRN_FIELD(acrn_hw_info, cpu_num, 0, 2);
ACRN_SIZE(profiling_msr_op, 16);
ACRN_SIZE(profiling_msr_ops_list, 256);
ACRN_SIZE(profiling_version_info, 24);
ACRN_SIZE(profiling_control, 16);
ACRN_SIZE(profiling_pmi_config, 1208);
ACRN_SIZE(profiling_vmsw_config, 728);
ACRN_SIZE(profiling_pcpuid, 24);
ACRN_SIZE(profiling_status, 8);
ACRN_SIZE(trusty_boot_param, 96);
ACRN_FIELD(trusty_boot_param, size_of_this_struct, 0, 4);
ACRN_FIELD(trusty_boot_param, version, 4, 4);
ACRN_FIELD(trusty_boot_param, base_addr, 8, 4);
ACRN_FIELD(trusty_boot_param, entry_point, 12, 4);
ACRN_FIELD(trusty_boot_param, mem_size, 16, 4);
ACRN_FIELD(trusty_boot_param, base_addr_high, 24, 4);
ACRN_FIELD(trusty_boot_param, entry_point_high, 28, 4);
ACRN_FIELD(trusty_boot_param, rpmb_key, 32, 64);
ACRN_SIZE(trusty_boot_param_88, 88);
ACRN_FIELD(trusty_boot_param_88, rpmb_key, 24, 64);
ACRN_SIZE(acrn_vm_creation_v2_6, 48);
ACRN_FIELD(acrn_vm_creation_v2_6, uuid, 8, 16);
ACRN_FIELD(acrn_vm_creation_v2_6, vm_flag, 24, 8);
ACRN_SIZE(acrn_mmiodev_v2_5, 24);
ACRN_SIZE(hc_ptdev_irq_v1_6, 24);
ACRN_FIELD(hc_ptdev_irq_v1_6, is.intx.phys_pin, 12, 4);
ACRN_FIELD(hc_ptdev_irq_v1_6, is.msix.vector_cnt, 8, 4);
ACRN_SIZE(acrn_pm_command, 8);
ACRN_SIZE(acrn_pstate_data, 48);
ACRN_SIZE(acrn_cstate_data, 32);
ACRN_FIELD(acrn_cstate_data, cx_reg, 0, 12);
ACRN_FIELD(acrn_cstate_data, type, 12, 1);
ACRN_FIELD(acrn_cstate_data, latency, 16, 4);
ACRN_FIELD(acrn_cstate_data, power, 24, 8);
#endif

#undef ACRN_SIZE
#undef ACRN_FIELD

#endif
