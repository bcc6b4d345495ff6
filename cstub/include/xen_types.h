/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The structures that Xen's hypercalls take from HVM and PVH guests, with Xen's layout (x86-64,
 * little endian). As acrn_types.h, compiled with debug information this file is the schema by which
 * a trace is decoded. A handle is the virtual address of what it leads to.
 *
 * Freestanding: needs only <stdint.h>.
 *
 * Source: Xen 4.17, xen/include/public: version.h, memory.h, console.h (CONSOLEIO_ and
 * multicall_entry in xen.h), sched.h, event_channel.h, vcpu.h, grant_table.h, physdev.h,
 * hvm/hvm_op.h. Names of enumerations are ours; their values, and those of the fields, are Xen's,
 * without its prefixes where they say nothing. What Xen has as a structure within gnttab_copy, or
 * as one number of two meanings, is here a field for each.
 */
#ifndef XEN_TYPES_H
#define XEN_TYPES_H

#include <stdint.h>

/* The calls, by xen.def: what an entry of a multicall is. */
#define HYPERCALL0(number, name)      __HYPERVISOR_##name = number,
#define HYPERCALL1(number, name, ...) __HYPERVISOR_##name = number,
#define HYPERCALL2(number, name, ...) __HYPERVISOR_##name = number,
#define HYPERCALL3(number, name, ...) __HYPERVISOR_##name = number,
#define HYPERCALL4(number, name, ...) __HYPERVISOR_##name = number,
#define HYPERCALL5(number, name, ...) __HYPERVISOR_##name = number,
enum xen_call {
#include "xen.def"
};
#undef HYPERCALL0
#undef HYPERCALL1
#undef HYPERCALL2
#undef HYPERCALL3
#undef HYPERCALL4
#undef HYPERCALL5

struct xen_multicall_entry {
	enum xen_call op;
	uint32_t op_high; /* of a number of 64 bits */
	int64_t result;
	uint64_t args[6];
};

enum xen_version_op {
	XENVER_version = 0,
	XENVER_extraversion = 1,
	XENVER_compile_info = 2,
	XENVER_capabilities = 3,
	XENVER_changeset = 4,
	XENVER_platform_parameters = 5,
	XENVER_get_features = 6,
	XENVER_pagesize = 7,
	XENVER_guest_handle = 8,
	XENVER_commandline = 9,
	XENVER_build_id = 10,
};

struct xen_extraversion {
	char text[16];
};

struct xen_compile_info {
	char compiler[64];
	char compile_by[16];
	char compile_domain[32];
	char compile_date[32];
};

struct xen_capabilities_info {
	char text[1024];
};

struct xen_changeset_info {
	char text[64];
};

struct xen_platform_parameters {
	uint64_t virt_start;
};

struct xen_feature_info {
	uint32_t submap_idx;
	uint32_t submap;
};

struct xen_domain_handle {
	uint8_t handle[16];
};

enum xen_memory_op {
	XENMEM_increase_reservation = 0,
	XENMEM_decrease_reservation = 1,
	XENMEM_maximum_ram_page = 2,
	XENMEM_current_reservation = 3,
	XENMEM_maximum_reservation = 4,
	XENMEM_machphys_mfn_list = 5,
	XENMEM_populate_physmap = 6,
	XENMEM_add_to_physmap = 7,
	XENMEM_memory_map = 9,
	XENMEM_machine_memory_map = 10,
	XENMEM_exchange = 11,
	XENMEM_machphys_mapping = 12,
	XENMEM_set_memory_map = 13,
	XENMEM_maximum_gpfn = 14,
	XENMEM_remove_from_physmap = 15,
	XENMEM_set_pod_target = 16,
	XENMEM_get_pod_target = 17,
	XENMEM_add_to_physmap_batch = 23,
	XENMEM_acquire_resource = 28,
};

struct xen_domid {
	uint16_t domid;
};

struct xen_memory_reservation {
	uint64_t extent_start; /* handle of frame numbers */
	uint64_t nr_extents;
	uint32_t extent_order;
	uint32_t mem_flags;
	uint16_t domid;
};

