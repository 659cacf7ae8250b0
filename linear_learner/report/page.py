"""The report of a training job as one self-contained HTML page."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from linear_learner.report.content import PICTURED_CLASSES as PICTURES
from linear_learner.report.figures import learning_curve_charts, quality_charts, time_chart, weight_charts
from linear_learner.report.words import NO_VALUE, describe_settings, format_count, format_number, main_channel

Plain = Mapping[str, Any]

TEMPLATE_FOLDER = Path(__file__).parent
PREDICTOR_TITLES = {
    "binary_classifier": "Binary classifier",
    "multiclass_classifier": "Multiclass classifier",
    "regressor": "Regressor",
}
MAX_CANDIDATES = 100  # in the table
MAX_MATRIX_CLASSES = 20  # up to so many have a confusion matrix


def render_report(report: Plain) -> str:
    """Render the report as HTML."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATE_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    winner = next(entry for entry in report["bank"] if entry["candidate"] == report["winner"])
    return environment.get_template("report.html").render(
        style=Markup((TEMPLATE_FOLDER / "report.css").read_text(encoding="utf-8")),
        title=f"{PREDICTOR_TITLES[report['predictor_type']]} of {format_count(report['data']['features'])} features",
        summary=summary_text(report, winner),
        warnings=warning_texts(report),
        facts=headline_figures(report),
        learning=learning_curve_charts(report, winner),
        losses=losses_note(report),
        choice=choice_note(report, winner),
        bank=candidate_table(report),
        scores=score_table(report),
        quality=quality_charts(report),
        matrices=confusion_matrices(report),
        tables=threshold_and_class_tables(report),
        weights=weights_section(report),
        data=channel_table(report),
        time=time_chart(report),
        given=json.dumps(report["hyperparameters"]["given"], indent=2, ensure_ascii=False),
        used=sorted(report["hyperparameters"]["used"].items()),
        versions=list(report["versions"].items()),
    )


def summary_text(report: Plain, winner: Plain) -> str:
    """Summarise the result in a sentence or two."""
    training = report["training"]
    name, channel = main_channel(report)
    main = list(channel["scores"].items())[:3]
    found = ", ".join(f"{metric} {format_number(value)}" for metric, value in main[1:])
    then = "that its unfinished first epoch had come to"
    if training["best_epoch"] is not None:
        then = f"after epoch {training['best_epoch'] + 1} of {training['epochs']}"
    return (
        f"Of {len(report['bank'])} candidates number {winner['candidate']} won ({describe_settings(winner)}), "
        "with its weights "
        f"{then}. On the {name} rows: {found}."
    )


def warning_texts(report: Plain) -> list[str]:
    """Return the caveats that a reader should know before the figures."""
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
        if has_one_label(report["data"]["channels"][name]):
            found.append(f"All {name} rows have the same label, so that their figures say little.")
    return found


def has_one_label(rows: Plain) -> bool:
    """Tell whether all rows have the same label."""
    return bool(rows["label"]["deviation"] == 0 if "label" in rows else sum(n > 0 for n in rows["classes"]) == 1)


def headline_figures(report: Plain) -> list[tuple[str, str]]:
    """Return the headline figures as pairs of a name and a text."""
    training = report["training"]
    name, channel = main_channel(report)
    found = [
        (f"{channel_name} rows", format_count(rows["rows"]))
        for channel_name, rows in report["data"]["channels"].items()
    ]
    found.append(("candidates", format_count(len(report["bank"]))))
    found.append(("epochs", f"{training['epochs']} of {training['epochs_wanted']}"))
    if report["threshold"] is not None:
        found.append(("threshold", format_number(report["threshold"])))
    found += [(f"{metric} on {name}", format_number(value)) for metric, value in list(channel["scores"].items())[1:2]]
    return found


def losses_note(report: Plain) -> str:
    """Explain how the losses are computed."""
    text = "A loss on the train rows is that before each update, in the mean of the epoch"
    if report["data"]["normalized"]["label"]:
        deciding = report["training"]["deciding"]
        text += ", of the label divided by its standard deviation; those by which candidates are chosen, "
        text += f"on the {deciding} rows once an epoch is over, are in the label's own units"
    return text + "."


def choice_note(report: Plain, winner: Plain) -> str:
    """Explain how the winner was chosen."""
    training = report["training"]
    way = "highest" if training["maximise"] else "lowest"
    stayed = [entry for entry in report["bank"] if entry["left_after_epoch"] is None and not entry["diverged"]]
    second = next((entry for entry in stayed if entry is not winner), None)
    text = f"Candidate {winner['candidate']} has the {way} {training['criterion']} on the {training['deciding']} rows, "
    text += f"{format_number(winner['value'])}"
    if second is not None:
        text += f"; the next best, candidate {second['candidate']}, has {format_number(second['value'])}"
        if second["value"] == winner["value"]:
            text += " too, and the higher loss" if second["loss"] > winner["loss"] else " too, and the same loss"
    text += ". Sorted by that, and among equals by the loss."
    if training["maximise"] and winner["value"] < 0:
        text += " None reaches the target: a value below 0 is by how much it is missed."
    return text


