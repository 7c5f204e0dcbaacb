// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The whole back half of the compiler on a small GPT: float, integer executor
// and functional engine.

#include "compiler/dialect/nn/NNOps.h"
#include "compiler/dialect/npu/NPUOps.h"
#include "compiler/dialect/onnx/OnnxOps.h"
#include "compiler/encode/BuildProgram.h"
#include "compiler/execute/FloatExecutor.h"
#include "compiler/execute/integer/IntegerExecutor.h"
#include "compiler/quantise/NNToQNN.h"
#include "simulator/functional/FunctionalEngine.h"
#include "simulator/host/Session.h"
#include "tests/e2e/SmallGpt.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <memory>

using namespace dalbit;

namespace {

struct Compiled {
  explicit Compiled(const test::SmallGpt &model, const std::string &targetName,
                    const std::string &weights = "w8")
      : target(target::loadTarget(targetName)) {
    context.loadDialect<mlir::arith::ArithDialect, mlir::func::FuncDialect,
                        mlir::memref::MemRefDialect, mlir::scf::SCFDialect,
                        onnx::OnnxDialect, nn::NNDialect, qnn::QNNDialect,
                        npu::NPUDialect>();
    std::string text = test::smallGptText(model);
    floating = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    integer = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    REQUIRE(floating);
    REQUIRE(mlir::succeeded(quantise::convertToQNN(*integer, {weights})));
    schedule::Options options;
    options.machine = schedule::machineOf(target);
    options.maxContext = model.context;
    options.maxBatch = 2;
    mlir::FailureOr<schedule::Schedule> schedule =
        schedule::schedule(*integer, options);
    REQUIRE(mlir::succeeded(schedule));
    mlir::FailureOr<binary::Program> built =
        encode::buildProgram(*integer, *schedule, target);
    REQUIRE(mlir::succeeded(built));
    program = std::move(*built);
    memory = std::make_unique<host::Memory>(target.dramBytes());
    engine = std::make_unique<functional::FunctionalEngine>(program, target,
                                                            *memory);
    session = std::make_unique<host::Session>(program, *memory, *engine);
  }

  std::vector<float> integerLogits(const std::vector<int64_t> &ids,
                                   int64_t batch) {
    auto out = execute::runInteger(
        *integer, {execute::Tensor::of<int64_t>(
                      {batch, int64_t(ids.size()) / batch}, ids)});
    return {out[0].data<float>(), out[0].data<float>() + out[0].count()};
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> floating, integer;
  target::Target target;
  binary::Program program;
  std::unique_ptr<host::Memory> memory;
  std::unique_ptr<functional::FunctionalEngine> engine;
  std::unique_ptr<host::Session> session;
};

std::vector<int64_t> someIds(int count, int vocabulary) {
  std::vector<int64_t> ids;
  for (int i = 0; i < count; ++i)
    ids.push_back((i * 37 + 11) % vocabulary);
  return ids;
}

std::vector<float> npuLogits(Compiled &c, const std::vector<int64_t> &ids,
                             uint32_t batch) {
  std::vector<int32_t> tokens(ids.begin(), ids.end());
  c.session->step(tokens, batch, true);
  std::vector<float> all;
  for (uint32_t b = 0; b < batch; ++b)
    for (uint32_t t = 0; t < tokens.size() / batch; ++t)
      for (float v : c.session->logits(b, t))
        all.push_back(v);
  return all;
}

} // namespace

TEST_CASE(
    "the functional engine gives the integer executor's logits bit for bit",
    "[e2e]") {
  auto target = GENERATE("nano", "edge");
  auto weights = GENERATE("w8", "w4");
  auto count = GENERATE(1, 2, 9, 33, 64);
  CAPTURE(target, weights, count);
  test::SmallGpt model;
  Compiled c(model, target, weights);
  std::vector<int64_t> ids = someIds(count, model.vocabulary);
  c.session->reset();
  CHECK(npuLogits(c, ids, 1) == c.integerLogits(ids, 1));
}

TEST_CASE("sequences of a batch do not touch each other", "[e2e]") {
  test::SmallGpt model;
  Compiled c(model, "edge");
  std::vector<int64_t> ids = someIds(20, model.vocabulary);
  c.session->reset();
  CHECK(npuLogits(c, ids, 2) == c.integerLogits(ids, 2));
}

TEST_CASE("prefill of n and decode give what prefill of n + 1 gives", "[e2e]") {
  auto target = GENERATE("nano", "edge");
  auto n = GENERATE(1, 7, 16, 40);
  CAPTURE(target, n);
  test::SmallGpt model;
  Compiled c(model, target);
  std::vector<int64_t> ids = someIds(n + 1, model.vocabulary);
  std::vector<int32_t> tokens(ids.begin(), ids.end());
  c.session->reset();
  c.session->step(tokens, 1, false);
  std::vector<float> whole = c.session->logits(0, uint32_t(n));
  std::string memory = c.memory->digest(c.program);
  c.session->reset();
  c.session->step(std::span(tokens).first(size_t(n)), 1, false);
  c.session->step(std::span(tokens).last(1), 1, false);
  CHECK(c.session->logits(0, 0) == whole);
}

TEST_CASE("int8 costs the small GPT less than one percent of its logits' power",
          "[e2e]") {
  test::SmallGpt model;
  Compiled c(model, "edge");
  std::vector<int64_t> ids = someIds(24, model.vocabulary);
  execute::FloatExecutor executor(*c.floating);
  auto reference = executor.run({execute::Tensor::of<int64_t>({1, 24}, ids)});
  std::vector<float> got = c.integerLogits(ids, 1);
  double signal = 0, noise = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    double x = reference[0].data<float>()[i];
    signal += x * x;
    noise += (x - got[i]) * (x - got[i]);
  }
  CAPTURE(10 * std::log10(signal / noise));
  CHECK(noise < 0.01 * signal);
}