struct xen_memory_exchange {
	struct xen_memory_reservation in;
	struct xen_memory_reservation out;
	uint64_t nr_exchanged;
};

struct xen_machphys_mfn_list {
	uint32_t max_extents;
	uint64_t extent_start; /* handle of frame numbers */
	uint32_t nr_extents;
};

enum xen_map_space {
	XENMAPSPACE_shared_info = 0,
	XENMAPSPACE_grant_table = 1,
	XENMAPSPACE_gmfn = 2,
	XENMAPSPACE_gmfn_range = 3,
	XENMAPSPACE_gmfn_foreign = 4,
	XENMAPSPACE_dev_mmio = 5,
};

struct xen_add_to_physmap {
	uint16_t domid;
	uint16_t size;
	enum xen_map_space space;
	uint64_t idx;
	uint64_t gpfn;
};

struct xen_add_to_physmap_batch {
	uint16_t domid;
	uint16_t space; /* one of xen_map_space */
	uint16_t size;
	uint16_t foreign_domid;
	uint64_t idxs;	/* handle of indices within the space */
	uint64_t gpfns; /* handle of frame numbers */
	uint64_t errs;	/* handle of an error each */
};

struct xen_pod_target {
	uint64_t target_pages;
	uint64_t tot_pages;
	uint64_t pod_cache_pages;
	uint64_t pod_entries;
	uint16_t domid;
};

struct xen_remove_from_physmap {
	uint16_t domid;
	uint64_t gpfn;
};

struct xen_e820entry {
	uint64_t addr;
	uint64_t size;
	uint32_t type;
} __attribute__((packed));

struct xen_memory_map {
	uint32_t nr_entries;
	uint64_t buffer; /* handle of xen_e820entry */
};

struct xen_machphys_mapping {
	uint64_t v_start, v_end;
	uint64_t max_mfn;
};

struct xen_acquire_resource {
	uint16_t domid;
	uint16_t type;
	uint32_t id;
	uint32_t nr_frames;
	uint32_t pad;
	uint64_t frame;
	uint64_t frame_list; /* handle of frame numbers */
};

enum xen_console_op {
	CONSOLEIO_write = 0,
	CONSOLEIO_read = 1,
};

enum xen_sched_op {
	SCHEDOP_yield = 0,
	SCHEDOP_block = 1,
	SCHEDOP_shutdown = 2,
	SCHEDOP_poll = 3,
	SCHEDOP_remote_shutdown = 4,
	SCHEDOP_shutdown_code = 5,
	SCHEDOP_watchdog = 6,
	SCHEDOP_pin_override = 7,
};

enum xen_shutdown_reason {
	SHUTDOWN_poweroff = 0,
	SHUTDOWN_reboot = 1,
	SHUTDOWN_suspend = 2,
	SHUTDOWN_crash = 3,
	SHUTDOWN_watchdog = 4,
	SHUTDOWN_soft_reset = 5,
};

struct xen_sched_shutdown {
	enum xen_shutdown_reason reason;
};

struct xen_sched_poll {
	uint64_t ports; /* handle of their numbers */
	uint32_t nr_ports;
	uint64_t timeout;
};

struct xen_sched_remote_shutdown {
	uint16_t domain_id;
	enum xen_shutdown_reason reason;
};

struct xen_sched_watchdog {
	uint32_t id;
	uint32_t timeout; /* in seconds */
};

struct xen_sched_pin_override {
	int32_t pcpu;
};

enum xen_evtchn_op {
	EVTCHNOP_bind_interdomain = 0,
	EVTCHNOP_bind_virq = 1,
	EVTCHNOP_bind_pirq = 2,
	EVTCHNOP_close = 3,
	EVTCHNOP_send = 4,
	EVTCHNOP_status = 5,
	EVTCHNOP_alloc_unbound = 6,
	EVTCHNOP_bind_ipi = 7,
	EVTCHNOP_bind_vcpu = 8,
	EVTCHNOP_unmask = 9,
	EVTCHNOP_reset = 10,
	EVTCHNOP_init_control = 11,
	EVTCHNOP_expand_array = 12,
	EVTCHNOP_set_priority = 13,
};

