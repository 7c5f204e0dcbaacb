// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/raise/Raise.h"

#include "compiler/raise/Graph.h"
#include "compiler/raise/Passes.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;

namespace dalbit::raise {

LogicalResult raiseToNN(ModuleOp module, const RaiseOptions &options) {
  if (!mainFunction(module))
    return module.emitError("the module has no function @main");
  // One function and cheap steps: threads would cost more than they give.
  PassManager manager(module.getContext(), ModuleOp::getOperationName());
  OpPassManager &function = manager.nest<func::FuncOp>();
  BindShapesOptions bind;
  bind.shapes = options.shapes;
  bind.values = options.values;
  bind.actual = options.actual;
  function.addPass(createBindShapes(bind));
  function.addPass(createWidenFloats());
  function.addPass(createTakeCodes());
  function.addPass(createFoldShapes());
  function.addPass(createCanonicalise());
  function.addPass(createExpandEinsum());
  function.addPass(createDenseExperts());
  function.addPass(createSplitExperts());
  function.addPass(createRaiseLayerNorm());
  function.addPass(createRaiseRMSNorm());
  function.addPass(createRaiseActivation());
  function.addPass(createRaiseConv());
  function.addPass(createRaiseCaches());
  function.addPass(createRaiseLinear());
  RaiseRotaryOptions rotary;
  rotary.context = options.context;
  function.addPass(createRaiseRotary(rotary));
  function.addPass(createSinkMoves());
  RaiseAttentionOptions attention;
  attention.context = options.context;
  function.addPass(createRaiseAttention(attention));
  function.addPass(createRaiseEmbedding());
  function.addPass(createRaisePooling());
  function.addPass(createRaiseElementwise());
  function.addPass(createFoldRows());
  function.addPass(createSinkMoves());
  function.addPass(createRaiseRouting());
  function.addPass(createSinkMoves());
  function.addPass(createOrderExperts());
  function.addPass(createRaiseTopK());
  function.addPass(createRaiseTokens());
  function.addPass(createRaiseSteps());
  function.addPass(createMarkAliases());
  if (options.report)
    function.addPass(createReportRaising());
  return manager.run(module);
}

} // namespace dalbit::raise
