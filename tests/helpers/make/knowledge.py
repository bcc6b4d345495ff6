# SPDX-License-Identifier: BSD-3-Clause
"""Makes what is known of a hypervisor that has these calls and types alone."""

from acrn_trace.tables.calls import CallTable
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.tables.releases import Releases
from acrn_trace.tables.results import ResultRules
from acrn_trace.tables.types import Types


def knowledge_of(table: CallTable, types: Types) -> Knowledge:
    """No rules of results, and one release."""
    knowledge = Knowledge(table, Releases(["master"]), "master")
    knowledge.results, knowledge.types = ResultRules(), types
    return knowledge
