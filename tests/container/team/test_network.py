"""Hosts that are told an interface which this machine lacks meet through the only other one."""

import re

import pytest

from container.contract.errors import ClientError
from container.team.network import choose_other, interface_address

LOOPBACK = {"lo": "127.0.0.1", "lo:1": "127.0.0.9"}


def test_an_interface_that_has_an_address_is_taken_without_a_word() -> None:
    said: list[str] = []
    assert (interface_address("lo", said.append), said) == ("127.0.0.1", [])


@pytest.mark.parametrize("others", [{"eth0": "172.18.0.2"}, {"enp1s0": "192.168.1.7"}])
def test_one_that_is_not_there_gives_way_to_the_only_one_that_leads_out(others: dict[str, str]) -> None:
    assert [choose_other("ethwe", LOOPBACK | others)] == [*others]


@pytest.mark.parametrize(
    ("addresses", "told"),
    [
        ({}, "There are: none. Connect this host to a network."),
        ({"lo": "127.0.0.1"}, "There are: lo (127.0.0.1). Connect this host to a network."),
        (
            {"lo": "127.0.0.1", "eth0": "172.18.0.2", "eth1": "10.0.0.2"},
            "There are: lo (127.0.0.1), eth0 (172.18.0.2), eth1 (10.0.0.2). Name the one that leads to other hosts.",
        ),
    ],
)
def test_where_no_other_or_more_than_one_leads_out_all_are_told(addresses: dict[str, str], told: str) -> None:
    with pytest.raises(ClientError, match=re.escape(f"found 'ethwe'. {told}")):
        choose_other("ethwe", addresses)
