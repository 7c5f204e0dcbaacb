# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# The Debian 12 packages that Dalbit needs; sourced by demo.sh and test.sh.

# To build `dalbit` and run a model on the rtl.
demo_packages=(
  cmake ninja-build g++ ccache make perl-base
  libmlir-19-dev llvm-19-dev llvm-19-tools mlir-19-tools libzstd-dev zlib1g-dev
  libonnx-dev libprotobuf-dev protobuf-compiler libopenblas-dev
  libicu-dev libfmt-dev libcli11-dev libtomlplusplus-dev nlohmann-json3-dev libssl-dev
  verilator
)
# Beside them, for the tests.
test_packages=(catch2 libonnx-testdata yosys clang-format-19 python3)

install_packages() {
  local missing=()
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
      missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  local sudo=()
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  "${sudo[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends \
    "${missing[@]}"
}
