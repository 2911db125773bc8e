"""The answer that every other is compared with: brute force, checked by an oracle in float64."""

from harness.agreement import NeighborJudge
from harness.methods import Task
from harness.options import Images
from peers.nearplane_search import search_method


def checked_judge(rows: Images, task: Task, k: int, n_oracle: int) -> NeighborJudge:
    """Search by brute force, on integers if the rows are bytes, and check the first answers.

    The oracle takes a third of a second for each query of CIFAR-10.
    """
    brute = search_method(task, k, "brute").build(rows.base)
    judge = NeighborJudge(rows.queries, rows.base, task.metric, brute(rows.queries))
    judge.check_with_oracle(n_oracle)
    return judge
