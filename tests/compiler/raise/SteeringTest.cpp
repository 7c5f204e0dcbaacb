// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/raise/Steering.h"
#include "compiler/dialect/onnx/OnnxOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"

#include <catch2/catch.hpp>

using namespace mlir;
using namespace dalbit;

TEST_CASE("an input steers if the condition of an If follows from its value",
          "[raise]") {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  context.loadDialect<func::FuncDialect, onnx::OnnxDialect>();
  auto module = parseSourceString<ModuleOp>(R"(
func.func @main(%flag: tensor<1xi1> {dalbit.name = "use_cache"},
                %x: tensor<1xi64> {dalbit.name = "x"},
                %other: tensor<1xi1> {dalbit.name = "other"})
    -> (tensor<*xi64>, tensor<*xi1>) {
  %no = onnx.node "Not"(%flag) opset 13 : (tensor<1xi1>) -> tensor<*xi1>
  %s = onnx.node "Shape"(%x) opset 13 : (tensor<1xi64>) -> tensor<*xi64>
  %e = onnx.node "Equal"(%s, %s) opset 13 : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi1>
  %c = onnx.node "And"(%no, %e) opset 13 : (tensor<*xi1>, tensor<*xi1>) -> tensor<*xi1>
  %y = onnx.node "If"(%c) opset 13 {
    onnx.yield %x : tensor<1xi64>
  }, {
    %n = onnx.node "Neg"(%x) opset 13 : (tensor<1xi64>) -> tensor<*xi64>
    onnx.yield %n : tensor<*xi64>
  } : (tensor<*xi1>) -> tensor<*xi64>
  %z = onnx.node "Not"(%other) opset 13 : (tensor<1xi1>) -> tensor<*xi1>
  return %y, %z : tensor<*xi64>, tensor<*xi1>
})",
                                            &context);
  REQUIRE(module);
  CHECK(raise::steeringInputs(*module) ==
        std::vector<std::string>{"use_cache"});
}
