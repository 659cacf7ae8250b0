"""Learn pairs of users and films, beside myFM and logistic regression, in the same run; and a stream of wide rows.

Each side runs in processes of its own. Arguments choose between the parts: `python -m benchmarks.pairs MovieLens`.
"""

import json
import resource
import tempfile
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import data
from benchmarks.job import run_python
from benchmarks.measure import CHECKOUT, Figure, is_chosen, run_benchmark, run_in_process, shortest_times
from benchmarks.problems import PROCESSORS
from benchmarks.unlabelled import Laps
from container.codecs.recordio import encode_sparse_records
from container.job.log import JobLog
from open_algorithms.factorization_machines.learn import fit
from open_algorithms.factorization_machines.training.result import TrainingResult
from open_algorithms.learning.rows.csr import Csr
from open_algorithms.learning.work import Work

MOVIELENS, STREAM = "MovieLens-100K", "10,000,000 x 2,000,000, streamed"
LIKED = 4  # stars, from which on a rating is positive
SEEDS, HOLDOUT = 5, "0.1"
RANK, SWEEPS = 8, 200  # of myFM
ORIGINAL = {"num_models": "1", "num_factors": "64", "mini_batch_size": "200", "epochs": "30", "shuffle": "false"}
ORIGINAL_ENTROPY, NOISE = 0.604, 0.003  # of the original's job with these settings, on the test rows
STREAM_ROWS, STREAM_FEATURES, BLOCK_ROWS, LARGEST_ROW = 10_000_000, 2_000_000, 100_000, 10
STREAM_TEXTS = {"num_models": "8", "num_factors": "16", "epochs": "1", "holdout": "0", "feature_dim": "2000000"}
Losses = list[tuple[float, float]]


def figures() -> Iterator[Figure]:
    """Measure both parts."""
    if is_chosen(MOVIELENS):
        yield from measure_ratings("binary_classifier", ("cross entropy", "accuracy"), (0.560, 0.707))
        yield from measure_ratings("regressor", ("rmse", "absolute error"), (0.930, None))
        entropy, _ = run_in_process(PROCESSORS, learn_ours, "binary_classifier", ORIGINAL, 1)[0]
        subject = f"{MOVIELENS}, candidate 0 alone, as the original"
        bounds = (ORIGINAL_ENTROPY - NOISE, ORIGINAL_ENTROPY + NOISE)
        yield Figure(subject, "cross entropy of the test rows", entropy, "", *bounds)
        yield from measure_processes()
    if is_chosen(STREAM):
        yield from measure_stream()


def load_ratings(predictor: str) -> dict[str, tuple[Csr, Any]]:
    """Return one-hot rows of users and films of both splits, and their stars, or whether they are liked."""
    arrays = data.open_archive("movielens_100k")
    width = 1 + int(max(arrays["train"].max(), arrays["test"].max()))
    found = {}
    for split in ("train", "test"):
        pairs, stars = arrays[split], arrays[f"rating_{split}"]
        indices, ends = pairs.astype(np.int32).reshape(-1), np.arange(0, pairs.size + 1, 2)
        rows = Csr(np.ones(pairs.size, np.float32), indices, ends, (len(pairs), width))
        labels = stars >= LIKED if predictor == "binary_classifier" else stars
        found[split] = (rows, labels.astype(np.float32))
    return found


def measure_ratings(predictor: str, names: tuple[str, str], bounds: tuple[float, float | None]) -> Iterator[Figure]:
    """Measure the means of some seeds on the test rows, which nothing was chosen by, and those of a peer."""
    subject = f"{MOVIELENS}, {predictor}, a tenth of train held out, {SEEDS} seeds"
    sides = {"ours": run_in_process(PROCESSORS, learn_ours, predictor, {"holdout": HOLDOUT}, SEEDS)}
    if find_spec("myfm") is not None:
        sides["myFM"] = run_in_process(PROCESSORS, learn_by_peer, predictor)
    for side, losses in sides.items():
        first, second = np.mean(losses, axis=0).tolist()
        ours = side == "ours"
        yield Figure(subject, f"{side}, {names[0]}", first, most=bounds[0] if ours else None)
        yield Figure(subject, f"{side}, {names[1]}", second, least=bounds[1] if ours else None)


def learn_ours(predictor: str, texts: dict[str, str], seeds: int) -> Losses:
    """Return our losses on the test rows."""
    return [list_losses(learn_once(predictor, texts | {"seed": str(seed)})) for seed in range(seeds)]


def learn_once(predictor: str, texts: dict[str, str]) -> TrainingResult:
    """Run a job on rows in memory."""
    splits = load_ratings(predictor)
    texts = {"predictor_type": predictor, **texts}
    with open("/dev/null", "w", encoding="utf-8") as nowhere:
        log = JobLog("algo-1", "", nowhere)
        return fit(Work(texts, {name: [block] for name, block in splits.items()}, log, processors=PROCESSORS))


