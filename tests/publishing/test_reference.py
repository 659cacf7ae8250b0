"""The reference pages of the hyperparameters: what the program prints stands there."""

import pytest

from publishing.reference import main
from tests.modules import ALGORITHMS, algorithm_word
from tests.page import DOCS


@pytest.mark.parametrize("word", [*map(algorithm_word, ALGORITHMS)])
def test_a_reference_page_is_up_to_date(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], word: str
) -> None:
    monkeypatch.setenv("ALGORITHM", word)
    main()
    page = DOCS / f"{'' if word == 'linear_learner' else f'{word}_'}hyperparameters.md"
    assert capsys.readouterr().out == page.read_text(encoding="utf-8"), "run make docs"
