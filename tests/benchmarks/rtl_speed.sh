#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Simulated cycles a second of the rtl on one core: a tiny-gpt decode, 64 against 32 tokens, so that
# start-up and prefill cancel; the functional engine on the same work beside it, as a ratio.
# usage: rtl_speed.sh DALBIT MODEL.onnx
set -eu
dalbit=$1
model=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
core=$(/usr/bin/python3 -c 'import os; print(min(os.sched_getaffinity(0)))')
for target in nano edge; do
  "$dalbit" compile "$model" -o "$work/m.dbn" --target $target
  for engine in rtl functional; do
    for n in 1 32 64; do # the first builds the configuration
      taskset -c "$core" "$dalbit" run "$work/m.dbn" --engine $engine --generate $n \
        --tokens 65,110,100 --json "$work/$engine-$n.json" >/dev/null
    done
  done
  /usr/bin/python3 - "$work" $target <<'P'
import json, sys
def load(engine, n): return json.load(open(f"{sys.argv[1]}/{engine}-{n}.json"))
rtl = [load("rtl", n) for n in (32, 64)]
functional = [load("functional", n) for n in (32, 64)]
seconds = rtl[1]["host_seconds"] - rtl[0]["host_seconds"]
cycles = rtl[1]["cycles"]["total"] - rtl[0]["cycles"]["total"]
other = functional[1]["host_seconds"] - functional[0]["host_seconds"]
print(f"{sys.argv[2]}: {cycles / seconds / 1e6:.2f} M cycles/s, {seconds / other:.0f} times the functional engine's time")
P
done
