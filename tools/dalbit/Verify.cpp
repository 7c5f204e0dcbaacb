// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// dalbit verify: one input through every step of the chain, neighbours held
// against each other. ONNX and [nn] agree within float tolerance, [nn] and
// [qnn] differ by the quantisation (reported, never hidden), [qnn], functional
// engine and rtl agree bit for bit.

#include "compiler/execute/ElementTypes.h"
#include "compiler/execute/FloatExecutor.h"
#include "compiler/execute/integer/IntegerExecutor.h"
#include "support/Error.h"
#include "tools/dalbit/Commands.h"
#include "tools/dalbit/HostTensors.h"
#include "tools/dalbit/LayerNoise.h"
#include "tools/dalbit/Model.h"
#include "tools/dalbit/SeededInputs.h"
#include "tools/dalbit/Specialise.h"
#include "tools/dalbit/VerifyCases.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <cmath>
#include <cstdio>

namespace dalbit::tool {

namespace {

using execute::Tensor;
using Tensors = std::vector<Tensor>;

struct VerifyState {
  CompileOptions compile;
  std::string model, cases;
  std::vector<std::string> inputs;
  bool rtl = true;
};

void line(const char *left, const char *right, bool ok,
          const std::string &figure) {
  std::printf("%-5s %-10s %-11s %s\n", ok ? "ok" : "DIFF", left, right,
              figure.c_str());
}

/// Whether all outputs are equal, bit for bit; else names the first.
bool equal(const std::vector<host::HostTensor> &a,
           const std::vector<host::HostTensor> &b, std::string &where) {
  for (const host::HostTensor &x : a)
    for (const host::HostTensor &y : b)
      if (x.name == y.name && x.values != y.values) {
        where = "first difference in output " + x.name;
        return false;
      }
  where = "bit for bit";
  return true;
}

/// The values that --set gives to inputs of \p ports, for steps that read them
/// as tensors.
void addSteering(const std::vector<std::string> &values,
                 const std::vector<execute::Port> &ports,
                 std::vector<NamedTensor> &inputs) {
  for (const execute::Port &port : ports)
    for (const std::string &entry : values) {
      auto [name, text] = llvm::StringRef(entry).rsplit('=');
      bool isGiven = llvm::any_of(inputs, [&](const NamedTensor &input) {
        return input.name == port.name;
      });
      int64_t value = 0;
      if (name != port.name || isGiven || text.getAsInteger(10, value))
        continue;
      execute::Shape shape;
      if (auto type = mlir::dyn_cast<mlir::RankedTensorType>(port.type))
        shape.assign(size_t(type.getRank()), 1);
      auto element =
          execute::elementOfMlir(mlir::getElementTypeOrSelf(port.type));
      inputs.push_back(
          {port.name, Tensor::of<int64_t>(shape, {value})
                          .cast(element.value_or(execute::ElementType::I64))});
    }
}

void verify(VerifyState &state) {
  Compiler compiler;
  auto imported = compiler.import(state.model, state.compile),
       raised = compiler.import(state.model, state.compile);
  execute::FloatExecutor onnx(*imported);
  // The actual inputs decide, as in a run; `left` are those that the program
  // takes.
  std::vector<NamedTensor> all = conformed(readTensors(state.inputs),
                                           inputTypes(onnx.inputs())),
                           left = all;
  if (!all.empty())
    specialise(state.model, state.compile, left);
  compiler.raise(*raised, state.compile);
  auto function = *raised->getOps<mlir::func::FuncOp>().begin();
  execute::FloatExecutor nn(*raised);
  if (all.empty()) {
    for (const host::HostTensor &input :
         seededInputs(function, modelFacts(*raised), {8, 4, 1}, {}, 1))
      all.push_back({input.name, toTensor(input)});
    all = conformed(all, inputTypes(onnx.inputs()));
    left = all;
  }
  addSteering(state.compile.values, onnx.inputs(), all);
  Tensors given = inOrder(onnx.inputs(), all),
          tensors =
              inOrder(nn.inputs(), conformed(all, inputTypes(nn.inputs())));

  std::vector<host::HostTensor> inputs;
  for (const NamedTensor &input : left)
    inputs.push_back(toHost(input.name, input.tensor));

  bool good = true;
  Tensors reference = onnx.run(given), rewritten = nn.run(tensors);
  for (size_t i = 0; i < reference.size(); ++i) {
    // A graph of halves rounds every number to 11 bits, raised ones do not.
    bool isHalf = reference[i].type() == execute::ElementType::F16 ||
                  reference[i].type() == execute::ElementType::BF16;
    bool fits = snr(reference[i], rewritten[i]) > (isHalf ? 35 : 80);
    good &= fits;
    line("onnx", "nn", fits,
         onnx.outputs()[i].name + ": " + nearness(reference[i], rewritten[i]));
  }
  compiler.quantise(*raised, state.compile);
  SaturationWatch watch;
  Tensors integers =
      execute::runInteger(*raised, tensors, pastOf(tensors),
                          [&](mlir::Value value, const Tensor &tensor) {
                            watch.see(value, tensor);
                          });
  std::vector<host::HostTensor> exact;
  for (size_t i = 0; i < reference.size(); ++i) {
    exact.push_back(toHost(onnx.outputs()[i].name, integers[i]));
    line("nn", "qnn", true,
         onnx.outputs()[i].name + ": " + nearness(reference[i], integers[i]));
  }
  for (const Saturation &layer : watch.found)
    line("nn", "qnn", false, textOf(layer));
  for (const char *engine : {"functional", "rtl"}) {
    if (!state.rtl && std::string(engine) == "rtl")
      continue;
    ModelOptions modelOptions;
    modelOptions.compile = state.compile;
    modelOptions.engine = engine;
    std::string where;
    bool same = equal(openModel(state.model, modelOptions)->runOnce(inputs),
                      exact, where);
    good &= same;
    line("qnn", engine, same, where);
  }
  if (!good)
    throw Error(state.model + ": two steps of the chain disagree");
}

} // namespace

void addVerify(CLI::App &app) {
  auto state = std::make_shared<VerifyState>();
  CLI::App *command = app.add_subcommand(
      "verify", "holds every step of the chain against the next on one input");
  command->footer("Example:\n  dalbit verify tiny-gpt.onnx --target nano");
  command->add_option("model", state->model, "ONNX model")->required();
  command
      ->add_option("--input", state->inputs,
                   "tensor of a model input, .npy or TensorProto .pb")
      ->type_name("NAME=FILE");
  command
      ->add_option("--cases", state->cases,
                   "folder of test_data_set_* folders in ONNX's layout: noise "
                   "of each output and layer instead")
      ->excludes("--input");
  command->add_flag("!--no-rtl", state->rtl, "leave out the rtl");
  addCompileOptions(*command, state->compile);
  command->callback([state] {
    if (state->cases.empty())
      verify(*state);
    else
      verifyCases(state->model, state->compile, state->cases);
  });
}

} // namespace dalbit::tool
