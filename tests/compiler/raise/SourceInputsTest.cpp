// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/raise/SourceInputs.h"
#include "compiler/dialect/nn/NNOps.h"
#include "compiler/dialect/onnx/OnnxOps.h"
#include "compiler/raise/Raise.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"

#include <catch2/catch.hpp>

using namespace mlir;
using namespace dalbit;
using raise::InputFacts;

namespace {

struct Types {
  MLIRContext context{MLIRContext::Threading::DISABLED};
  RankedTensorType ids =
      RankedTensorType::get({ShapedType::kDynamic, ShapedType::kDynamic},
                            IntegerType::get(&context, 64));
};

using Marks = SmallVector<bool>;

/// What --shape and inputs at hand make of a decoder with its source; nothing
/// if they are refused.
std::vector<std::string> dimsAfter(const raise::RaiseOptions &options) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  context.loadDialect<func::FuncDialect, nn::NNDialect, onnx::OnnxDialect>();
  context.getDiagEngine().registerHandler([](Diagnostic &) {});
  auto module = parseSourceString<ModuleOp>(R"(
func.func @main(%mask: tensor<?x?xi64> {dalbit.name = "encoder_attention_mask"},
                %ids: tensor<?x?xi64> {dalbit.name = "input_ids"},
                %past: tensor<?x2x?x4xf32> {dalbit.name = "past_key"})
    -> (tensor<*xi64>, tensor<*xi64>, tensor<*xf32>) {
  %a = onnx.node "Neg"(%mask) opset 13 : (tensor<?x?xi64>) -> tensor<*xi64>
  %b = onnx.node "Neg"(%ids) opset 13 : (tensor<?x?xi64>) -> tensor<*xi64>
  %c = onnx.node "Concat"(%past, %past) opset 13 attributes {axis = 2 : i64} : (tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>) -> tensor<*xf32>
  return %a, %b, %c : tensor<*xi64>, tensor<*xi64>, tensor<*xf32>
})",
                                            &context);
  REQUIRE(module);
  if (failed(raise::raiseToNN(*module, options)))
    return {};
  auto function = *module->getOps<func::FuncOp>().begin();
  std::vector<std::string> found;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    std::string text;
    for (Attribute dim : function.getArgAttrOfType<ArrayAttr>(i, "dalbit.dims"))
      text += (text.empty() ? "" : ",") + cast<StringAttr>(dim).str();
    found.push_back(text);
  }
  return found;
}

} // namespace

TEST_CASE("names tell the source from the tokens of a decoder", "[raise]") {
  Types types;
  CHECK(raise::findSource({{"input_ids", types.ids, "n", {}},
                           {"attention_mask", types.ids, "n", {}},
                           {"decoder_input_ids", types.ids, "n", {}},
                           {"decoder_attention_mask", types.ids, "n", {}}},
                          {}) == Marks{true, true, false, false});
  CHECK(raise::findSource({{"encoder_ids", types.ids, "n", {}}}, {}) ==
        Marks{false});
}

TEST_CASE("of two inputs of tokens the one whose size the results have is the "
          "decoder's",
          "[raise]") {
  Types types;
  SmallVector<InputFacts> inputs = {{"src", types.ids, "n", 9},
                                    {"src_mask", types.ids, "n", 9},
                                    {"out", types.ids, "m", {}}};
  CHECK(raise::findSource(inputs, {"b", "m", "320"}) ==
        Marks{true, true, false});
  // Other names alone are no other sizes: exporters invent names.
  for (InputFacts &input : inputs)
    input.length = {};
  CHECK(raise::findSource(inputs, {"b", "m", "320"}) ==
        Marks{false, false, false});
}

TEST_CASE("the length of the source is its own even where it equals others",
          "[raise]") {
  raise::RaiseOptions given;
  given.actual = {"encoder_attention_mask=1,5", "input_ids=1,2",
                  "past_key=1,2,3,4"};
  CHECK(dimsAfter(given) == std::vector<std::string>{"B,5", "B,T", "B,2,P,4"});
  raise::RaiseOptions said;
  said.shapes = {"encoder_attention_mask=B,9"};
  CHECK(dimsAfter(said) == std::vector<std::string>{"B,9", "B,T", "B,2,P,4"});
}

TEST_CASE("a size of 0 is refused unless it is that of a past", "[raise]") {
  raise::RaiseOptions empty;
  empty.shapes = {"input_ids=B,0"};
  CHECK(dimsAfter(empty).empty());
  raise::RaiseOptions first;
  first.shapes = {"past_key=B,2,0,4"};
  CHECK(dimsAfter(first).back() == "B,2,0,4");
}
