"""The report of a training job as one page of HTML that needs nothing beside it."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from linear_learner.charts import bars
from linear_learner.plots import Curve, columns, plot
from linear_learner.report import CLASS_WEIGHTS as CLASS_BARS
from linear_learner.report import PICTURED_CLASSES as PICTURES

Plain = Mapping[str, Any]
Chart = tuple[str, Markup] | tuple[str, Markup, list[tuple[str, str]]]

HERE = Path(__file__).parent
KINDS = {
    "binary_classifier": "Binary classifier",
    "multiclass_classifier": "Multiclass classifier",
    "regressor": "Regressor",
}
COLOURS = {"train": "--faint", "validation": "--accent", "test": "--minus"}
CANDIDATES = 100  # in the table
CLASSES = 20  # up to so many have a confusion matrix
BARS = 20
NONE = "\N{EN DASH}"


def page(report: Plain) -> str:
    """Write a report for people."""
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    winner = next(entry for entry in report["bank"] if entry["candidate"] == report["winner"])
    return environment.get_template("report.html").render(
        style=Markup((HERE / "report.css").read_text(encoding="utf-8")),
        title=f"{KINDS[report['predictor_type']]} of {count(report['data']['features'])} features",
        summary=summary(report, winner),
        warnings=warnings(report),
        facts=facts(report),
        learning=learning(report, winner),
        losses=losses(report),
        choice=choice(report, winner),
        bank=bank(report),
        scores=scores(report),
        quality=quality(report),
        matrices=matrices(report),
        tables=tables(report),
        weights=weights(report),
        data=data(report),
        time=time(report),
        given=json.dumps(report["hyperparameters"]["given"], indent=2, ensure_ascii=False),
        used=sorted(report["hyperparameters"]["used"].items()),
        versions=list(report["versions"].items()),
    )


def number(value: float | None) -> str:
    """Write a number for people, in six digits."""
    return NONE if value is None else f"{value:.6g}".replace("-", "\N{MINUS SIGN}")


def count(value: int) -> str:
    """Write a number of things for people."""
    return f"{value:,}"


def settings(entry: Plain) -> str:
    """Say what a candidate was, in a few words."""
    given = entry["settings"]
    words = [f"{given['optimizer']}", f"learning rate {given['learning_rate']:.4g}", f"wd {given['wd']:.4g}"]
    words += [f"l1 {given['l1']:.4g}"] if given["l1"] else []
    return ", ".join(words)


def good(report: Plain) -> tuple[str, Plain]:
    """Return the channel that tells most about a model, and its figures: rows that it never saw, if there are any."""
    name = next(name for name in ("test", "validation", "train") if name in report["channels"])
    return name, report["channels"][name]


def summary(report: Plain, winner: Plain) -> str:
    """Say in a sentence or two what came out."""
    training = report["training"]
    name, channel = good(report)
    main = list(channel["scores"].items())[:3]
    found = ", ".join(f"{metric} {number(value)}" for metric, value in main[1:])
    then = "that its unfinished first epoch had come to"
    if training["best_epoch"] is not None:
        then = f"after epoch {training['best_epoch'] + 1} of {training['epochs']}"
    return (
        f"Of {len(report['bank'])} candidates number {winner['candidate']} won ({settings(winner)}), with its weights "
        f"{then}. On the {name} rows: {found}."
    )


def warnings(report: Plain) -> list[str]:
    """Say what a reader should know before the figures."""
    found = []
    if report["stopped"]:
        found.append(
            "The job was asked to stop before its end: the model is the best that there was by then, and the figures "
            "are those of the first rows of each channel."
        )
    if report["training"]["deciding"] == "train":
        found.append(
            "There was no validation channel: candidates and threshold were chosen on the rows they learned from, so "
            "the figures look better than they are."
        )
    if diverged := [str(entry["candidate"]) for entry in report["bank"] if entry["diverged"]]:
        found.append(f"Left out, since their loss is not finite: the candidates {', '.join(diverged)}.")
    for name, channel in report["channels"].items():
        if None in channel["scores"].values():
            found.append(
                f"Some figures of the {name} rows are beyond what can be counted: look for values in it that are far "
                "beyond those of training."
            )
        if alike(report["data"]["channels"][name]):
            found.append(f"All {name} rows have the same label, so that their figures say little.")
    return found


def alike(rows: Plain) -> bool:
    """Tell whether all rows have the same label."""
    return rows["label"]["deviation"] == 0 if "label" in rows else sum(n > 0 for n in rows["classes"]) == 1


def facts(report: Plain) -> list[tuple[str, str]]:
    """Return the figures that come first."""
    training = report["training"]
    name, channel = good(report)
    found = [(f"{channel_name} rows", count(rows["rows"])) for channel_name, rows in report["data"]["channels"].items()]
    found.append(("candidates", count(len(report["bank"]))))
    found.append(("epochs", f"{training['epochs']} of {training['epochs_wanted']}"))
    if report["threshold"] is not None:
        found.append(("threshold", number(report["threshold"])))
    found += [(f"{metric} on {name}", number(value)) for metric, value in list(channel["scores"].items())[1:2]]
    return found


def learning(report: Plain, winner: Plain) -> list[Chart]:
    """Draw the learning curves: all candidates, the winner on top."""
    epochs = [epoch + 1 for epoch in report["curves"]["epochs"]]
    if not epochs:
        return []
    names = {entry["candidate"]: f"candidate {entry['candidate']}: {settings(entry)}" for entry in report["bank"]}
    best = report["training"]["best_epoch"]
    charts: list[Chart] = []
    for name, drawn in report["curves"]["losses"].items():
        own = known(drawn[winner["candidate"]])
        final = sorted(value for curve in drawn for value in known(curve)[-1:] if value == value)
        top = max([value for value in own if value == value] + final[: max(1, len(final) * 3 // 4)], default=1)
        bottom = min((value for curve in drawn for value in known(curve) if value == value), default=0)
        others = [Curve(epochs, known(curve), names[m], "--faint", 1) for m, curve in enumerate(drawn) if m in names]
        mark = Curve(
            [best + 1], [own[epochs.index(best + 1)]], f"epoch {best + 1}, whose weights were taken", "--minus"
        )
        picture = plot(
            [*others, Curve(epochs, own, names[winner["candidate"]], width=2.5), mark],
            f"Loss of every candidate on the {name} rows by epoch",
            "epoch",
            report["objective"],
            x_range=(0.5, len(epochs) + 0.5) if len(epochs) < 4 else None,
            y_range=(bottom, top),
            logarithmic=True,
            whole=True,
        )
        key = [("--accent", f"candidate {winner['candidate']}"), ("--faint", "the others"), ("--minus", "taken")]
        charts.append((f"Loss on the {name} rows", picture, key))
    early = report["curves"]["early_stopping"]
    if early["criterion"] != report["objective"]:
        values = known(early["values"])
        picture = plot(
            [
                Curve(epochs, values, "the best candidate of each epoch"),
                Curve([best + 1], [values[epochs.index(best + 1)]], f"epoch {best + 1}, which was best", "--minus"),
            ],
            f"Best {early['criterion']} by epoch",
            "epoch",
            early["criterion"],
            x_range=(0.5, len(epochs) + 0.5) if len(epochs) < 4 else None,
            whole=True,
        )
        key = [("--accent", "the best candidate of each epoch"), ("--minus", "taken")]
        charts.append((f"What decides: {early['criterion']} on the validation rows", picture, key))
    return charts


def losses(report: Plain) -> str:
    """Say what the losses are."""
    text = "A loss on the train rows is that before each update, in the mean of the epoch"
    if report["data"]["normalized"]["label"]:
        deciding = report["training"]["deciding"]
        text += ", of the label divided by its standard deviation; those by which candidates are chosen, "
        text += f"on the {deciding} rows once an epoch is over, are in the label's own units"
    return text + "."


def known(values: Iterable[float | None]) -> list[float]:
    """Turn what is not known into NaN."""
    return [float("nan") if value is None else value for value in values]


def choice(report: Plain, winner: Plain) -> str:
    """Say by what the winner was chosen."""
    training = report["training"]
    way = "highest" if training["maximise"] else "lowest"
    stayed = [entry for entry in report["bank"] if entry["left_after_epoch"] is None and not entry["diverged"]]
    second = next((entry for entry in stayed if entry is not winner), None)
    text = f"Candidate {winner['candidate']} has the {way} {training['criterion']} on the {training['deciding']} rows, "
    text += f"{number(winner['value'])}"
    if second is not None:
        text += f"; the next best, candidate {second['candidate']}, has {number(second['value'])}"
        if second["value"] == winner["value"]:
            text += " too, and the higher loss" if second["loss"] > winner["loss"] else " too, and the same loss"
    text += ". Sorted by that, and among equals by the loss."
    if training["maximise"] and winner["value"] < 0:
        text += " None reaches the target: a value below 0 is by how much it is missed."
    return text


def bank(report: Plain) -> Plain:
    """Tabulate the candidates, the best first."""
    names = sorted({name for entry in report["bank"] for name in entry["settings"]}, key=list(order(report)).index)
    constant = [
        name for name in names if len({json.dumps(entry["settings"].get(name)) for entry in report["bank"]}) == 1
    ]
    shown = [name for name in names if name not in constant] or names[:3]
    training = report["training"]
    heads = ["candidate", *([training["criterion"]] if training["maximise"] else []), "loss", "train loss", *shown]
    heads.append("")
    rows = []
    for entry in report["bank"][:CANDIDATES]:
        row = [entry["candidate"], *([number(entry["value"])] if training["maximise"] else [])]
        row += [number(entry["loss"]), number(entry["train_loss"])]
        row += [setting(entry["settings"].get(name)) for name in shown]
        remark = "diverged" if entry["diverged"] else ""
        if entry["left_after_epoch"] is not None:
            remark = f"left after epoch {entry['left_after_epoch']}"
        rows.append([*row, "won" if entry["candidate"] == report["winner"] else remark])
    texts = [i for i, head in enumerate(heads) if head in ("optimizer", "")]
    chosen = next(i for i, entry in enumerate(report["bank"]) if entry["candidate"] == report["winner"])
    left_out = max(0, len(report["bank"]) - CANDIDATES)
    return {"heads": heads, "rows": rows, "chosen": chosen, "texts": texts, "left_out": left_out}


def order(report: Plain) -> dict[str, None]:
    """Name all settings in the order in which candidates have them."""
    return {name: None for entry in report["bank"] for name in entry["settings"]}


def setting(value: object) -> str:
    """Write a setting."""
    if value is None or value is False:
        return NONE
    return "yes" if value is True else f"{value:.4g}" if isinstance(value, float) else str(value)


def scores(report: Plain) -> Plain:
    """Tabulate the final scores, a column for each channel."""
    channels = report["channels"]
    metrics = next(iter(channels.values()))["scores"]
    rows = [[name, *(number(channel["scores"][name]) for channel in channels.values())] for name in metrics]
    return {"heads": ["metric", *channels], "rows": rows}


def quality(report: Plain) -> list[Chart]:
    """Draw how good the model is."""
    if report["predictor_type"] == "binary_classifier":
        return binary(report)
    return regression(report) if report["predictor_type"] == "regressor" else []


def binary(report: Plain) -> list[Chart]:
    """Draw what a binary classifier does at every threshold."""
    channels = report["channels"]
    key = [(COLOURS[name], name) for name in channels] + [("--ink", "the calibrated threshold")]
    name, main = good(report)
    own = next(entry for entry in main["thresholds"] if entry["calibrated"])
    (true_negatives, wrong), _ = main["confusion"]
    fallout = wrong / (true_negatives + wrong) if true_negatives + wrong else 0.0
    where = f"threshold {number(report['threshold'])} on the {name} rows"
    roc = [Curve((0, 1), (0, 1), "by chance", "--line", 1, dashed=True)]
    roc += [
        Curve(channel["roc"]["false_positive_rate"], channel["roc"]["true_positive_rate"], channel_name, colour)
        for channel_name, channel, colour in coloured(channels)
    ]
    roc.append(Curve([fallout], [own["recall"]], where, "--ink"))
    precision = [
        Curve(channel["precision_recall"]["recall"], channel["precision_recall"]["precision"], channel_name, colour)
        for channel_name, channel, colour in coloured(channels)
    ]
    precision.append(Curve([own["recall"]], [own["precision"]], where, "--ink"))
    unit = (0, 1)
    charts: list[Chart] = [
        (
            "Receiver operating characteristic",
            plot(roc, "ROC curve", "false positive rate", "true positive rate", x_range=unit, y_range=unit),
            key,
        ),
        (
            "Precision and recall",
            plot(precision, "Precision-recall curve", "recall", "precision", x_range=unit, y_range=unit),
            key,
        ),
    ]
    if "calibration" in main:
        found = main["calibration"]
        picture = plot(
            [
                Curve(unit, unit, "as it should be", "--line", 1, dashed=True),
                Curve(found["mean_score"], found["positive_share"], f"{name} rows", COLOURS[name]),
                Curve(found["mean_score"], found["positive_share"], f"{name} rows", COLOURS[name], dots=4),
            ],
            "Calibration curve",
            "mean score of ten ranges of it",
            "share of rows that are positive",
            x_range=unit,
            y_range=unit,
        )
        charts.append(("Is a score a probability?", picture, [(COLOURS[name], f"{name} rows")]))
    return charts


def coloured(channels: Plain) -> Iterable[tuple[str, Plain, str]]:
    """Name the channels with their figures and colours."""
    return [(name, channel, COLOURS[name]) for name, channel in channels.items()]


def regression(report: Plain) -> list[Chart]:
    """Draw how a regressor's predictions lie about the labels."""
    name, main = good(report)
    if not main["sampled_rows"]:
        return []
    label, score = main["predictions"]["label"], main["predictions"]["score"]
    ends = (min(label), max(label))
    residuals = main["residuals"]
    return [
        (
            f"Predictions on the {name} rows, of a sample",
            plot(
                [
                    Curve(label, score, f"{len(label)} rows", "--accent", dots=2),
                    Curve(ends, ends, "as it should be", "--ink", 1, dashed=True),
                ],
                "Predictions against labels",
                "label",
                "prediction",
            ),
        ),
        (
            f"Residuals on the {name} rows, of {count(main['sampled_rows'])}",
            columns(
                residuals["edges"],
                residuals["counts"],
                "Histogram of residuals",
                "prediction minus label; the ends hold all beyond",
                "rows",
            ),
        ),
    ]


