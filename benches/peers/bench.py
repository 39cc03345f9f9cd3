"""What the comparisons share: the binary, whole-process costs, alternating repeats, and a table with ratios.

A cost is that of a whole process with its start: CPU seconds (user and system, of the process and of all that it waited
for), wall seconds, and the largest resident memory. CPU seconds are what is compared: they bear a busy machine better
than wall time, though not perfectly (caches and memory bandwidth are shared).
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
RUNS = ROOT / "benches" / "runs"
THREADS = 2


@dataclass
class Cost:
    cpu_s: float
    wall_s: float
    rss_mb: float


def resolved(path: str) -> Path:
    """A path that stays right in any working directory, and is run as a path and not looked up by name."""
    return Path(path).resolve()


def arguments(doc: str, repeat: int = 3) -> argparse.ArgumentParser:
    """The options that every comparison has."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    binary = os.environ.get("PATRONAGE_BINARY", target / "release" / "patronage")
    parser.add_argument("--binary", type=resolved, default=resolved(binary), help="patronage, a release build [%(default)s]")
    scratch = Path(tempfile.gettempdir()) / "patronage-bench"
    parser.add_argument("--dir", type=Path, default=scratch, help="where exports are made once and kept [%(default)s]")
    parser.add_argument("--repeat", type=int, default=repeat, help="runs of each side [%(default)s]")
    parser.add_argument("--save", action="store_true", help="keep the raw run in benches/runs/")
    return parser


def measure(command: list, cwd: Path | None = None) -> tuple[Cost, str]:
    """Runs a command to its end; gives its cost and what it wrote to stdout. A command that fails ends the comparison."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.perf_counter()
        process = subprocess.Popen([str(part) for part in command], stdout=out, stderr=err, cwd=cwd)
        sampler = RssSampler(process.pid)
        sampler.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        sampler.stop()
        out.seek(0)
        err.seek(0)
        if process.returncode != 0:
            sys.exit(f"{' '.join(map(str, command))}\nexit {process.returncode}\n{err.read().decode()[-4000:]}")
        cost = Cost(usage.ru_utime + usage.ru_stime, wall_s, sampler.peak_mb)
        return cost, out.read().decode()


class RssSampler(threading.Thread):
    """The kernel's high-water mark of resident memory, every 10 ms.

    `patronage run` resets the mark for its manifest, so that only many readings see the peak; and the one of `wait4` is no
    less than that of the process that forked, which is this one.
    """

    def __init__(self, pid: int):
        super().__init__(daemon=True)
        self.status = Path(f"/proc/{pid}/status")
        self.peak_mb = 0.0
        self.done = threading.Event()

    def run(self):
        while not self.done.wait(0.01):
            try:
                mark = next(line for line in self.status.read_text().splitlines() if line.startswith("VmHWM:"))
            except (OSError, StopIteration):
                return
            self.peak_mb = max(self.peak_mb, int(mark.split()[1]) / 1024)

    def stop(self):
        self.done.set()
        self.join()


def alternate(sides: dict, repeat: int) -> dict:
    """Runs the sides in turn, A B A B ...; a side is a function that gives a Cost. Returns the costs by side."""
    costs = {name: [] for name in sides}
    for _ in range(repeat):
        for name, side in sides.items():
            costs[name].append(side())
    return costs


def median(costs: list) -> Cost:
    return Cost(*(statistics.median(getattr(cost, field) for cost in costs) for field in ("cpu_s", "wall_s", "rss_mb")))


def report(title: str, costs: dict, ours: str = "patronage"):
    """Prints the medians of each side, and how many times the cost of ours each other side takes."""
    print(f"\n{title}")
    print(f"{'':38} {'CPU s':>8} {'wall s':>8} {'peak MB':>8} {'CPU ratio':>10} {'memory ratio':>13}")
    base = median(costs[ours])
    for name, runs in costs.items():
        cost = median(runs)
        ratios = f"{cost.cpu_s / base.cpu_s:>10.2f} {cost.rss_mb / base.rss_mb:>13.2f}"
        print(f"{name:38} {cost.cpu_s:>8.2f} {cost.wall_s:>8.2f} {cost.rss_mb:>8.0f} {ratios}")
    print(f"a ratio above 1: `{ours}` takes less")


def agree(what: str, figures: dict):
    """Ends the comparison unless all sides found the same; prints it once if they did."""
    if len({json.dumps(found, sort_keys=True) for found in figures.values()}) != 1:
        sys.exit(f"{what} differ, so no time is worth telling: {figures}")
    print(f"same {what}: {next(iter(figures.values()))}")


def save(name: str, args: argparse.Namespace, costs: dict, **more):
    """Keeps the raw run, when asked to."""
    if not args.save:
        return
    from importlib.metadata import PackageNotFoundError, version

    def installed(package: str) -> str | None:
        try:
            return version(package)
        except PackageNotFoundError:
            return None

    machine = {
        "cpus": os.cpu_count(),
        "cpu": next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?"),
        "load_1m": os.getloadavg()[0],
        "python": platform.python_version(),
        "packages": {package: installed(package) for package in ("duckdb", "pandas", "pyarrow")},
        "patronage": subprocess.run([args.binary, "--version"], capture_output=True, text=True).stdout.strip(),
    }
    raw = {key: [asdict(cost) for cost in runs] for key, runs in costs.items()}
    RUNS.mkdir(parents=True, exist_ok=True)
    path = RUNS / f"{name}.json"
    path.write_text(json.dumps({"machine": machine, "threads": THREADS, "costs": raw, **more}, indent=1) + "\n")
    print(f"raw run: {path.relative_to(ROOT)}")


def shop(args: argparse.Namespace, lines: int, layout: str = "single") -> Path:
    """A generated shop of about so many transaction lines, with all its exports: made once."""
    folder = args.dir / (f"shop-{lines}" if layout == "single" else f"shop-{lines}-{layout}")
    if not folder.exists():
        args.dir.mkdir(parents=True, exist_ok=True)
        print(f"making {folder} ...", file=sys.stderr)
        unfinished = folder.with_suffix(".unfinished")
        subprocess.run(["rm", "-rf", unfinished], check=True)
        command = [args.binary, "generate", unfinished, "--lines", lines, "--customers", lines // 20, "--layout", layout]
        subprocess.run([str(part) for part in [*command, "--quiet"]], check=True, stdout=subprocess.DEVNULL)
        unfinished.rename(folder)
    return folder
