#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Installs what is missing, builds the release preset and runs all tests.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/packages.sh
install_packages "${demo_packages[@]}" "${test_packages[@]}"
tools/format.sh --check
cmake --preset release
cmake --build --preset release
ctest --test-dir build/release --no-tests=error --output-on-failure -j "$(nproc)"
