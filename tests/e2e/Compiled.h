// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A small model compiled for a target and loaded on an engine, for the
// end-to-end tests. The functional engine watches for races.

#pragma once

#include "compiler/dialect/nn/NNOps.h"
#include "compiler/dialect/npu/NPUOps.h"
#include "compiler/dialect/onnx/OnnxOps.h"
#include "compiler/encode/BuildProgram.h"
#include "compiler/execute/FloatExecutor.h"
#include "compiler/execute/integer/IntegerExecutor.h"
#include "compiler/quantise/NNToQNN.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "simulator/functional/FunctionalEngine.h"
#include "simulator/functional/RaceDetector.h"
#include "simulator/host/Session.h"
#include "simulator/verilated/VerilatedEngine.h"
#include "tests/e2e/SmallGpt.h"
#include "tests/e2e/SmallLlama.h"

#include <catch2/catch.hpp>

#include <memory>
#include <vector>

namespace dalbit::test {

struct Compiled {
  explicit Compiled(const SmallGpt &model, const std::string &targetName,
                    const std::string &weights = "w8", bool rtl = false)
      : Compiled(smallGptText(model), model.context, targetName, weights, rtl) {
  }
  explicit Compiled(const SmallLlama &model, const std::string &targetName,
                    const std::string &weights = "w8", bool rtl = false)
      : Compiled(smallLlamaText(model), model.context, targetName, weights,
                 rtl) {}

  /// \p text is a model of the nn dialect.
  Compiled(const std::string &text, int64_t maxContext,
           const std::string &targetName, const std::string &weights = "w8",
           bool rtl = false, const std::vector<std::string> &int16 = {})
      : target(target::loadTarget(targetName)) {
    context.loadDialect<mlir::arith::ArithDialect, mlir::func::FuncDialect,
                        mlir::memref::MemRefDialect, mlir::scf::SCFDialect,
                        onnx::OnnxDialect, nn::NNDialect, qnn::QNNDialect,
                        npu::NPUDialect>();
    floating = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    integer = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    REQUIRE(floating);
    REQUIRE(
        mlir::succeeded(quantise::convertToQNN(*integer, {weights, int16})));
    schedule::Options options;
    options.machine = schedule::machineOf(target);
    options.maxContext = maxContext;
    options.maxBatch = 2;
    mlir::FailureOr<schedule::Schedule> schedule =
        schedule::schedule(*integer, options);
    REQUIRE(mlir::succeeded(schedule));
    mlir::FailureOr<binary::Program> built =
        encode::buildProgram(*integer, *schedule, target);
    REQUIRE(mlir::succeeded(built));
    program = std::move(*built);
    memory = std::make_unique<host::Memory>(target.dramBytes());
    if (rtl) {
      engine = std::make_unique<verilated::VerilatedEngine>(program, target,
                                                            *memory);
    } else {
      auto functional = std::make_unique<functional::FunctionalEngine>(
          program, target, *memory);
      detector = std::make_unique<functional::RaceDetector>(target);
      functional->observe(*detector);
      engine = std::move(functional);
    }
    session = std::make_unique<host::Session>(program, *memory, *engine);
  }

  /// \p positions: where the model takes them as an input.
  std::vector<float> integerLogits(const std::vector<int64_t> &ids,
                                   int64_t batch,
                                   const std::vector<int64_t> &positions = {}) {
    llvm::SmallVector<int64_t> shape = {batch, int64_t(ids.size()) / batch};
    std::vector<execute::Tensor> inputs = {
        execute::Tensor::of<int64_t>(shape, ids)};
    if (!positions.empty())
      inputs.push_back(execute::Tensor::of<int64_t>(shape, positions));
    auto out = execute::runInteger(*integer, inputs);
    return {out[0].data<float>(), out[0].data<float>() + out[0].count()};
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> floating, integer;
  target::Target target;
  binary::Program program;
  std::unique_ptr<host::Memory> memory;
  std::unique_ptr<functional::RaceDetector> detector;
  std::unique_ptr<host::Engine> engine;
  std::unique_ptr<host::Session> session;
};

inline std::vector<int64_t> someIds(int count, int vocabulary) {
  std::vector<int64_t> ids;
  for (int i = 0; i < count; ++i)
    ids.push_back((i * 37 + 11) % vocabulary);
  return ids;
}

inline std::vector<float>
npuLogits(Compiled &c, const std::vector<int64_t> &ids, uint32_t batch) {
  std::vector<int32_t> tokens(ids.begin(), ids.end());
  c.session->step(tokens, batch, true);
  std::vector<float> all;
  for (uint32_t b = 0; b < batch; ++b)
    for (uint32_t t = 0; t < tokens.size() / batch; ++t)
      for (float v : c.session->logits(b, t))
        all.push_back(v);
  return all;
}

} // namespace dalbit::test
