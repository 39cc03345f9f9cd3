"""One executor against two: what each table of a run takes on Spark, and what does not scale.

A generated shop (or `--pipeline`), whole runs with `[engine] kind = "spark"`, tables made one after the other
(`--threads 1`) so that each has the cluster to itself. The servers are those of `tests/spark/server.sh`: their driver,
their executors with one core each and we share this machine, so that two executors on two cores are not twice the
machine; the processor seconds of each tell how much of it was left. `--share 0.5` gives each executor half a core by the
kernel's quota (root, cgroups), so that a second one is a second half and the rest of the machine is for the others: what
scales is seen there. A table's seconds hold planning, scheduling, shuffle and writing, and for models reading their input,
our own work and handing it back. The embedded engine runs the same in the same call, for scale.

The binary has to be built with `--features spark`.
"""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from bench import ROOT, arguments, measure, report, save, shop

SERVER = ROOT / "tests" / "spark" / "server.sh"
PORT = 15422


def pipeline_for(folder: Path, side: str, engine: str) -> Path:
    """The pipeline file of a folder with another engine and an output folder of its own."""
    text = (folder / "patronage.toml").read_text()
    if "[output]" in text or "[engine]" in text:
        raise SystemExit(f"{folder}/patronage.toml has a section [output] or [engine] of its own")
    path = folder / f"patronage-{side}.toml"
    path.write_text(f'{text}\n[output]\ndir = "out-{side}"\n{engine}')
    shutil.rmtree(folder / f"out-{side}", ignore_errors=True)
    return path


def run(args, side: str, engine: str = ""):
    path = pipeline_for(args.folder, side, engine)
    only = [word for table in args.only for word in ("--only", table)]
    command = [args.binary, "run", path, "--threads", "1", "--format", "json", "--quiet", *only]
    cost, said = measure(command)
    manifest = json.loads((Path(json.loads(said)["folder"]) / "manifest.json").read_text())
    return cost, manifest


def processor_seconds(process: int) -> float:
    """What a process has used so far, user and system."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def limit(process: int, share: float) -> Path:
    """Leaves a process this share of one core, in ten slices a second; gives the control group that says so."""
    one, period = Path("/sys/fs/cgroup/cpu"), 100_000
    group = (one if one.is_dir() else Path("/sys/fs/cgroup")) / f"patronage-{process}"
    group.mkdir()
    if one.is_dir():
        (group / "cpu.cfs_period_us").write_text(str(period))
        (group / "cpu.cfs_quota_us").write_text(str(int(share * period)))
    else:
        (group / "cpu.max").write_text(f"{int(share * period)} {period}")
    (group / "cgroup.procs").write_text(str(process))
    return group


def on_spark(args, executors: int):
    # Java as a cluster has it: the tests' own server compiles no further than its first tier.
    environment = os.environ | {"PATRONAGE_SPARK_JAVA": "-XX:+UseG1GC"}
    command = [SERVER, "start", str(PORT), str(executors), str(args.megabytes)]
    # Into a file: the server would hold a pipe open.
    with tempfile.TemporaryFile() as said:
        subprocess.run(command, check=True, stdout=said, env=environment)
        said.seek(0)
        driver = int(said.read())
    groups = []
    try:
        workers = executor_processes(executors)
        if args.share:
            groups = [limit(process, args.share) for process in workers]
        cost, manifest = run(args, f"spark-{executors}", f'[engine]\nkind = "spark"\nurl = "sc://127.0.0.1:{PORT}"\n')
        used = {"driver": processor_seconds(driver), "executors": [processor_seconds(process) for process in workers]}
        return cost, manifest, used
    finally:
        subprocess.run([SERVER, "stop", str(PORT)], check=True)
        for group in groups:
            # One whose process has not gone yet stays, and does no harm.
            with contextlib.suppress(OSError):
                group.rmdir()


def executor_processes(number: int) -> list[int]:
    """The executors, which come up after the port does."""
    for _ in range(60):
        found = subprocess.run([SERVER, "executors", str(PORT)], check=True, capture_output=True, text=True).stdout.split()
        if len(found) == number:
            return [int(process) for process in found]
        time.sleep(1)
    raise SystemExit(f"{len(found)} of {number} executors came up")


def main():
    parser = arguments(__doc__, repeat=1)
    parser.add_argument("--lines", type=int, default=1_000_000, help="transaction lines to aim at [%(default)s]")
    parser.add_argument("--pipeline", type=Path, help="a folder with a patronage.toml, instead of a generated shop")
    parser.add_argument("--only", action="append", default=[], help="only this table and what it needs; several times")
    parser.add_argument("--megabytes", type=int, default=2048, help="memory of an executor [%(default)s]")
    parser.add_argument("--share", type=float, help="share of a core that each executor has [all of it]")
    args = parser.parse_args()
    # A file with quotes is one task on Spark: one file would be read by one executor only.
    args.folder = args.pipeline or shop(args, args.lines, "monthly")
    costs, clocks, rows, server = {}, {}, {}, {}
    sides = {"one executor": lambda: on_spark(args, 1), "two executors": lambda: on_spark(args, 2), "embedded": lambda: (*run(args, "embedded"), {})}
    for side, runs in sides.items():
        cost, manifest, server[side] = runs()
        costs[side], clocks[side] = [cost], manifest["wall_clock"]
        rows[side] = {table["name"]: table["rows"] for table in manifest["tables"]}
        print(f"{side}: {manifest['wall_clock']['seconds']:.0f} s; processor seconds: {cost.cpu_s:.0f} ours, {server[side]}", flush=True)
    if len({json.dumps(found, sort_keys=True) for found in rows.values()}) != 1:
        raise SystemExit("the sides made different tables, so no time is worth telling")

    seconds = {side: {name: cost["seconds"] for name, cost in clock["tables"].items()} for side, clock in clocks.items()}
    for side, clock in clocks.items():
        # What is not in the time of any table.
        seconds[side] |= {f"({stage})": spent for stage, spent in clock["stages"].items() if stage != "tables"}
    one, two = seconds["one executor"], seconds["two executors"]
    print(f"\n{'table':32} {'rows':>10} {'one, s':>8} {'two, s':>8} {'one/two':>8} {'embedded, s':>12}")
    for name, spent in sorted(one.items(), key=lambda item: -item[1]):
        ratio = spent / two[name] if two.get(name) else float("nan")
        print(f"{name:32} {rows['embedded'].get(name, 0):>10} {spent:>8.2f} {two.get(name, 0):>8.2f} {ratio:>8.2f} {seconds['embedded'].get(name, 0):>12.2f}")
    all_one, all_two = clocks["one executor"]["seconds"], clocks["two executors"]["seconds"]
    print(f"{'all':32} {'':>10} {all_one:>8.2f} {all_two:>8.2f} {all_one / all_two:>8.2f} {clocks['embedded']['seconds']:>12.2f}")
    report("our own process (Spark's is not in it)", costs, "embedded")
    name = "spark-share" if args.share else "spark"
    save(name, args, costs, lines=args.lines, share=args.share, rows=rows["embedded"], wall_clock=clocks, server_cpu_s=server)


if __name__ == "__main__":
    main()