def matrices(report: Plain) -> list[tuple[str, list[list[tuple[str, float]]]]]:
    """Return the confusion matrix of two classes for every channel, of more for the one that tells most.

    Each count has a shade, from 0 to 1, by its share of its row.
    """
    channels = report["channels"] if report["predictor_type"] == "binary_classifier" else dict([good(report)])
    return [
        (name, [[(count(n), round((n / max(1, sum(row))) ** 0.5, 3)) for n in row] for row in channel["confusion"]])
        for name, channel in channels.items()
        if len(channel.get("confusion", ())) in range(1, CLASSES + 1)
    ]


def tables(report: Plain) -> list[tuple[str, list[str], list[list[object]], int | None]]:
    """Tabulate what other thresholds would do, and how well each class is told: title, heads, rows, the chosen row."""
    found: list[tuple[str, list[str], list[list[object]], int | None]] = []
    deciding = report["training"]["deciding"]
    if entries := report["channels"][deciding].get("thresholds"):
        metrics = [metric for metric in entries[0] if metric not in ("threshold", "flagged", "calibrated")]
        rows: list[list[object]] = [
            [number(entry["threshold"]), count(entry["flagged"]), *(number(entry[metric]) for metric in metrics)]
            for entry in entries
        ]
        chosen = next(i for i, entry in enumerate(entries) if entry["calibrated"])
        heads = ["threshold", "said to be 1", *metrics]
        found.append((f"The threshold and its neighbours, on the {deciding} rows", heads, rows, chosen))
    name, main = good(report)
    if "classes" in main:
        rows = [
            [
                c["class"],
                count(c["rows"]),
                count(c["flagged"]),
                number(c["recall"]) if c["rows"] else NONE,
                number(c["precision"]) if c["flagged"] else NONE,
            ]
            for c in main["classes"][:CANDIDATES]
        ]
        classes = len(report["data"]["channels"][name]["classes"])
        title = (
            f"Each class on the {name} rows"
            if classes <= CANDIDATES
            else f"The first {CANDIDATES} of {count(classes)} classes on the {name} rows"
        )
        heads = ["class", "rows", "said to be it", "recall", "precision"]
        found.append((title, heads, rows, None))
    return found


