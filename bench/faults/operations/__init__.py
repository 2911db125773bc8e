"""Every public operation, on data just large enough that two threads share the work.

An operation is made ready by calling what the table has under its name, and then run any number of
times: all runs give the same.
"""

from faults.operations._operation import Making, Operation, digest
from faults.operations.files import FILES
from faults.operations.images import IMAGES
from faults.operations.linear import LINEAR
from faults.operations.neighbours import NEIGHBOURS

OPERATIONS: dict[str, Making] = {**NEIGHBOURS, **LINEAR, **IMAGES, **FILES}

__all__ = ["OPERATIONS", "Operation", "digest"]
