"""Train with defaults on the real data sets, seeds 0 to 4, and print the test metrics beside the best peer's."""

import io
import os
import re
import sys
from statistics import mean

os.environ.setdefault("OMP_NUM_THREADS", "1")

from benchmarks import data
from container.log import Log
from linear_learner.training import fit

SEEDS = range(5)
BINARY = {"predictor_type": "binary_classifier"}
CASES = {
    "MNIST is it a 0": (data.is_zero, BINARY | {"feature_dim": "784", "mini_batch_size": "200"},
                        "binary_classification_accuracy", ".9922 LIBLINEAR, .9917 scikit-learn, .9907 the original"),
    "the same, no validation": (data.is_zero, BINARY | {"feature_dim": "784", "mini_batch_size": "200"},
                                "binary_classification_accuracy", "the same"),
    "a9a accuracy": (data.a9a, BINARY, "binary_classification_accuracy", ".8474 scikit-learn"),
    "a9a F1": (data.a9a, BINARY | {"binary_classifier_model_selection_criteria": "f_beta"},
               "binary_f_1.000", ".6772 scikit-learn"),
    "MNIST ten classes": (data.mnist, {"predictor_type": "multiclass_classifier", "num_classes": "10"},
                          "multiclass_accuracy", ".9262 scikit-learn"),
    "California housing mse": (data.california, {"predictor_type": "regressor"}, "mse", "5.2271e9 scikit-learn"),
    "California housing absolute": (data.california, {"predictor_type": "regressor", "loss": "absolute_loss"},
                                    "absolute_loss", "50002 scikit-learn"),
}  # fmt: skip


def main() -> None:
    """Print one line a case; arguments choose among the cases by a part of their names."""
    wanted = sys.argv[1:]
    for name, (load, hyperparameters, metric, peer) in CASES.items():
        if wanted and not any(word in name for word in wanted):
            continue
        splits = load()
        if "no validation" in name:
            del splits["validation"]
        channels = {split: [(X, y)] for split, (X, y) in splits.items()}
        values, winners = [], []
        for seed in SEEDS:
            log = io.StringIO()
            fit(hyperparameters | {"seed": str(seed)}, channels, Log("algo-1", "Linear Learner", log))
            values.append(float(re.findall(rf"test {metric} <\w+>=(\S+)", log.getvalue())[-1]))
            winners += re.findall(r'Best model.*?"optimizer": "(\w+)", "learning_rate": ([^,]+)', log.getvalue())
        print(f"{name}: {metric} {mean(values):.6g} (mean over seeds 0-4, from {min(values):.6g} to {max(values):.6g})")
        print(f"    best peer {peer}; winners {sorted({' '.join(w) for w in winners})}", flush=True)


if __name__ == "__main__":
    main()