def weights(report: Plain) -> Plain:
    """Draw and tabulate the largest weights."""
    entries = report["weights"]
    classes = report["predictor_type"] == "multiclass_classifier"
    normalized = report["data"]["normalized"]
    note = "The largest weights in the features' own units: normalize_data is off, so that they depend on these. "
    if normalized["features"]:
        note = "The largest weights per standard deviation of their feature, which makes them comparable. "
    note += "Above 0 they raise the score, below 0 they lower it"
    note += ", in standard deviations of the label." if normalized["label"] else "."
    standardised = "standardised" if normalized["features"] or normalized["label"] else "as trained"
    charts: list[Chart] = []
    if not classes:
        some = entries[:BARS]
        names, values = [entry["feature"] for entry in some], [entry["standardised"][0] for entry in some]
        charts.append(("The largest weights", bars(names, values, "The largest weights")))
    elif len(entries) and len(entries[0]["classes"]) > 1:
        for c in entries[0]["classes"][:PICTURES]:
            some = sorted(entries, key=lambda entry: -abs(entry["standardised"][c]))[:CLASS_BARS]
            names, values = [entry["feature"] for entry in some], [entry["standardised"][c] for entry in some]
            charts.append((f"Class {c}", bars(names, values, f"The largest weights of class {c}")))
        if len(entries[0]["classes"]) > PICTURES:
            note += f" Shown are the first {PICTURES} classes."
    rows = [
        [
            entry["feature"],
            *([c] if classes else []),
            number(entry["standardised"][i]),
            number(entry["raw"][i]),
        ]
        for entry in entries
        for i, c in [max(enumerate(entry["classes"]), key=lambda pair: abs(entry["standardised"][pair[0]]))]
    ]
    heads = ["feature", *(["class"] if classes else []), standardised, "original units"]
    return {"note": note, "charts": charts, "heads": heads, "rows": rows}


def data(report: Plain) -> Plain:
    """Tabulate the channels."""
    channels = report["data"]["channels"]
    rows = [["rows", *(count(facts["rows"]) for facts in channels.values())]]
    first = next(iter(channels.values()))
    if "classes" in first:
        classes = range(min(len(first["classes"]), CLASSES))
        rows += [[f"of class {c}", *(count(facts["classes"][c]) for facts in channels.values())] for c in classes]
        if len(first["classes"]) > CLASSES:
            rows.append(["of the others", *(count(sum(facts["classes"][CLASSES:])) for facts in channels.values())])
    else:
        parts = ("mean", "deviation")
        rows += [[f"label's {part}", *(number(facts["label"][part]) for facts in channels.values())] for part in parts]
    kind = "sparse" if report["data"]["sparse"] else "dense"
    return {"heads": [f"{count(report['data']['features'])} {kind} features", *channels], "rows": rows}


def time(report: Plain) -> Chart:
    """Draw where the time went."""
    seconds = report["seconds"]
    total = sum(seconds.values())
    return f"Seconds of each part, {total:.2f} in all", bars(list(seconds), list(seconds.values()), "Time line")