def list_losses(result: TrainingResult) -> tuple[float, float]:
    """Return cross entropy and accuracy, or rmse and mean absolute error, of the test rows."""
    scores = {name: value for name, _, value in result.measurements["test"].scores}
    if "rmse" in scores:
        return scores["rmse"], scores["absolute_loss"]
    return scores["binary_classification_cross_entropy"], scores["binary_classification_accuracy"]


def learn_by_peer(predictor: str) -> Losses:
    """Return the losses of myFM on the test rows, of one seed."""
    import myfm
    from scipy.sparse import csr_matrix

    splits = load_ratings(predictor)
    (X, y), (test, expected) = (
        (csr_matrix((rows.data, rows.indices, rows.indptr), rows.shape), labels) for rows, labels in splits.values()
    )
    if predictor == "regressor":
        error = myfm.MyFMRegressor(rank=RANK, random_seed=0).fit(X, y, n_iter=SWEEPS).predict(test) - expected
        return [(float(np.sqrt(np.square(error).mean())), float(np.abs(error).mean()))]
    model = myfm.MyFMClassifier(rank=RANK, random_seed=0).fit(X, y == 1, n_iter=SWEEPS)
    p = np.clip(model.predict_proba(test), 1e-9, 1 - 1e-9)
    right = np.where(expected == 1, p, 1 - p)
    return [(float(-np.log(right).mean()), float((right > 0.5).mean()))]


def measure_processes() -> Iterator[Figure]:
    """Measure whole processes: ours from recordIO to a model, with its report, and the peer's from a file of numpy."""
    subject = f"{MOVIELENS}, binary_classifier, whole process"
    X, y = load_ratings("binary_classifier")["train"]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (config := root / "input" / "config").mkdir(parents=True)
        (channel := root / "input" / "data" / "train").mkdir(parents=True)
        texts = {"predictor_type": "binary_classifier", "holdout": HOLDOUT}
        (config / "hyperparameters.json").write_text(json.dumps(texts))
        (config / "inputdataconfig.json").write_text(json.dumps({"train": {}}))
        (channel / "ratings.pbr").write_bytes(encode_sparse_records(X, y))
        np.savez(root / "ratings.npz", indices=X.indices, y=y)
        works = {"ours": partial(run_python, [str(CHECKOUT / "train")], folder, ALGORITHM="factorization_machines")}
        if find_spec("myfm") is not None:
            file = str(root / "ratings.npz")
            program = (
                f"import numpy as np, myfm; from scipy.sparse import csr_matrix; a = np.load({file!r});"
                "i = a['indices']; X = csr_matrix((np.ones(len(i)), i, np.arange(0, len(i) + 1, 2)));"
                f"myfm.MyFMClassifier(rank={RANK}).fit(X, a['y'] == 1, n_iter={SWEEPS})"
            )
            works["myFM"] = partial(run_python, ["-c", program], folder)
        taken = shortest_times(works)
    for name, seconds in taken.items():
        yield Figure(subject, name, seconds, "s")
    if "myFM" in taken:
        yield Figure(subject, "ours, of myFM's", taken["ours"] / taken["myFM"], most=0.3)


def measure_stream() -> Iterator[Figure]:
    """Measure a pass over rows that are made anew for it, with 2 to 10 values each of which few are frequent."""
    rows_per_second, peak = run_in_process(PROCESSORS, learn_stream)
    yield Figure(STREAM, "8 candidates of up to 16 factors", rows_per_second, "rows/s")
    yield Figure(STREAM, "memory at most", peak, "MiB")


def learn_stream() -> tuple[float, float]:
    """Return how many rows a second an epoch has, and the most memory that the process held, in MiB."""
    laps = Laps()
    with open("/dev/null", "w", encoding="utf-8") as nowhere:
        log = JobLog("algo-1", "", nowhere)
        texts = {"predictor_type": "binary_classifier", **STREAM_TEXTS}
        work = Work(texts, {"train": WideRows()}, log, lambda: 14 << 30, record_lap=laps.record, processors=PROCESSORS)
        fit(work)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return STREAM_ROWS / laps.seconds["train"], peak


class WideRows:
    """Rows of users and what they see, drawn by a law as Zipf's; the same in every pass."""

    def __iter__(self) -> Iterator[tuple[Csr, Any]]:
        """Yield blocks."""
        for number in range(STREAM_ROWS // BLOCK_ROWS):
            generator = np.random.default_rng(number)
            lengths = generator.integers(2, LARGEST_ROW + 1, BLOCK_ROWS)
            ranks = STREAM_FEATURES ** generator.random(int(lengths.sum()))
            indices = (ranks.astype(np.int64) * 1_299_709 % STREAM_FEATURES).astype(np.int32)
            ends = np.append(0, np.cumsum(lengths))
            labels = generator.integers(0, 2, BLOCK_ROWS).astype(np.float32)
            yield Csr(np.ones(len(indices), np.float32), indices, ends, (BLOCK_ROWS, STREAM_FEATURES)), labels


if __name__ == "__main__":
    run_benchmark("How well and how fast are pairs learned?", figures())
