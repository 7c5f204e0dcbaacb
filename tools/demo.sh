#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Installs what is missing, builds `dalbit` and lets tiny-gpt write on the rtl.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/packages.sh
install_packages "${demo_packages[@]}"
cmake --preset demo
cmake --build --preset demo
build/release/bin/dalbit run examples/tiny-gpt/tiny-gpt.onnx --engine rtl --target edge \
  --prompt 'And the LORD said unto Moses, ' --generate 64
