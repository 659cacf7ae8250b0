"""The reference page of the hyperparameters: what the program prints stands there."""

import pytest

from publishing.reference import main
from tests.page import DOCS


def test_the_reference_page_is_up_to_date(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("ALGORITHM", raising=False)
    main()
    assert capsys.readouterr().out == (DOCS / "hyperparameters.md").read_text(encoding="utf-8"), "run make docs"