struct xen_evtchn_bind_interdomain {
	uint16_t remote_dom;
	uint32_t remote_port;
	uint32_t local_port;
};

struct xen_evtchn_bind_virq {
	uint32_t virq;
	uint32_t vcpu;
	uint32_t port;
};

struct xen_evtchn_bind_pirq {
	uint32_t pirq;
	uint32_t flags;
	uint32_t port;
};

struct xen_evtchn_port {
	uint32_t port;
};

struct xen_evtchn_status {
	uint16_t dom;
	uint32_t port;
	uint32_t status;
	uint32_t vcpu;
	uint32_t bound_to[2]; /* by the status */
};

struct xen_evtchn_alloc_unbound {
	uint16_t dom;
	uint16_t remote_dom;
	uint32_t port;
};

struct xen_evtchn_bind_ipi {
	uint32_t vcpu;
	uint32_t port;
};

struct xen_evtchn_bind_vcpu {
	uint32_t port;
	uint32_t vcpu;
};

struct xen_evtchn_init_control {
	uint64_t control_gfn;
	uint32_t offset;
	uint32_t vcpu;
	uint8_t link_bits;
	uint8_t pad[7];
};

struct xen_evtchn_expand_array {
	uint64_t array_gfn;
};

struct xen_evtchn_set_priority {
	uint32_t port;
	uint32_t priority;
};

enum xen_vcpu_op {
	VCPUOP_initialise = 0,
	VCPUOP_up = 1,
	VCPUOP_down = 2,
	VCPUOP_is_up = 3,
	VCPUOP_get_runstate_info = 4,
	VCPUOP_register_runstate_memory_area = 5,
	VCPUOP_set_periodic_timer = 6,
	VCPUOP_stop_periodic_timer = 7,
	VCPUOP_set_singleshot_timer = 8,
	VCPUOP_stop_singleshot_timer = 9,
	VCPUOP_register_vcpu_info = 10,
	VCPUOP_send_nmi = 11,
	VCPUOP_get_physid = 12,
	VCPUOP_register_vcpu_time_memory_area = 13,
};

struct xen_vcpu_runstate_info {
	int32_t state;
	uint64_t state_entry_time; /* in nanoseconds, as all times */
	uint64_t time[4];
};

struct xen_vcpu_area {
	uint64_t address;
};

struct xen_vcpu_set_periodic_timer {
	uint64_t period_ns;
};

struct xen_vcpu_set_singleshot_timer {
	uint64_t timeout_abs_ns;
	uint32_t flags;
};

struct xen_vcpu_register_vcpu_info {
	uint64_t mfn;
	uint32_t offset;
	uint32_t rsvd;
};

struct xen_vcpu_get_physid {
	uint64_t phys_id;
};

enum xen_grant_table_op {
	GNTTABOP_map_grant_ref = 0,
	GNTTABOP_unmap_grant_ref = 1,
	GNTTABOP_setup_table = 2,
	GNTTABOP_dump_table = 3,
	GNTTABOP_transfer = 4,
	GNTTABOP_copy = 5,
	GNTTABOP_query_size = 6,
	GNTTABOP_unmap_and_replace = 7,
	GNTTABOP_set_version = 8,
	GNTTABOP_get_status_frames = 9,
	GNTTABOP_get_version = 10,
	GNTTABOP_swap_grant_ref = 11,
	GNTTABOP_cache_flush = 12,
};

struct xen_gnttab_map_grant_ref {
	uint64_t host_addr;
	uint32_t flags;
	uint32_t ref;
	uint16_t dom;
	int16_t status;
	uint32_t handle;
	uint64_t dev_bus_addr;
};

struct xen_gnttab_unmap_grant_ref {
	uint64_t host_addr;
	uint64_t dev_bus_addr;
	uint32_t handle;
	int16_t status;
};

struct xen_gnttab_setup_table {
	uint16_t dom;
	uint32_t nr_frames;
	int16_t status;
	uint64_t frame_list; /* handle of frame numbers */
};

