# SPDX-License-Identifier: BSD-3-Clause
"""Says what ``help`` tells of each command: GDB keeps that when a command is registered.

The texts are indented as docstrings are; GDB 13 takes that off.
"""

from acrn_trace.act.mock.setting_names import SETTINGS

TRACE = """Trace the guest's hypercalls from now on.

    hypercall trace [-e EXPR]... [-o FILE] [-f text|jsonl|chrome] [-c | -C] [-k] [-q] [-b N]
    hypercall trace off

    Connect first ('target remote ...'), then 'hypercall trace', then 'continue'.
      -e trace=CALL,...   only these calls (trace=!CALL,...: all but these): names, numbers,
                          %CLASS, /REGEX; also
                          status=failed|successful|unfinished, finding=KIND,
                          vcpu=N, site=SYMBOL
      -o FILE             write to FILE instead of here
      -f jsonl, chrome    one JSON object a call, or a file for Perfetto's UI
      -c, -C              a summary at the end, alone or after the trace (-S: its order)
      -k                  with the guest's call stack of each call
      -t, -tt, -ttt, -r   time of day, or since the call before
      -v                  arrays in full
      -b N                end after N calls: the guest goes on untraced
      -q                  no notices, calls only"""

SITES = """List the hypercall sites of the image: address, call, file and line, function.

    hypercall sites [-l]

    Sites come from the image's records and from its code. A possible site may be something else.
      -l    with the disassembly around each"""

LINT = """Find hypercalls of the image that will break, from the code around each site.

    hypercall lint [--json] [--disable ID]... [--only ID]... [--possible-sites]
    hypercall lint --explain ID

    Does R8 hold the number when VMCALL runs, and does the code use what the call has lost?"""

LOAD = """Load a call table or models: hypercall load FILE.def, hypercall load FILE.py

    A table's calls are traced by name like ACRN's own; one of the same number or name is replaced.
    The functions of a Python file answer calls, as 'hypercall mock FILE.py' does.
    """

MOCK = """Answer hypercalls in the debugger, as ACRN or a model of yours would.

    hypercall mock acrn [SETTING=VALUE]...   play ACRN: its calls, and the CPUID leaves by
                                             which a guest finds it
    hypercall mock NAME RETVAL               answer one call with a number or an error
                                             (-EINVAL)
    hypercall mock FILE.py                   answer calls by the functions of a Python file
    hypercall mock --replay TRACE            answer as in a trace that was recorded elsewhere
    hypercall mock off [NAME]                end one, or all
    hypercall mock                           list what is mocked
    hypercall mock upcall [VECTOR]           interrupt the guest, as ACRN does
    hypercall mock ioreq VM VCPU pio|mmio|wp|pci read|write ADDRESS SIZE [VALUE]
                                             a User VM's vCPU makes an I/O request
    hypercall mock ioreq VM VCPU             what became of it

    Asked first are single answers, then Python files, the replay, ACRN. Settings of ACRN:

    {settings}
    vmN          slot N: NAME[,cpus=MASK][,flags=rt|tee][,severity=standard|service|rtvm]
                 [,state=off|created|running|paused][,order=pre|post], or free"""

INFO = """Show the call table in use, or the calls in flight.

    info hypercalls [REGEXP]     the calls whose name matches REGEXP, or all
    info hypercalls in-flight    the calls that have not returned"""

RING = """Show the flight recorder's last calls, or record from it.

    hypercall ring [-n N] [--json]      the last N calls of each vCPU that the guest's ring has; of
                                        a dump all, unless -n says otherwise, else 10
    hypercall ring --follow [-o FILE]   from now on, read the ring whenever the guest says that it
                                        fills up, into FILE (default acrn.trace); then 'continue'
    hypercall ring off                  read what is left, and end the file

    The guest must be built with the ring. 'acrn-trace report FILE' shows a recording."""

NESTED = """Show or choose the nested page table through which a guest's memory is read.

    hypercall nested [show]              the selected thread's, if it runs a nested guest
    hypercall nested find                find it anew, where the vCPU stands in the image's code
    hypercall nested set NCR3 [LEVELS]   it is at this host-physical address, of 4 or 5 levels
    hypercall nested set none            the selected thread runs no nested guest
    hypercall nested walk [-p] ADDRESS   the way to a virtual address, with -p a guest-physical one

    A guest of a hypervisor that itself runs in QEMU has memory of its own, which only AMD's nested
    page tables lead to. A trace finds the table by itself, by the VMCB and by the code at a site.
    Commands of GDB's own (x, print, backtrace) read the machine's memory all the same."""

