"""Runs the cases in rounds, so that noise hits all alike, and prints and writes the medians."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bed import FOLDER, ROOT, Bed, BenchmarkError, Host, debian, output
from cases import CASES, Case

RESULTS = FOLDER.with_suffix(".json")
COUNTS = ("tasks", "skipped", "changed")
PATIENCE = 30  # seconds that a site may take to answer once its command has ended


@dataclass(frozen=True)
class Run:
    """One measured run: its seconds, when the site changed over to the commit that it should serve
    (None where it served it all along), and for playbooks what the callback counted."""

    seconds: float
    live: float | None
    tasks: dict[str, Any]


def measure(case: Case, bed: Bed, host: Host, log: Path) -> Run:
    """Run ``case``, until its site serves what it should; BenchmarkError where it does not."""
    case.before(bed)
    command = case.command(bed, host)
    tasks = FOLDER / "tasks.json"
    tasks.unlink(missing_ok=True)
    served = serves(case, bed, host)
    watched = not served and host.fetch("/health") != ""
    live = None
    with log.open("w") as file, tempfile.TemporaryFile("w+") as given:
        given.write(command.input)
        given.seek(0)
        start = time.monotonic()
        process = subprocess.Popen(
            command.arguments,
            stdin=given,
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, **command.environment},
            cwd=ROOT,
        )
        # Few looks, for they take time from what is measured; and none at an empty host.
        while not ended(process, within=0.2):
            if watched and live is None and serves(case, bed, host):
                live = time.monotonic() - start
    if process.returncode:
        raise BenchmarkError(f"{case.name} failed; the end of {log}:\n{log.read_text()[-3000:]}")
    wait_for_site(case, bed, host, log)
    seconds = time.monotonic() - start
    counted = json.loads(tasks.read_text()) if tasks.exists() else {}
    return Run(seconds, live or (None if served else seconds), counted)


def ended(process: subprocess.Popen[bytes], within: float) -> bool:
    """Whether a process ends within some seconds."""
    try:
        process.wait(within)
    except subprocess.TimeoutExpired:
        return False
    return True


def serves(case: Case, bed: Bed, host: Host) -> bool:
    """Whether the site says that it runs the commit that it should after the case."""
    return f'"{case.serves(bed)[:12]}' in host.fetch("/health")


def wait_for_site(case: Case, bed: Bed, host: Host, log: Path) -> None:
    """Until the site answers over HTTPS, and says that it runs the commit that it should."""
    deadline = time.monotonic() + PATIENCE
    while not (serves(case, bed, host) and "<title>" in host.fetch("/")):
        if time.monotonic() > deadline:
            raise BenchmarkError(
                f"{case.name} ended without an error, but the site does not serve the commit"
                f" {case.serves(bed)[:12]}; /health says: {host.fetch('/health')!r}; see {log}"
            )
        time.sleep(0.05)


def run_rounds(rounds: int, only: list[str]) -> dict[str, list[Run]]:
    """The runs of each case. Cases that others need on their host run as well."""
    hosts = list(dict.fromkeys(case.host for case in CASES if not only or case.name in only))
    runs = defaultdict(list)
    with Bed() as bed:
        for number in range(1, rounds + 1):
            # Every other round the other way round: none is always the first.
            for name in hosts if number % 2 else reversed(hosts):
                host = bed.host(name)
                for case in needed(name, only):
                    log = FOLDER / f"{case.name}-{number}.log"
                    run = measure(case, bed, host, log)
                    runs[case.name].append(run)
                    print(f"round {number}: {case.title}: {run.seconds:.1f} s", file=sys.stderr)
    return runs


def needed(host: str, only: list[str]) -> list[Case]:
    """The cases of ``host``, up to the last one that is asked for."""
    cases = [case for case in CASES if case.host == host]
    asked = [number for number, case in enumerate(cases, 1) if not only or case.name in only]
    return cases[: asked[-1]]


def summary(case: Case, runs: list[Run], shell: float | None) -> dict[str, Any]:
    """A row, for the table and the JSON file."""
    seconds = [run.seconds for run in runs]
    median = statistics.median(seconds)
    live = [run.live for run in runs if run.live is not None]
    tasks = runs[-1].tasks
    return {
        "name": case.name,
        "title": case.title,
        "median": round(median, 2),
        "min": round(min(seconds), 2),
        "max": round(max(seconds), 2),
        "seconds": [round(each, 2) for each in seconds],
        "live": round(statistics.median(live), 2) if live else None,
        "to_shell": round(median / shell, 2) if shell else None,
        **{count: tasks.get(count) for count in COUNTS},
        "slowest": slowest(runs),
    }


def slowest(runs: list[Run]) -> list[tuple[str, float]]:
    """The tasks of a playbook, those with the greatest medians first, and what is no task."""
    tasks = defaultdict(list)
    for run in runs:
        if run.tasks:
            known: dict[str, float] = defaultdict(float)
            for name, seconds in run.tasks["seconds"]:
                known[name] += seconds
            known["(Ansible's own start and end)"] = run.seconds - sum(known.values())
            for name, seconds in known.items():
                tasks[name].append(seconds)
    medians = [(name, round(statistics.median(each), 2)) for name, each in tasks.items()]
    return sorted(medians, key=lambda item: -item[1])


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as text; '-' stands where a column has no meaning."""
    lines = [["", "median", "min..max", "live", *COUNTS, "to shell"]]
    for row in rows:
        span = f"{row['min']:.1f}..{row['max']:.1f}"
        figures = [row["title"], f"{row['median']:.1f} s", span]
        figures.append(None if row["live"] is None else f"{row['live']:.1f} s")
        figures += [row[name] for name in COUNTS]
        figures.append(None if row["to_shell"] is None else f"{row['to_shell']:.2f}")
        lines.append(["-" if figure is None else str(figure) for figure in figures])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])])
        for line in lines
    )


def circumstances() -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "when": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "revision": output("git", "-C", str(ROOT), "describe", "--always", "--dirty"),
        "ansible_core": version("ansible-core"),
        "python": platform.python_version(),
        "debian": debian(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
    }


def main() -> None:
    names = [case.name for case in CASES]
    parser = argparse.ArgumentParser(prog="benchmarks/run", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often each case runs (3)")
    parser.add_argument("--only", action="append", choices=names, help="this case; repeatable")
    parser.add_argument("--slowest", type=int, default=0, help="show so many tasks of a playbook")
    parser.add_argument("--json", type=Path, default=RESULTS, help=f"the file ({RESULTS})")
    options = parser.parse_args()

    around = circumstances()
    try:
        runs = run_rounds(options.rounds, options.only or [])
    except BenchmarkError as error:
        sys.exit(f"benchmarks/run: {error}")
    shell = statistics.median(run.seconds for run in runs["shell"]) if "shell" in runs else None
    rows = [summary(case, runs[case.name], shell) for case in CASES if case.name in runs]
    result = {**around, "rounds": options.rounds, "cases": rows}
    options.json.write_text(json.dumps(result, indent=2) + "\n")

    print(table(rows))
    for row in rows:
        if options.slowest and row["slowest"]:
            print(f"\n{row['title']}, its slowest tasks:")
        for name, seconds in row["slowest"][: options.slowest]:
            print(f"{seconds:8.2f} s  {name}")
    print("\n" + ", ".join(f"{name} {value}" for name, value in around.items()))
    print(f"written to {options.json}")


if __name__ == "__main__":
    main()
