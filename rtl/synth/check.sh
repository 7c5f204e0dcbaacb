#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Lints the NPU as each target has it, and at corners (Verilator, all warnings fatal) and reads
# all of it in with yosys: hierarchy, processes, check of each module.
#
# usage: rtl/synth/check.sh NPU_PKG.sv [lint|yosys]

set -eu
package=${1:?usage: check.sh NPU_PKG.sv [lint|yosys]}
what=${2:-all}
rtl=$(cd "$(dirname "$0")/.." && pwd)

# A folder may bring a package of its own, which must come first.
sources() {
  ls "$rtl"/*/*_pkg.sv 2>/dev/null || true
  ls "$rtl"/common/*.sv "$rtl"/scratchpad/*.sv "$rtl"/dma/*.sv \
    "$rtl"/matrix/*.sv "$rtl"/vector/*.sv "$rtl"/sequencer/*.sv \
    "$rtl"/npu_top.sv | grep -v '_pkg\.sv$'
}

lint() {
  echo "lint $1"
  shift
  verilator --lint-only -Wall -I"$rtl/common" --top-module npu_top "$@" \
    "$package" $(sources)
}

if [ "$what" != yosys ]; then
  lint nano -GN=16 -GK=16 -GLanes=8 -GPortBytes=64 -GAccEntries=256 \
    -GRowScalars=512 -GSpmBytes=262144 -GBanks=8 -GAxiBytes=16
  lint edge -GN=32 -GK=32 -GLanes=16 -GPortBytes=64 -GAccEntries=512 \
    -GRowScalars=1024 -GSpmBytes=1048576 -GBanks=16 -GAxiBytes=32
  lint server -GN=64 -GK=64 -GLanes=64 -GPortBytes=128 -GAccEntries=512 \
    -GRowScalars=2048 -GSpmBytes=4194304 -GBanks=16 -GAxiBytes=128
  # Corners of what docs/targets.md allows.
  lint smallest -GN=8 -GK=16 -GLanes=4 -GPortBytes=64 -GAccEntries=16 \
    -GRowScalars=16 -GSpmBytes=16384 -GBanks=2 -GAxiBytes=16
  lint "narrow port" -GN=64 -GK=64 -GLanes=32 -GPortBytes=64 -GAccEntries=4096 \
    -GRowScalars=4096 -GSpmBytes=16777216 -GBanks=64 -GAxiBytes=64
  lint "few channels" -GN=8 -GK=64 -GLanes=8 -GPortBytes=128 -GAccEntries=64 \
    -GRowScalars=256 -GSpmBytes=65536 -GBanks=64 -GAxiBytes=128
fi

# Bodies for simulation alone are left out: their names end in _sim, and the
# scratchpad's single array. Sizes are small, the structure is the same.
if [ "$what" != lint ]; then
  echo "yosys npu_top"
  synthesised=$(sources | grep -v -e '_sim\.sv$' -e scratchpad_array)
  yosys -q -p "read_verilog -sv -DSYNTHESIS -I $rtl/common $package \
      $(echo $synthesised); \
    chparam -set N 16 -set K 16 -set Lanes 4 -set AccEntries 32 \
      -set RowScalars 16 -set SpmBytes 4096 -set Banks 4 npu_top; \
    hierarchy -check -top npu_top; proc; check -assert"
fi
