#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Formats all C++ of the project; with --check only says what is not formatted.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=(-i)
[ "${1:-}" = --check ] && mode=(--dry-run --Werror)
find support isa compiler simulator tools tests \( -name '*.cpp' -o -name '*.h' \) -print0 |
  xargs -0 -r clang-format-19 "${mode[@]}"
