#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Simulated cycles a second of rtl, fast, and timing without data, on one core and the same work: a decode
# and a prefill of tiny-gpt on edge, whose cycles and counters must be equal, and a layer of a large model.
# Of the short runs the best of three and five.
# usage: fast_speed.sh DALBIT FAST_SPEED MODEL.onnx
set -eu
dalbit=$1
layer=$2
model=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
core=$(/usr/bin/python3 -c 'import os; print(min(os.sched_getaffinity(0)))')
run() { # report, options
  local json=$1
  shift
  taskset -c "$core" "$dalbit" run "$work/m.dbn" "$@" --json "$json" >/dev/null
}
"$dalbit" compile "$model" -o "$work/m.dbn" --target edge
run "$work/first.json" --engine rtl --tokens 65 # builds the configuration
for what in decode prefill; do
  options=(--prompt 'And the LORD said unto Moses, ' --generate 160)
  [ $what = decode ] || options=(--prompt "$(printf 'A%.0s' {1..200})" --generate 1)
  run "$work/rtl-1.json" --engine rtl --record "$work/run.rec" "${options[@]}"
  for i in 1 2 3; do run "$work/fast-$i.json" --engine fast "${options[@]}"; done
  for i in 1 2 3 4 5; do
    run "$work/timing-$i.json" --engine fast --timing-only --replay "$work/run.rec" "${options[@]}"
  done
  /usr/bin/python3 - "$work" $what <<'P'
import glob, json, sys
def best(kind):
    return min((json.load(open(f)) for f in glob.glob(f"{sys.argv[1]}/{kind}-*.json")), key=lambda j: j["host_seconds"])
runs = [best(kind) for kind in ("rtl", "fast", "timing")]
assert all(r[key] == runs[0][key] for r in runs for key in ("cycles", "counters")), "engines differ"
rate = [r["cycles"]["total"] / r["host_seconds"] for r in runs]
print(f"edge, tiny-gpt {sys.argv[2]}: {runs[0]['cycles']['total']} cycles; rtl {rate[0] / 1e6:.2f} M cycles/s, "
      f"fast {rate[1] / 1e6:.1f} ({rate[1] / rate[0]:.1f} times), timing only {rate[2] / 1e6:.0f} ({rate[2] / rate[0]:.0f} times)")
P
done
taskset -c "$core" "$layer"