struct xen_gnttab_dump_table {
	uint16_t dom;
	int16_t status;
};

struct xen_gnttab_transfer {
	uint64_t mfn;
	uint16_t domid;
	uint32_t ref;
	int16_t status;
};

union xen_gnttab_page {
	uint32_t ref;
	uint64_t gmfn;
};

struct xen_gnttab_copy {
	union xen_gnttab_page source;
	uint16_t source_domid;
	uint16_t source_offset;
	union xen_gnttab_page dest;
	uint16_t dest_domid;
	uint16_t dest_offset;
	uint16_t len __attribute__((aligned(8)));
	uint16_t source_gref : 1; /* the flags, each a bit */
	uint16_t dest_gref : 1;
	uint16_t flags : 14;
	int16_t status;
};

struct xen_gnttab_unmap_and_replace {
	uint64_t host_addr;
	uint64_t new_addr;
	uint32_t handle;
	int16_t status;
};

struct xen_gnttab_get_status_frames {
	uint32_t nr_frames;
	uint16_t dom;
	int16_t status;
	uint64_t frame_list; /* handle of frame numbers */
};

struct xen_gnttab_swap_grant_ref {
	uint32_t ref_a;
	uint32_t ref_b;
	int16_t status;
};

struct xen_gnttab_query_size {
	uint16_t dom;
	uint32_t nr_frames;
	uint32_t max_nr_frames;
	int16_t status;
};

struct xen_gnttab_set_version {
	uint32_t version;
};

struct xen_gnttab_get_version {
	uint16_t dom;
	uint16_t pad;
	uint32_t version;
};

enum xen_physdev_op {
	PHYSDEVOP_IRQ_UNMASK_NOTIFY = 4,
	PHYSDEVOP_irq_status_query = 5,
	PHYSDEVOP_set_iopl = 6,
	PHYSDEVOP_set_iobitmap = 7,
	PHYSDEVOP_apic_read = 8,
	PHYSDEVOP_apic_write = 9,
	PHYSDEVOP_alloc_irq_vector = 10,
	PHYSDEVOP_free_irq_vector = 11,
	PHYSDEVOP_eoi = 12,
	PHYSDEVOP_map_pirq = 13,
	PHYSDEVOP_unmap_pirq = 14,
	PHYSDEVOP_manage_pci_add = 15,
	PHYSDEVOP_manage_pci_remove = 16,
	PHYSDEVOP_pirq_eoi_gmfn_v1 = 17,
	PHYSDEVOP_restore_msi = 19,
	PHYSDEVOP_manage_pci_add_ext = 20,
	PHYSDEVOP_setup_gsi = 21,
	PHYSDEVOP_get_free_pirq = 23,
	PHYSDEVOP_pci_mmcfg_reserved = 24,
	PHYSDEVOP_pci_device_add = 25,
	PHYSDEVOP_pci_device_remove = 26,
	PHYSDEVOP_restore_msi_ext = 27,
	PHYSDEVOP_pirq_eoi_gmfn_v2 = 28,
	PHYSDEVOP_dbgp_op = 29,
	PHYSDEVOP_prepare_msix = 30,
	PHYSDEVOP_release_msix = 31,
};

struct xen_physdev_irq_status_query {
	uint32_t irq;
	uint32_t flags;
};

struct xen_physdev_set_iopl {
	uint32_t iopl;
};

struct xen_physdev_apic {
	uint64_t apic_physbase;
	uint32_t reg;
	uint32_t value;
};

struct xen_physdev_irq {
	uint32_t irq;
	uint32_t vector;
};

struct xen_physdev_eoi {
	uint32_t irq;
};

enum xen_map_pirq_type {
	MAP_PIRQ_TYPE_MSI = 0,
	MAP_PIRQ_TYPE_GSI = 1,
	MAP_PIRQ_TYPE_UNKNOWN = 2,
	MAP_PIRQ_TYPE_MSI_SEG = 3,
	MAP_PIRQ_TYPE_MULTI_MSI = 4,
};

