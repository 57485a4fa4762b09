"""Runs the evaluation for some seeds, puts PyOD beside it, and draws what came of it."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from pyod.models.iforest import IForest
from sklearn.metrics import average_precision_score

HELD_OUT = ["slow_clone", "relabelled_expiry", "diversion", "swapped_case", "colluding_wholesaler", "order_splitting", "resold_empties"]
PREVALENCE = 1e-4
# Of the months that are learnt from: more of it where the ranker is to have outcomes enough.
LEARNT_PREVALENCE = float(os.environ.get("LEARNT_PREVALENCE", PREVALENCE))
TRAIN_DAYS, DAYS, OPENING_DAYS = 180, 270, 4
FROM = "2025-07-30T00:00:00Z"  # Month eight of a chain that begins with the year.


def simulated(programs, folder, seed, packs):
    """A chain to learn from and one to be judged by; the same trade, so many packs a day."""
    daily = packs / (DAYS - OPENING_DAYS)
    known = [name for name in PATTERNS if name not in HELD_OUT]
    learnt, judged = (TRAIN_DAYS, ",".join(known), LEARNT_PREVALENCE), (DAYS, "all", PREVALENCE)
    for name, (days, patterns, prevalence) in [("train", learnt), ("test", judged)]:
        settings = [f"seed={seed}", f"packs={round(daily * (days - OPENING_DAYS))}", f"days={days}"]
        settings += [f"prevalence={prevalence}", f"patterns={patterns}"]
        subprocess.run([programs / "chain", folder / name, *settings], check=True, stdout=subprocess.DEVNULL)


def pyod(path, seed):
    """Average precision over packs: PyOD's forest and what was said of each pack here."""
    rows = np.loadtxt(path, delimiter=",", skiprows=1)
    measures, ours, attacked = rows[:, :-2], rows[:, -2], rows[:, -1]
    forest = IForest(n_estimators=100, random_state=seed, n_jobs=2).fit(measures)
    return average_precision_score(attacked, forest.decision_scores_), average_precision_score(attacked, ours)


def interval(values):
    """Mean and half the width of its interval of 95 % (Student)."""
    values = np.array([value for value in values if value is not None], dtype=float)
    if len(values) == 0:
        return float("nan"), float("nan")
    students = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78, 6: 2.57, 7: 2.45, 8: 2.36, 9: 2.31, 10: 2.26}
    half = students.get(len(values), 2.0) * values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else float("nan")
    return values.mean(), half


def share(judged, names):
    found = [judged["recall_by_pattern"].get(name, {"found": 0, "truths": 0}) for name in names]
    truths = sum(of["truths"] for of in found)
    return sum(of["found"] for of in found) / truths if truths else None


def thinned(points):
    """A curve by the first and the last point of each recall: what lies between is a straight line."""
    kept = []
    for at, (recall, precision) in enumerate(points):
        is_end = at + 1 == len(points) or points[at + 1][0] != recall
        if is_end or at == 0 or points[at - 1][0] != recall:
            kept.append((round(recall, 5), round(precision, 5)))
    return kept


def wilson(found, truths):
    """Bounds of 95 % of a share (Wilson 1927)."""
    z, share = 1.96, found / truths
    centre, scale = share + z * z / (2 * truths), 1 + z * z / truths
    half = z * np.sqrt(share * (1 - share) / truths + z * z / (4 * truths * truths))
    return (centre - half) / scale, (centre + half) / scale


def curve_picture(path, curves):
    """Precision over recall, a line a seed."""
    lines = []
    for points in curves:
        text = " ".join(f"{60 + 400 * recall:.1f},{20 + 300 * (1 - precision):.1f}" for recall, precision in points)
        lines.append(f'<polyline points="{text}" fill="none" stroke="#1f5fa8" stroke-opacity="0.7"/>')
    ticks = "".join(
        f'<text x="{60 + 400 * at:.0f}" y="338" text-anchor="middle">{at:.1f}</text>'
        f'<text x="52" y="{324 - 300 * at:.0f}" text-anchor="end">{at:.1f}</text>'
        for at in (0, 0.2, 0.4, 0.6, 0.8, 1.0)
    )
    path.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="490" height="370" font-family="sans-serif" font-size="12">'
        '<rect width="490" height="370" fill="white"/><rect x="60" y="20" width="400" height="300" fill="none" stroke="#888"/>'
        + ticks + "".join(lines)
        + '<text x="260" y="360" text-anchor="middle">recall</text>'
        '<text x="16" y="170" text-anchor="middle" transform="rotate(-90 16 170)">precision</text></svg>\n'
    )


