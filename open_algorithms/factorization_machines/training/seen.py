"""Keep which users came with which items in the rows of a job, so that these need not be recommended again.

Tests: tests/factorization_machines/training/test_tables.py.
"""

import numpy as np

from open_algorithms.factorization_machines.artifact.seen import MOST_PAIRS, SeenPairs
from open_algorithms.factorization_machines.recommending.collecting import SeenCollector
from open_algorithms.factorization_machines.recommending.pairs import find_pair
from open_algorithms.factorization_machines.training.plan import Plan
from open_algorithms.learning.types.arrays import Int64s


def collect_seen_pairs(plan: Plan) -> SeenPairs | None:
    """Return the pairs of all hosts' train rows, also of those that were held out.

    None where the table does not have just one column of users and one of items, or where there are too many pairs.
    """
    pair, hosts = find_pair(plan.columns.recipe), plan.work.hosts
    if pair is None:
        return None
    collector = SeenCollector(pair, MOST_PAIRS)
    with hosts.stopping_together():
        for rows in (plan.train, plan.validation if plan.is_held_out else None):
            for X, _ in () if rows is None else rows.raw_blocks():
                plan.work.raise_if_stopped()
                collector.add_rows(X)
    own = collector.collect()
    if hosts.all_reduce([own is None])[0] or own is None:
        plan.work.log.info(f"Users have seen more than {MOST_PAIRS:,} items: the model does not keep which.")
        return None
    if hosts.count == 1:
        return own
    every = SeenCollector(pair)
    for users, items in zip(hosts.all_gather(list_users(own)), hosts.all_gather(own.items), strict=True):
        every.add_places(users.astype(np.int64), items.astype(np.int64))
    return every.collect()


def list_users(seen: SeenPairs) -> Int64s:
    """Return the place of the user of each pair, (pairs,)."""
    return np.repeat(np.arange(seen.user_count), np.diff(seen.starts))