def candidate_table(report: Plain) -> Plain:
    """Tabulate the candidates, the best first."""
    names = sorted(
        {name for entry in report["bank"] for name in entry["settings"]}, key=list(setting_names(report)).index
    )
    constant = [
        name for name in names if len({json.dumps(entry["settings"].get(name)) for entry in report["bank"]}) == 1
    ]
    shown = [name for name in names if name not in constant] or names[:3]
    training = report["training"]
    heads = ["candidate", *([training["criterion"]] if training["maximise"] else []), "loss", "train loss", *shown]
    heads.append("")
    rows = []
    for entry in report["bank"][:MAX_CANDIDATES]:
        row = [entry["candidate"], *([format_number(entry["value"])] if training["maximise"] else [])]
        row += [format_number(entry["loss"]), format_number(entry["train_loss"])]
        row += [format_setting(entry["settings"].get(name)) for name in shown]
        remark = "diverged" if entry["diverged"] else ""
        if entry["left_after_epoch"] is not None:
            remark = f"left after epoch {entry['left_after_epoch']}"
        rows.append([*row, "won" if entry["candidate"] == report["winner"] else remark])
    texts = [i for i, head in enumerate(heads) if head in ("optimizer", "")]
    chosen = next(i for i, entry in enumerate(report["bank"]) if entry["candidate"] == report["winner"])
    left_out = max(0, len(report["bank"]) - MAX_CANDIDATES)
    return {"heads": heads, "rows": rows, "chosen": chosen, "texts": texts, "left_out": left_out}


def setting_names(report: Plain) -> dict[str, None]:
    """Return the names of all settings, in the order in which candidates have them."""
    return {name: None for entry in report["bank"] for name in entry["settings"]}


def format_setting(value: object) -> str:
    """Write a setting."""
    if value is None or value is False:
        return NO_VALUE
    return "yes" if value is True else f"{value:.4g}" if isinstance(value, float) else str(value)


def score_table(report: Plain) -> Plain:
    """Tabulate the final scores, a column for each channel."""
    channels = report["channels"]
    metrics = next(iter(channels.values()))["scores"]
    rows = [[name, *(format_number(channel["scores"][name]) for channel in channels.values())] for name in metrics]
    return {"heads": ["metric", *channels], "rows": rows}


def confusion_matrices(report: Plain) -> list[tuple[str, list[list[tuple[str, float]]]]]:
    """Return the confusion matrices: of every channel for two classes, of the main channel for more.

    Each count comes with a shade from 0 to 1, the square root of its share of the row.
    """
    channels = report["channels"] if report["predictor_type"] == "binary_classifier" else dict([main_channel(report)])
    return [
        (
            name,
            [[(format_count(n), round((n / max(1, sum(row))) ** 0.5, 3)) for n in row] for row in channel["confusion"]],
        )
        for name, channel in channels.items()
        if len(channel.get("confusion", ())) in range(1, MAX_MATRIX_CLASSES + 1)
    ]


def threshold_and_class_tables(report: Plain) -> list[tuple[str, list[str], list[list[object]], int | None]]:
    """Tabulate the thresholds and the classes: title, heads, rows, index of the highlighted row."""
    found: list[tuple[str, list[str], list[list[object]], int | None]] = []
    deciding = report["training"]["deciding"]
    if entries := report["channels"][deciding].get("thresholds"):
        metrics = [metric for metric in entries[0] if metric not in ("threshold", "flagged", "calibrated")]
        rows: list[list[object]] = [
            [
                format_number(entry["threshold"]),
                format_count(entry["flagged"]),
                *(format_number(entry[metric]) for metric in metrics),
            ]
            for entry in entries
        ]
        chosen = next(i for i, entry in enumerate(entries) if entry["calibrated"])
        heads = ["threshold", "said to be 1", *metrics]
        found.append((f"The threshold and its neighbours, on the {deciding} rows", heads, rows, chosen))
    name, main = main_channel(report)
    if "classes" in main:
        rows = [
            [
                c["class"],
                format_count(c["rows"]),
                format_count(c["flagged"]),
                format_number(c["recall"]) if c["rows"] else NO_VALUE,
                format_number(c["precision"]) if c["flagged"] else NO_VALUE,
            ]
            for c in main["classes"][:MAX_CANDIDATES]
        ]
        classes = len(report["data"]["channels"][name]["classes"])
        title = (
            f"Each class on the {name} rows"
            if classes <= MAX_CANDIDATES
            else f"The first {MAX_CANDIDATES} of {format_count(classes)} classes on the {name} rows"
        )
        heads = ["class", "rows", "said to be it", "recall", "precision"]
        found.append((title, heads, rows, None))
    return found


def weights_section(report: Plain) -> Plain:
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
    if classes and entries and len(entries[0]["classes"]) > PICTURES:
        note += f" Shown are the first {PICTURES} classes."
    rows = [
        [
            entry["feature"],
            *([c] if classes else []),
            format_number(entry["standardised"][i]),
            format_number(entry["raw"][i]),
        ]
        for entry in entries
        for i, c in [max(enumerate(entry["classes"]), key=lambda pair: abs(entry["standardised"][pair[0]]))]
    ]
    heads = ["feature", *(["class"] if classes else []), standardised, "original units"]
    return {"note": note, "charts": weight_charts(report), "heads": heads, "rows": rows}


def channel_table(report: Plain) -> Plain:
    """Tabulate the channels."""
    channels = report["data"]["channels"]
    rows = [["rows", *(format_count(facts["rows"]) for facts in channels.values())]]
    first = next(iter(channels.values()))
    if "classes" in first:
        classes = range(min(len(first["classes"]), MAX_MATRIX_CLASSES))
        rows += [
            [f"of class {c}", *(format_count(facts["classes"][c]) for facts in channels.values())] for c in classes
        ]
        if len(first["classes"]) > MAX_MATRIX_CLASSES:
            rows.append(
                [
                    "of the others",
                    *(format_count(sum(facts["classes"][MAX_MATRIX_CLASSES:])) for facts in channels.values()),
                ]
            )
    else:
        parts = ("mean", "deviation")
        rows += [
            [f"label's {part}", *(format_number(facts["label"][part]) for facts in channels.values())] for part in parts
        ]
    kind = "sparse" if report["data"]["sparse"] else "dense"
    return {"heads": [f"{format_count(report['data']['features'])} {kind} features", *channels], "rows": rows}
