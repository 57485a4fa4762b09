"""Draws a forecast with its bounds beside what came: FILE (series,period,value) SERIES HORIZON FORECASTS (of the file without its end) PICTURE."""

import csv
import sys


def main():
    file, series, horizon, forecasts, picture = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5]
    with open(file) as rows:
        history = [(row[1], float(row[2])) for row in csv.reader(rows) if row[0] == series][-5 * horizon:]
    with open(forecasts) as rows:
        fan = [row for row in csv.DictReader(rows) if row["series"] == series][:horizon]
    top = 1.1 * max([value for _, value in history] + [float(row["q90"]) for row in fan])
    begin = len(history) - len(fan)

    def point(at, value):
        return f"{60 + 600 * at / (len(history) - 1):.1f},{20 + 260 * (1 - value / top):.1f}"

    def line(values, first):
        return " ".join(point(first + at, value) for at, value in enumerate(values))

    def of(name):
        return [float(row[name]) for row in fan]

    band = line(of("q90"), begin) + " " + " ".join(reversed(line(of("q10"), begin).split()))
    years = "".join(
        f'<text x="{point(at, 0).split(",")[0]}" y="298" text-anchor="middle">{period[:4]}</text>'
        for at, (period, _) in enumerate(history) if period.endswith("-01")
    )
    levels = "".join(
        f'<text x="54" y="{24 + 260 * (1 - share):.0f}" text-anchor="end">{share * top / 1000:.0f} k</text>' for share in (0, 0.5, 1)
    )
    with open(picture, "w") as out:
        out.write(
            '<svg xmlns="http://www.w3.org/2000/svg" width="690" height="330" font-family="sans-serif" font-size="12">'
            '<rect width="690" height="330" fill="white"/>' + years + levels
            + f'<polygon points="{band}" fill="#1f5fa8" fill-opacity="0.25"/>'
            + f'<polyline points="{line(of("q50"), begin)}" fill="none" stroke="#1f5fa8" stroke-width="2"/>'
            + f'<polyline points="{line([value for _, value in history], 0)}" fill="none" stroke="#222"/>'
            + f'<text x="60" y="320">{series}, a month: what came (black), the median foreseen {len(fan)} months before and the bounds of 80 %</text></svg>\n'
        )


if __name__ == "__main__":
    main()
