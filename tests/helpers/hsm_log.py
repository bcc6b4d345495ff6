# SPDX-License-Identifier: BSD-3-Clause
"""The guest's own log of its ioctls (examples/linux/init), and the hypercalls that each makes.

What an ioctl makes is read off the driver (drivers/virt/acrn of Linux 6.1), not off a trace.
"""

import re
from dataclasses import dataclass
from typing import Any

_LINE = re.compile(r"hsm: (\w+)\[(\d+)\] ([\w-]+) (.*) = (-?\d+)$", re.MULTILINE)
NO_VM = 0xFFFF
REFUSED = -22  # by the driver, which makes no call then
NOTHING: tuple[str, ...] = ()


def _within(structure: str, *fields: str) -> dict[str, str]:
    """Fields of a call's structure that have the names of the ioctl's arguments."""
    return {field.rpartition(".")[2]: f"{structure}.{field}" for field in fields}


VMID = {"vmid": "vmid"}
INTR = VMID | _within("irq.intx", "virt_pin", "phys_pin")
MMIODEV = VMID | {"size": "device.res.0.size"}

# What an ioctl calls, and where in the call's decoded arguments the ioctl's own are.
CALLS: dict[str, tuple[str, dict[str, str]]] = {
    "START_VM": ("start_vm", VMID),
    "PAUSE_VM": ("pause_vm", VMID),
    "RESET_VM": ("reset_vm", VMID),
    "DESTROY_VM": ("destroy_vm", VMID),
    "SET_VCPU_REGS": ("set_vcpu_regs", VMID | _within("regs", "vcpu_id", "vcpu_regs.rip")),
    "INJECT_MSI": ("inject_msi", VMID | _within("msi", "msi_addr", "msi_data")),
    "SET_IRQLINE": ("set_irqline", VMID | _within("line", "gsi", "op")),
    "VM_INTR_MONITOR": ("vm_intr_monitor", VMID),
    "NOTIFY_REQUEST_FINISH": ("notify_request_finish", VMID | {"vcpu": "vcpu"}),
    "SET_MEMSEG": ("set_memory_regions", _within("regions", "vmid")),
    "ASSIGN_PCIDEV": ("assign_pcidev", VMID | _within("device", "virt_bdf", "phys_bdf")),
    "DEASSIGN_PCIDEV": ("deassign_pcidev", VMID | _within("device", "virt_bdf")),
    "SET_PTDEV_INTR": ("set_ptdev_intr_info", INTR),
    "RESET_PTDEV_INTR": ("reset_ptdev_intr_info", INTR),
    "ASSIGN_MMIODEV": ("assign_mmiodev", MMIODEV),
    "DEASSIGN_MMIODEV": ("deassign_mmiodev", MMIODEV),
    "CREATE_VDEV": ("add_vdev", VMID | _within("device", "id.vendor", "slot")),
    "DESTROY_VDEV": ("remove_vdev", VMID | _within("device", "id.device", "slot")),
    "PM_GET_CPU_STATE": ("pm_get_cpu_state", _within("command", "vmid", "type", "state")),
    "remove_cpu": ("service_vm_offline_cpu", {"cpu": "lapic_id"}),
}
CALLS["UNSET_MEMSEG"] = CALLS["SET_MEMSEG"]
CALLS["write-eventfd"] = CALLS["INJECT_MSI"]
WITHOUT_CALLS = {"CREATE_IOREQ_CLIENT", "IRQFD"}
ENUMERATIONS = {
    "line.op": ["ACRN_GSI_SET_HIGH", "ACRN_GSI_SET_LOW"]
    + ["ACRN_GSI_RISING_PULSE", "ACRN_GSI_FALLING_PULSE"],
    "command.type": ["ACRN_PM_PX_COUNT", "ACRN_PM_PX_DATA", "ACRN_PM_CX_COUNT", "ACRN_PM_CX_DATA"],
}


@dataclass
class Ioctl:
    """One line of the log."""

    task: str
    pid: int
    name: str
    arguments: dict[str, int]
    result: int


@dataclass
class Expected:
    """One call that an ioctl makes. Paths lead to values in its decoded arguments."""

    name: str
    ret: int
    values: dict[str, Any]


def ioctls_in(console: str) -> list[Ioctl]:
    found = []
    for task, pid, name, arguments, result in _LINE.findall(console.replace("\r", "")):
        values = dict(word.split("=") for word in arguments.split())
        numbers = {key: int(value, 0) for key, value in values.items()}
        found.append(Ioctl(task, int(pid), name, numbers, int(result)))
    return found


def calls_of(ioctl: Ioctl) -> list[Expected]:
    """The hypercalls of one ioctl, in their order."""
    if ioctl.name in WITHOUT_CALLS or _is_refused(ioctl):
        return []
    if ioctl.name == "CREATE_VM":
        return _creation(ioctl)
    name, paths = CALLS[ioctl.name]
    values = {path: _value(path, ioctl.arguments[key]) for key, path in paths.items()}
    return [Expected(name, ioctl.result, values)]


def _is_refused(ioctl: Ioctl) -> bool:
    """The driver knows of no such VM, or of no such vCPU."""
    no_vm = ioctl.name != "CREATE_VM" and ioctl.arguments.get("vmid") == NO_VM
    no_vcpu = ioctl.name == "NOTIFY_REQUEST_FINISH" and ioctl.arguments["vcpu"] > 0
    return ioctl.result == REFUSED and (no_vm or no_vcpu)


def _creation(ioctl: Ioctl) -> list[Expected]:
    vmid = ioctl.arguments["vmid"]
    if vmid == NO_VM:
        return [Expected("create_vm", ioctl.result, {})]
    buffer = Expected("set_ioreq_buffer", 0, {"vmid": vmid})
    return [Expected("create_vm", 0, {"vm.vmid.out": vmid}), buffer]


def _value(path: str, number: int) -> Any:
    return ENUMERATIONS[path][number] if path in ENUMERATIONS else number


def decoded_at(event: dict, path: str) -> Any:
    """A value in an event's decoded arguments; numbers in hexadecimal as numbers."""
    tree: Any = event["decoded"]
    for part in path.split("."):
        if isinstance(tree, dict) and "out" in tree and part != "out":
            tree = tree["out"]
        tree = tree[int(part)] if isinstance(tree, list) else tree[part]
    if isinstance(tree, dict) and tree.keys() == {"in", "out"}:
        tree = tree["out"]
    return int(tree, 16) if isinstance(tree, str) and tree.startswith("0x") else tree
