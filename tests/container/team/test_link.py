"""Messages come whole and in order, garbage ends a connection, and nothing waits."""

import socket
import time
from collections.abc import Iterator

import pytest

from container.team import link
from container.team.link import MAX_LINE_BYTES, AwakeClock, Link, Message


@pytest.fixture
def ends() -> Iterator[tuple[Link, socket.socket]]:
    """A link and the bare other end of its connection."""
    ours, theirs = socket.socketpair()
    made = Link(ours)
    yield made, theirs
    made.close()
    theirs.close()


def test_messages_come_whole_and_in_order(ends: tuple[Link, socket.socket]) -> None:
    near, bare = ends
    far = Link(bare)
    near.send_message("end", status=1, reason="ä row\nand another")
    near.send_message("beat")
    assert far.receive_messages() == [{"word": "end", "status": 1, "reason": "ä row\nand another"}, {"word": "beat"}]
    assert far.receive_messages() == []
    near.close()
    assert (far.receive_messages(), far.is_closed) == ([], True)


def test_a_message_in_pieces_waits_for_its_end(ends: tuple[Link, socket.socket]) -> None:
    near, bare = ends
    bare.send(b'{"word": "be')
    assert near.receive_messages() == []
    bare.send(b'at"}\n{"wo')
    assert near.receive_messages() == [{"word": "beat"}]
    assert not near.is_closed


@pytest.mark.parametrize(
    "text", [b"GET / HTTP/1.1\r\n", b"\xff\n", b"7\n", b'{"word": 7}\n', b"[" * 60000 + b"\n", b"\n"]
)
def test_what_is_no_message_ends_the_connection(ends: tuple[Link, socket.socket], text: bytes) -> None:
    near, bare = ends
    bare.send(text)
    assert (near.receive_messages(), near.is_closed) == ([], True)


def test_a_line_without_an_end_is_not_kept_for_ever(ends: tuple[Link, socket.socket]) -> None:
    near, bare = ends
    sent = 0
    while not near.is_closed:
        sent += bare.send(b"x" * 30000)
        assert near.receive_messages() == []
    assert MAX_LINE_BYTES < sent < 2 * MAX_LINE_BYTES


def test_who_sends_to_somebody_that_takes_nothing_does_not_wait(ends: tuple[Link, socket.socket]) -> None:
    near, bare = ends
    for _ in range(100):
        near.send_message("end", reason="x" * 9000)
    far = Link(bare)
    taken: list[Message] = []
    while len(taken) < 100:
        taken += far.receive_messages()
        near.send_message("beat")
    assert [message["word"] for message in taken[:100]] == ["end"] * 100


def test_the_time_that_a_process_was_frozen_for_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "HEARTBEAT_SECONDS", 0.01)
    clock = AwakeClock()
    time.sleep(0.1)
    assert clock.take_elapsed() == pytest.approx(0.02)
    assert clock.take_elapsed() < 0.02
