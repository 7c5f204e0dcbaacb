// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/functional/dot/Implementations.h"

namespace dalbit::functional {

namespace {

const DotKernel Kernels[] = {
#if defined(__x86_64__)
    {"avx512-vnni", 0x80,
     [] {
       return __builtin_cpu_supports("avx512vnni") &&
              __builtin_cpu_supports("avx512bw") &&
              __builtin_cpu_supports("avx512vl");
     },
     multiplyAvx512Vnni},
    {"avx2", 0, [] { return bool(__builtin_cpu_supports("avx2")); },
     multiplyAvx2},
    {"sse2", 0, [] { return true; }, multiplySse2},
#endif
    {"portable", 0, [] { return true; }, multiplyPortable}};

const DotKernel &fastest() {
  for (const DotKernel &kernel : Kernels)
    if (kernel.isSupported())
      return kernel;
  return Kernels[std::size(Kernels) - 1];
}

} // namespace

std::span<const DotKernel> dotKernels() { return Kernels; }

const DotKernel &dotKernel() {
  static const DotKernel &kernel = fastest();
  return kernel;
}

} // namespace dalbit::functional
