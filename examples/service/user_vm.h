/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A User VM as the Service VM sees it: each function makes one hypercall and returns what ACRN did,
 * 0 or a negative error number. Sizes are in bytes; addresses are guest-physical, of the User VM
 * where they are called gpa.
 */
#ifndef SERVICE_USER_VM_H
#define SERVICE_USER_VM_H

#include "guest.h"

long ask_api_version(struct hc_api_version *version);
long create_user_vm(const char *name, uint16_t *vm);
long share_request_page(uint16_t vm);
long give_memory(uint16_t vm, uint64_t gpa, uint64_t service_vm_gpa, uint64_t size);
long take_memory(uint16_t vm, uint64_t gpa, uint64_t size);
long find_memory(uint16_t vm, uint64_t gpa, uint64_t *hpa);
long set_entry_point(uint16_t vm, uint64_t rip);
long start_user_vm(uint16_t vm);
long finish_request(uint16_t vm, uint16_t vcpu);
long pause_user_vm(uint16_t vm);
long reset_user_vm(uint16_t vm);
long destroy_user_vm(uint16_t vm);

#endif
