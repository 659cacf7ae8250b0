"""Settings as texts for the report page.

Tests: tests/linear_learner/report/test_page.py.
"""

from linear_learner.report.schema import CandidateEntry


def describe_settings(entry: CandidateEntry) -> str:
    """Describe a candidate by its main settings."""
    given = entry.settings
    rate = [f"learning rate {given['learning_rate']:.4g}"] if "learning_rate" in given else []
    words = [f"{given['optimizer']}", *rate, f"wd {given['wd']:.4g}"]
    return ", ".join([*words, f"l1 {given['l1']:.4g}"] if given["l1"] else words)
