#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Plants the faults of mutations.txt in a copy of rtl/, one at a time, and lets `dalbit fuzz` look for
each with the programs that CI runs. Prints a line each; exit status 1 if one is not found.

  tests/mutations/check.py --build build/release            all of them (docs/fuzzing.md)
  tests/mutations/check.py --list                           only that each line is in rtl/, once
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def read_mutations():
    text = (ROOT / "tests/mutations/mutations.txt").read_text()
    blocks = re.findall(r"^== (\S+) (data|time)\n(\S+)\n-(.*)\n\+(.*)\n", text, re.M)
    assert len(blocks) == text.count("\n== "), "a block of mutations.txt has another form"
    return blocks


def mutated(name, path, old, new):
    text = (ROOT / path).read_text()
    if text.count(old + "\n") != 1 or old == new:
        sys.exit(f"error: {name}: its line is not in {path} once, or does not change")
    return text.replace(old + "\n", new + "\n")


def install(folder, build):
    """An installed dalbit with an rtl/ of its own: what the rtl engine needs is what is installed."""
    result = subprocess.run(["cmake", "--install", str(build), "--prefix", str(folder)],
                            capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"error: {build} cannot be installed: {result.stderr.strip()}")


def look(folder, args):
    environment = dict(os.environ, DALBIT_CACHE=str(folder / "cache"))
    command = [str(folder / "bin/dalbit"), "fuzz", "--target", args.target, "--programs",
               str(args.programs), "--seed", str(args.seed), "--first"]
    result = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True,
                            timeout=args.timeout)
    if result.returncode == 0:
        return None
    if "engines differ" not in result.stderr:
        sys.exit(f"error: {result.stderr.strip()}")
    return result.stdout.strip().splitlines()[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--list", action="store_true", help="apply, but build and run nothing")
    parser.add_argument("--only", nargs="*", help="names, or the kind data or time")
    parser.add_argument("--target", default="nano")
    parser.add_argument("--programs", type=int, default=600, help="as CampaignTest.cpp")
    parser.add_argument("--seed", type=int, default=2026, help="as CampaignTest.cpp")
    parser.add_argument("--timeout", type=int, default=3600, help="seconds for each")
    args = parser.parse_args()
    mutations = read_mutations()
    for name, _, path, old, new in mutations:
        mutated(name, path, old, new)
    if args.list:
        print(f"{len(mutations)} mutations apply")
        return 0 if len(mutations) >= 20 else 1

    missed = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        install(folder, args.build.resolve())
        if difference := look(folder, args):
            sys.exit(f"error: engines differ without a fault: {difference}")
        for name, kind, path, old, new in mutations:
            if args.only and name not in args.only and kind not in args.only:
                continue
            file = folder / "share/dalbit" / path
            before = file.read_text()
            file.write_text(mutated(name, path, old, new))
            begin = time.time()
            found = look(folder, args)
            file.write_text(before)
            shutil.rmtree(folder / "cache", ignore_errors=True)
            missed += found is None
            print(f"{'found ' if found else 'MISSED'} {name} ({kind}, {time.time() - begin:.0f} s)"
                  + (f": {found}" if found else ""), flush=True)
    print(f"{missed} missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
