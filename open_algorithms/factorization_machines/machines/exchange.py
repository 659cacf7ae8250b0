"""Gradients over hosts: of features that any host's rows have.

Tests: tests/factorization_machines/training/test_hosts.py.
"""

import numpy as np

from open_algorithms.factorization_machines.machines.machines import Gradients
from open_algorithms.learning.job.hosts import Hosts


def reduce_gradients(own: Gradients, rows: int, hosts: Hosts) -> tuple[Gradients, float]:
    """Return the sum of the hosts' gradients, of the features that one of them has, and the number of rows.

    Where no host has rows left, this is 0. All hosts must call it, with no features where they have no rows.
    """
    features = np.unique(np.concatenate(hosts.all_gather(own.features.astype(np.float64)))).astype(np.int32)
    sums = np.zeros((len(features), own.sums.shape[1] + 1), np.float32)
    places = np.searchsorted(features, own.features)
    sums[places, :-1], sums[places, -1] = own.sums, own.occurrences
    message = np.concatenate([[np.float32(rows)], own.bias, sums.reshape(-1)]).astype(np.float32)
    total = np.asarray(hosts.all_reduce(message), np.float32)
    bias, found = total[1 : 1 + len(own.bias)], total[1 + len(own.bias) :].reshape(sums.shape)
    return Gradients(features, found[:, -1].copy(), found[:, :-1].copy(), bias.copy()), float(total[0])
