"""Serve a model: join the server of the platform to the algorithm that answers.

Tests: tests/doors/test_second_algorithm.py, tests/contract/test_serve.py.
"""

import sys
from collections.abc import Mapping

from container.server import run_server
from container.web.page import PageContent
from container.web.shelf import Loader
from open_algorithms.doors.algorithms import Algorithm, find_algorithm
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.showing.bars import read_bar_style


def run_serving(environ: Mapping[str, str]) -> int:
    """Serve until SIGTERM; return 1 where there is no such algorithm, or where the server cannot start."""
    try:
        algorithm = find_algorithm(environ)
    except InputError as error:
        print(f"serve: {error}", file=sys.stderr)
        return 1
    answer = algorithm.answer
    return run_server(
        environ,
        Loader(answer.load_model, answer.pack_model, answer.unpack_model),
        user_errors=(InputError,),
        content=describe_page(algorithm),
        answers_key=algorithm.card.answers,
        page_switch=algorithm.switch_name("PAGE"),
        recommend=algorithm.offered("recommend_items"),
    )


def describe_page(algorithm: Algorithm) -> PageContent | None:
    """Return what the page shows of a model; None where the algorithm draws no portrait."""
    describe = algorithm.offered("render_portrait")
    if describe is None:
        return None
    labelled = algorithm.card.channels[0].labelled
    fields, shares = algorithm.offered("list_row_fields"), algorithm.offered("render_shares")
    return PageContent(describe, fields, shares, labelled, read_bar_style())
