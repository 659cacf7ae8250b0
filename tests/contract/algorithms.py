"""A small job of any algorithm on the bundled data, by what its card tells."""

from pathlib import Path

from open_algorithms.doors.algorithms import Algorithm, find_algorithm
from tests.contract.example import DATA
from tests.contract.formats import CSV
from tests.contract.jobs import TrainingJob
from tests.contract.launch import Running, run_algorithm
from tests.modules import ALGORITHMS, algorithm_word

OTHERS = [word for word in map(algorithm_word, ALGORITHMS) if word != "linear_learner"]


def name_algorithm(word: str) -> Algorithm:
    """Return the algorithm of that word."""
    return find_algorithm({"ALGORITHM": word})


def lay_out_small_job(root: Path, launch: type[Running], word: str, **hyperparameters: str) -> TrainingJob:
    """Lay out the job by which the service may try the algorithm, on the bundled training data."""
    job = TrainingJob(root, run_algorithm(launch, word))
    job.configure({**name_algorithm(word).card.trial, **hyperparameters}, f"{CSV};label_size=1", "train")
    job.write_channel_file("train", "part.csv", (DATA / "train.csv").read_bytes())
    return job