def patterns_picture(path, recalls):
    """Recall by pattern; held-out ones in another colour."""
    bars = []
    for at, (name, found, truths) in enumerate(recalls):
        y, colour = 20 + 18 * at, "#c2571a" if name in HELD_OUT else "#1f5fa8"
        low, high = wilson(found, truths)
        bars.append(
            f'<text x="190" y="{y + 11}" text-anchor="end">{name}</text>'
            f'<rect x="200" y="{y}" width="{220 * found / truths:.1f}" height="13" fill="{colour}" fill-opacity="0.8"/>'
            f'<path d="M{200 + 220 * low:.1f} {y + 6.5}H{200 + 220 * high:.1f}" stroke="#333" stroke-width="2"/>'
            f'<text x="428" y="{y + 11}">{found} of {truths}</text>'
        )
    height = 40 + 18 * len(recalls)
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="510" height="{height}" font-family="sans-serif" font-size="12">'
        f'<rect width="510" height="{height}" fill="white"/>' + "".join(bars) + "</svg>\n"
    )


def measured(programs, seed, packs):
    """What the evaluation says of one seed, and PyOD of the same packs."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        simulated(programs, folder, seed, packs)
        command = [programs / "evaluation", folder / "train", folder / "test", FROM, folder / "features.csv", str(seed)]
        told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        theirs, ours = pyod(folder / "features.csv", seed)
    for of in told["by"].values():
        of.pop("seconds")  # The files are the same on every run.
        of["curve"] = thinned(of["curve"])
    return told | {"seed": seed, "pyod": theirs, "ours": ours}


def per_million(count, scans):
    return None if count is None else 1e6 * count / scans


def row_of(told):
    row = {"labels": told["labels"], "packs scored": told["packs"], "scans": told["scans"]}
    row |= {f"later cases: {name}": told["card"].get(name) for name in LEARNT}
    for name, of in told["by"].items():
        judged = of["judged"]
        row |= {
            f"{name}: attacks": judged["recall"]["truths"],
            f"{name}: recall, known": share(judged, [kind for kind in judged["recall_by_pattern"] if kind not in HELD_OUT]),
            f"{name}: recall, held out": share(judged, HELD_OUT),
            f"{name}: precision at 50 a day": judged["precision_at_50_a_day"],
            f"{name}: precision, known": of["precision_known"],
            f"{name}: precision, held out": of["precision_held_out"],
            f"{name}: PR-AUC": judged["pr_auc"],
            f"{name}: false alerts per million scans": judged["false_alerts_per_million_scans"],
            f"{name}: the same at recall .9 and .7": per_million(of["false_alerts_at_recalls"], told["scans"]),
            f"{name}: attacks that a record proves": of["deterministic"][0],
            f"{name}: of these, found": of["deterministic"][1],
            f"{name}: of these, within a minute": of["deterministic"][2],
            f"{name}: slips labelled": judged["operator_errors"]["recall"],
            f"{name}: hours to detect, median": judged["hours_to_detect_median"],
            f"{name}: hours to detect, nine tenths": judged["hours_to_detect_p90"],
            f"{name}: hours to detect, clones, median": of["clone_hours"],
        }
    return row | {"PyOD over packs: PR-AUC": told["pyod"], "ours over packs: PR-AUC": told["ours"], "ours less PyOD": told["ours"] - told["pyod"]}


def main():
    programs, report = Path(sys.argv[1]), Path(sys.argv[2])
    first, seeds, packs = (int(argument) for argument in sys.argv[3:6])
    report.mkdir(exist_ok=True)
    file = report / "seeds.json"
    all_told = json.loads(file.read_text()) if file.exists() and "--draw" in sys.argv else []
    for seed in range(first, first + seeds) if not all_told else []:
        all_told.append(measured(programs, seed, packs))
        file.write_text("[\n" + ",\n".join(json.dumps(told) for told in all_told) + "\n]\n")
    rows, recalls = [row_of(told) for told in all_told], {}
    for told in all_told:
        for kind, of in told["by"]["rules"]["judged"]["recall_by_pattern"].items():
            found, truths = recalls.get(kind, (0, 0))
            recalls[kind] = (found + of["found"], truths + of["truths"])
    for name in rows[0]:
        mean, half = interval([row[name] for row in rows])
        print(f"{name:<48}{mean:>14.4f} ± {half:.4f}")
    curve_picture(report / "curve.svg", [told["by"]["rules"]["curve"] for told in all_told])
    patterns_picture(report / "patterns.svg", [(kind, *of) for kind, of in sorted(recalls.items())])


LEARNT = ["true cases", "average precision, outcomes", "average precision, rules", "log loss, outcomes", "log loss, rules", "ranks by outcomes"]
PATTERNS = """unknown_serial guessed_serials fast_clone slow_clone replayed_dispensed relabelled_expiry batch_mismatch repeated_state
undo_abuse impossible_travel rare_transition forged_pedigree unauthorised_seller resold_empties stolen_laundered diversion
tampered_aggregation swapped_case shipped_uncommissioned commissioned_twice overage shortage shortage_falsified serial_probing
expired_moving recalled_moving colluding_wholesaler order_splitting""".split()

if __name__ == "__main__":
    main()
