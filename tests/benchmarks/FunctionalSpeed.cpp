// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The functional engine's matrix products against oneDNN's on one core and with
// the same instruction set: a layer of 768 x 3072 at 128 tokens, executed in
// the pieces that the compiler makes for the target (all tokens, as many
// channels as the accumulator holds). Processor time, the best of five.
// usage: FunctionalSpeed [KERNEL]   the fastest of functional/dot if not given

#include "simulator/functional/Machine.h"
#include "support/Error.h"

#ifdef DALBIT_HAS_DNNL
#include <dnnl.hpp>
#endif

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <functional>
#include <random>
#include <string>

using namespace dalbit;

namespace {

constexpr int64_t Tokens = 128, Inputs = 768, Outputs = 3072;

/// Multiply-adds a second.
double rateOf(const std::function<void()> &product) {
  auto seconds = [] {
    timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return double(time.tv_sec) + double(time.tv_nsec) * 1e-9;
  };
  product();
  double best = 1e9;
  for (int repeat = 0; repeat < 5; ++repeat) {
    constexpr int Times = 10;
    double begun = seconds();
    for (int i = 0; i < Times; ++i)
      product();
    best = std::min(best, (seconds() - begun) / Times);
  }
  return double(Tokens * Inputs * Outputs) / best;
}

double rateOf(const functional::DotKernel &kernel, const std::string &name) {
  target::Target target = target::loadTarget(name);
  host::Memory memory(4096);
  functional::Machine machine(target, memory);
  machine.dot = &kernel;
  std::mt19937 random(1);
  for (uint8_t &byte : machine.spm)
    byte = uint8_t(random());
  isa::MatrixConfiguration c;
  c.rows = c.accStride = Tokens;
  c.aRowStride = c.k = Inputs;
  c.n = uint32_t(machine.accEntries / Tokens * machine.n);
  int64_t first = Tokens * Inputs, bytes = int64_t(c.n) * Inputs;
  int64_t slots = (int64_t(machine.spm.size()) - first) / bytes;
  return rateOf([&] {
    for (int64_t i = 0; i < Outputs / c.n; ++i) {
      c.wAddr = uint32_t(first + i % slots * bytes);
      executeMatrix(machine, c);
    }
  });
}

#ifdef DALBIT_HAS_DNNL
double rateOfDnnl(const std::string &kernel) {
  using namespace dnnl;
  set_max_cpu_isa(kernel == "avx512-vnni" ? cpu_isa::avx512_core_vnni
                  : kernel == "avx2"      ? cpu_isa::avx2
                                          : cpu_isa::sse41);
  engine engine(engine::kind::cpu, 0);
  stream stream(engine);
  using type = memory::data_type;
  using tag = memory::format_tag;
  memory::desc a({Tokens, Inputs}, type::s8, tag::ab);
  memory::desc b({Inputs, Outputs}, type::s8, tag::ba);
  memory::desc packed({Inputs, Outputs}, type::s8, tag::any);
  memory::desc sums({Tokens, Outputs}, type::s32, tag::ab);
  matmul::primitive_desc description(matmul::desc(a, packed, sums), engine);
  std::vector<int8_t> bytes(size_t(std::max(Tokens, Outputs) * Inputs));
  std::mt19937 random(1);
  for (int8_t &byte : bytes)
    byte = int8_t(random());
  memory given(b, engine, bytes.data()), source(a, engine, bytes.data());
  memory weights(description.weights_desc(), engine);
  memory result(sums, engine);
  reorder(given, weights).execute(stream, given, weights);
  matmul product(description);
  return rateOf([&] {
    product.execute(stream, {{DNNL_ARG_SRC, source},
                             {DNNL_ARG_WEIGHTS, weights},
                             {DNNL_ARG_DST, result}});
    stream.wait();
  });
}
#endif

const functional::DotKernel &find(const char *name) {
  for (const functional::DotKernel &kernel : functional::dotKernels())
    if (kernel.isSupported() && !std::strcmp(kernel.name, name))
      return kernel;
  throw Error("this processor has no kernel '" + std::string(name) + "'");
}

} // namespace

int main(int argc, char **argv) {
  try {
    const functional::DotKernel &kernel =
        argc > 1 ? find(argv[1]) : functional::dotKernel();
    double dnnl = 0;
#ifdef DALBIT_HAS_DNNL
    dnnl = rateOfDnnl(kernel.name);
    std::printf("oneDNN within %s: %.1f GMAC/s\n", kernel.name, dnnl / 1e9);
#else
    std::printf("oneDNN is not installed (libdnnl-dev)\n");
#endif
    for (const char *target : {"nano", "edge", "server"}) {
      double rate = rateOf(kernel, target);
      std::printf("functional, %s, %s: %.1f GMAC/s", kernel.name, target,
                  rate / 1e9);
      if (dnnl > 0)
        std::printf(", %.0f %% of oneDNN", 100 * rate / dnnl);
      std::printf("\n");
    }
  } catch (const Error &error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
  return 0;
}