GPA = """Show guest-physical memory.

    hypercall gpa ADDRESS [SIZE]   SIZE bytes, 64 by default, as x/xb shows them

    Of a nested guest they are read through its nested page table ('hypercall nested').
    $_gpa(ADDRESS) is the number there, of 64 bits; $_gpa(ADDRESS, 4) one of 4 bytes (1, 2, 4, 8);
    $_gpa(ADDRESS, *(struct NAME *)0) is what has the type of the second argument."""

DIAGNOSE = """Say what probably happened to a guest that died or hangs, and on what evidence.

    hypercall diagnose [--json]

    For a dump of QEMU's ('gdb -x acrn-trace.py IMAGE DUMP', or 'core-file DUMP') and for a live
    guest that is stopped. Nothing is read but the guest's registers and memory, and the image.
      --json    one object, for scripts"""

CALL = """Make a call from the stopped guest, print its event, and put everything back.

    hypercall call [-f] NAME|NUMBER [ARGUMENT]...

    Arguments are numbers, names of the tables' enumerations, or GDB expressions (in parentheses
    where they have spaces); a structure is {field=value, ...}, a list [value, ...], text "...".
    Structures are built in the page that the guest reserves (cstub/src/scratch.S); a number in
    place of one is the guest-physical address of one that is there, and so is '&variable'. Outputs
    may be left out.

      hypercall call get_api_version
      hypercall call create_vm {name="vm1", cpu_affinity=1<<2}
      hypercall call set_memory_regions {vmid=1, regions_gpa=[{gpa=0, size=0x1000}]}

    The other vCPUs are held meanwhile, and interrupts are off.
      -f    also where another vCPU is in the hypervisor, and may hold a lock that the call needs"""

DEFINE = """Define a call: hypercall define 'LINE OF A .def'

    LINE is HYPERCALLn(NUMBER, NAME, ARGUMENT...), as in a call table (docs/call-table.md):

      hypercall define 'HYPERCALL2(0x800000a0, get_load, VMID(vmid), PTR(out, vm_load, load))'

    From then on it is decoded, filtered, mocked and called like one of ACRN's. A structure that
    ACRN does not have is looked up in the image's debug information. A call of the same number or
    name is replaced. 'hypercall load FILE' takes a file of such lines, and so does C."""

INJECT = """Tamper with hypercalls, in strace's grammar.

    hypercall inject CALLS:OPTION[:OPTION]...
    hypercall inject            list what is injected, and how many calls each has counted
    hypercall inject off        end it all

    CALLS are names or numbers with commas between, all, /REGEX or %CLASS.
      error=E          do not make the call: it returns -E (a name of ACRN's, or a number)
      retval=N         do not make the call: it returns N, of 64 bits
      skip             do not make the call: it returns 0
      delay_enter=T    hold the guest before the call: microseconds, or 2s, 20ms, 500us, 9ns
      delay_exit=T     hold the guest after the call
      poke_enter=P     change a register (rsi=5), a field of an argument (vm.vmid=7) or several
                       (rsi=5,rdi=1) before the call
      poke_exit=P      the same after the call
      when=F..L+S      only the calls from number F to number L, each S-th: 3, 3+, 3..7, 1+2"""

CATCH = """Stop when the guest makes a hypercall.

    catch hypercall [-r] [CALL]... [thread N] [if EXPR]

    CALL is a name, a number, %CLASS or /CLASS (general, vm, irq, ioreq, memory, device, debug,
    trusty, power, tee) or /REGEX; without one every call is caught. The guest stops at the VMCALL,
    before the call is made; with -r behind it, where the call is back.
    In EXPR and in commands: $_hypercall_nr, $_hypercall_name, $_hypercall_arg(1),
    $_hypercall_arg(2), and with -r $_hypercall_ret.
    The entry has a number: condition, ignore, commands, enable, disable and delete take it."""

MOCK = MOCK.replace(
    "{settings}", "\n    ".join(f"{name:12} {what}" for name, what in SETTINGS.items())
)
