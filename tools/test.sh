#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Installs what is missing, builds the release preset and runs all tests; then what reads files of others once
# more under sanitizers, with 250 mutants of models or a minute of them.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/packages.sh
install_packages "${demo_packages[@]}" "${test_packages[@]}"
tools/format.sh --check
cmake --preset release
cmake --build --preset release
ctest --test-dir build/release --no-tests=error --output-on-failure -j "$(nproc)"

cmake --preset dev
cmake --build --preset dev --target dalbit-isa-test dalbit-mutate-onnx
build/dev/bin/dalbit-isa-test
build/dev/bin/dalbit-mutate-onnx 250 60 1 /usr/share/libonnx-testdata/data \
  examples/tiny-gpt/tiny-gpt.onnx examples/tiny-kogpt/tiny-kogpt.onnx
