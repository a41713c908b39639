"""``python -m incidents``: runs the incident suite and prints its table; see the package."""

import argparse
import fnmatch
import json
import os
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich import console, progress

from incidents import page, playing, results, runner, scenarios, stand, table

VARIANTS = 2
WIDTH = 150
"""Of the table where it is not printed on a terminal."""


def chosen(
    *, only: Sequence[str] = (), quick: bool = False, seed: int, variants: int = VARIANTS
) -> list[playing.Run]:
    """The runs that were asked for: of each scenario so many variants, one in the quick part."""
    found = []
    for each in scenarios.ALL:
        if only and not any(_fits(each.name, pattern) for pattern in only):
            continue
        if quick and not each.quick:
            continue
        count = 1 if quick or each.kind != "single" else variants
        first = random.Random(f"{seed}/{each.name}").randrange(2) if count == 1 else 0
        found += [
            playing.Run(scenario=each, variant=first + place, seed=seed) for place in range(count)
        ]
    return found


def _fits(name: str, pattern: str) -> bool:
    return fnmatch.fnmatch(name, pattern) or pattern in name


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs what was asked for; 0: every goal is met, 1: not, 2: nothing fits."""
    asked = _parser().parse_args(arguments)
    if asked.list:
        for each in scenarios.ALL:
            quick = "quick" if each.quick else ""
            print(f"{each.name:<28} {each.kind:<9} {each.how:<10} {quick:<6} {each.breaks}")
        return 0
    seed = random.SystemRandom().randrange(1_000_000) if asked.seed is None else asked.seed
    runs = chosen(only=asked.only, quick=asked.quick, seed=seed, variants=asked.variants)
    if not runs:
        print("No scenario fits; --list shows them.", file=sys.stderr)
        return 2
    screen = console.Console(stderr=True)
    screen.print(
        f"seed {seed}: {len(runs)} runs of {len({one.scenario for one in runs})} scenarios"
    )
    began = time.monotonic()
    try:
        rows, background = _run(runs, screen, asked, seed)
    except KeyboardInterrupt:
        screen.print("Stopped. The labs are taken down.")
        stand.end_beyond()
        os._exit(130)  # threads of clients are waited for otherwise; each lab has its watchdog
    took_s = time.monotonic() - began
    measured = results.measures(rows, background)
    table.show(
        rows, measured, background, to=console.Console(width=None if sys.stdout.isatty() else WIDTH)
    )
    print(f"seed {seed}, {len(rows)} runs in {took_s / 60:.1f} minutes")
    told = results.document(rows, seed=seed, took_s=took_s, background=background)
    if asked.out is not None:
        _write(asked.out, told)
    return 1 if any(one.met is False for one in measured) else 0


def _run(
    runs: Sequence[playing.Run], screen: console.Console, asked: argparse.Namespace, seed: int
) -> tuple[list[results.Row], list[str]]:
    with progress.Progress(
        progress.TextColumn("incidents"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeElapsedColumn(),
        console=screen,
        transient=True,
    ) as bar:
        task = bar.add_task("incidents", total=len(runs))
        began = time.monotonic()
        so_far: list[results.Row] = []

        def tell(row: results.Row) -> None:
            bar.console.print(table.line(row))
            for problem in table.problems(row):
                bar.console.print(
                    f"       {problem}", markup=False, highlight=False, soft_wrap=True
                )
            so_far.append(row)
            if asked.out is not None:
                _write_looks(asked.out, row)
                took_s = time.monotonic() - began
                told = results.document(so_far, seed=seed, took_s=took_s, background=())
                _write(asked.out, told)
            bar.advance(task)

        return runner.run_all(
            runs, tell, keep=asked.keep_lab, doctors=runner.DOCTORS[asked.doctors]
        )


def _write(folder: Path, told: dict[str, object]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "incidents.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
    (folder / "incidents.html").write_text(page.render(told), encoding="utf-8")


def _write_looks(folder: Path, row: results.Row) -> None:
    """What was said at each look of one run, for those who ask why."""
    said = folder / "looks"
    said.mkdir(parents=True, exist_ok=True)
    drew = ", ".join(f"{name} {value}" for name, value in row.drew.items())
    text = "\n".join([row.breaks, drew, row.proof or row.failure, *row.said, ""])
    (said / f"{row.scenario}-{row.variant}.txt").write_text(text, encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m incidents", description=__doc__)
    made.add_argument(
        "--only", action="append", default=[], metavar="PATTERN", help="names or parts; repeatable"
    )
    made.add_argument("--seed", type=int, help="a number; the same seed draws the same variants")
    made.add_argument("--quick", action="store_true", help="the quick part, about 4 minutes")
    made.add_argument("--variants", type=int, default=VARIANTS, help="of each single scenario")
    made.add_argument("--list", action="store_true", help="show the scenarios and end")
    made.add_argument("--out", type=Path, metavar="FOLDER", help="write JSON and a page there")
    made.add_argument("--keep-lab", action="store_true", help="leave the labs up")
    made.add_argument(
        "--doctors",
        choices=runner.DOCTORS,
        default="some",
        help="in which runs the real command is asked, too",
    )
    return made


if __name__ == "__main__":
    sys.exit(main())
