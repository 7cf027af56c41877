"""Several VMs described in one file: reading it, checking it, and what comes before what."""

from vmnb.lab.find import LAB_FILES, find_lab, lab_above
from vmnb.lab.order import in_order, reversed_needs
from vmnb.lab.plan import LabPlan, Member, read_plan
from vmnb.lab.schema import lab_schema
from vmnb.lab.values import Step

__all__ = [
    "LAB_FILES",
    "LabPlan",
    "Member",
    "Step",
    "find_lab",
    "in_order",
    "lab_above",
    "lab_schema",
    "read_plan",
    "reversed_needs",
]