struct xen_physdev_map_pirq {
	uint16_t domid;
	enum xen_map_pirq_type type;
	int32_t index;
	int32_t pirq;
	int32_t bus;
	int32_t devfn;
	int32_t entry_nr;
	uint64_t table_base;
};

struct xen_physdev_unmap_pirq {
	uint16_t domid;
	int32_t pirq;
};

struct xen_physdev_manage_pci {
	uint8_t bus;
	uint8_t devfn;
};

struct xen_physdev_pirq_eoi_gmfn {
	uint64_t gmfn;
};

struct xen_physdev_manage_pci_ext {
	uint8_t bus;
	uint8_t devfn;
	uint32_t is_extfn;
	uint32_t is_virtfn;
	struct xen_physdev_manage_pci physfn;
};

struct xen_physdev_setup_gsi {
	int32_t gsi;
	uint8_t triggering;
	uint8_t polarity;
};

struct xen_physdev_get_free_pirq {
	enum xen_map_pirq_type type;
	uint32_t pirq;
};

struct xen_physdev_pci_mmcfg_reserved {
	uint64_t address;
	uint16_t segment;
	uint8_t start_bus;
	uint8_t end_bus;
	uint32_t flags;
};

/* What follows it is there by the flags, and not decoded. */
struct xen_physdev_pci_device_add {
	uint16_t seg;
	uint8_t bus;
	uint8_t devfn;
	uint32_t flags;
	struct xen_physdev_manage_pci physfn;
};

struct xen_physdev_pci_device {
	uint16_t seg;
	uint8_t bus;
	uint8_t devfn;
};

struct xen_physdev_dbgp_op {
	uint8_t op;
	uint8_t bus;
	struct xen_physdev_pci_device pci;
};

enum xen_hvm_op {
	HVMOP_set_param = 0,
	HVMOP_get_param = 1,
	HVMOP_set_pci_intx_level = 2,
	HVMOP_set_isa_irq_level = 3,
	HVMOP_set_pci_link_route = 4,
	HVMOP_flush_tlbs = 5,
	HVMOP_pagetable_dying = 9,
	HVMOP_get_time = 10,
	HVMOP_xentrace = 11,
	HVMOP_set_mem_access = 12,
	HVMOP_get_mem_access = 13,
	HVMOP_get_mem_type = 15,
	HVMOP_set_evtchn_upcall_vector = 23,
	HVMOP_guest_request_vm_event = 24,
	HVMOP_altp2m = 25,
};

enum xen_hvm_param_index {
	HVM_PARAM_CALLBACK_IRQ = 0,
	HVM_PARAM_STORE_PFN = 1,
	HVM_PARAM_STORE_EVTCHN = 2,
	HVM_PARAM_PAE_ENABLED = 4,
	HVM_PARAM_IOREQ_PFN = 5,
	HVM_PARAM_BUFIOREQ_PFN = 6,
	HVM_PARAM_VIRIDIAN = 9,
	HVM_PARAM_TIMER_MODE = 10,
	HVM_PARAM_HPET_ENABLED = 11,
	HVM_PARAM_IDENT_PT = 12,
	HVM_PARAM_ACPI_S_STATE = 14,
	HVM_PARAM_VM86_TSS = 15,
	HVM_PARAM_VPT_ALIGN = 16,
	HVM_PARAM_CONSOLE_PFN = 17,
	HVM_PARAM_CONSOLE_EVTCHN = 18,
	HVM_PARAM_ACPI_IOPORTS_LOCATION = 19,
};

struct xen_hvm_param {
	uint16_t domid;
	uint16_t pad;
	enum xen_hvm_param_index index;
	uint64_t value;
};

struct xen_hvm_get_time {
	uint64_t now;
};

struct xen_hvm_get_mem_type {
	uint16_t domid;
	uint16_t mem_type;
	uint16_t pad[2];
	uint64_t pfn;
};

struct xen_hvm_evtchn_upcall_vector {
	uint32_t vcpu;
	uint8_t vector;
};

enum xen_assist_op {
	VMASST_CMD_enable = 0,
	VMASST_CMD_disable = 1,
};

#endif
