#!/usr/bin/env python3
"""Makes `world.txt`, the base map of the regulator's desk, from Natural Earth (public domain) as the npm package world-atlas has it.

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    api/src/pages/cases/world.py package/countries-50m.json > api/src/pages/cases/world.txt

A line is `L` and a ring of land, or `B` and a border between two countries, as an encoded polyline (the algorithm of Google's
Encoded Polyline Algorithm Format) of whole hundredths of a degree, longitude first.
"""
import json
import math
import sys

SCALE = 100
# Degrees by which a simplified line may be off, and square degrees below which an island is left out.
TOLERANCE = 0.075
AREA_MIN = 0.03


def decoded(topology):
    scale, translate = topology["transform"]["scale"], topology["transform"]["translate"]
    for arc in topology["arcs"]:
        x = y = 0
        line = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            line.append((x * scale[0] + translate[0], y * scale[1] + translate[1]))
        yield line


def simplified(line):
    """Ramer, Douglas and Peucker, with degrees of longitude as wide as they are there."""
    keep = {0, len(line) - 1}
    parts = [(0, len(line) - 1)]
    while parts:
        first, last = parts.pop()
        wide = math.cos(math.radians(min(abs(line[first][1]), 80)))
        ax, ay = line[first][0] * wide, line[first][1]
        bx, by = line[last][0] * wide, line[last][1]
        length = math.hypot(bx - ax, by - ay)
        worst, at = 0, None
        for place in range(first + 1, last):
            x, y = line[place][0] * wide, line[place][1]
            if length:
                share = max(0, min(1, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length**2))
                off = math.hypot(x - ax - share * (bx - ax), y - ay - share * (by - ay))
            else:
                off = math.hypot(x - ax, y - ay)
            if off > worst:
                worst, at = off, place
        if worst > TOLERANCE:
            keep.add(at)
            parts += [(first, at), (at, last)]
    return [line[place] for place in sorted(keep)]


def number(value):
    value = ~(value << 1) if value < 0 else value << 1
    text = ""
    while value >= 0x20:
        text += chr((0x20 | value & 0x1F) + 63)
        value >>= 5
    return text + chr(value + 63)


def encoded(line):
    text, last = "", (0, 0)
    for point in [(round(x * SCALE), round(y * SCALE)) for x, y in line]:
        if point != last or not text:
            text += number(point[0] - last[0]) + number(point[1] - last[1])
            last = point
    return text


def area(ring):
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:] + ring[:1]))) / 2


def polygons(geometry):
    return {"Polygon": lambda: [geometry["arcs"]], "MultiPolygon": lambda: geometry["arcs"]}.get(geometry["type"], list)()


def main():
    topology = json.load(open(sys.argv[1], encoding="utf-8"))
    arcs = [simplified(arc) for arc in decoded(topology)]
    arc = lambda at: arcs[at] if at >= 0 else arcs[~at][::-1]
    for geometry in topology["objects"]["land"]["geometries"]:
        for polygon in polygons(geometry):
            # Lakes are within, and left out.
            ring = [point for at in polygon[0] for point in arc(at)[1:]]
            if len(ring) > 3 and area(ring) > AREA_MIN:
                print("L" + encoded(ring))
    used = {}
    for geometry in topology["objects"]["countries"]["geometries"]:
        for polygon in polygons(geometry):
            for ring in polygon:
                for at in ring:
                    at = at if at >= 0 else ~at
                    used[at] = used.get(at, 0) + 1
    for at in sorted(at for at, times in used.items() if times > 1):
        print("B" + encoded(arcs[at]))


main()
