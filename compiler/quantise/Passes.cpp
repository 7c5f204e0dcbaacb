// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/quantise/Passes.h"

#include "compiler/quantise/NNToQNN.h"
#include "support/Error.h"

namespace dalbit::quantise {

#define GEN_PASS_DEF_CONVERTNNTOQNN
#include "compiler/quantise/Passes.h.inc"

namespace {
struct ConvertNNToQNN : impl::ConvertNNToQNNBase<ConvertNNToQNN> {
  using ConvertNNToQNNBase::ConvertNNToQNNBase;
  void runOnOperation() override {
    Options options;
    options.weights = weights;
    options.int16.assign(int16.begin(), int16.end());
    try {
      if (mlir::failed(convertToQNN(getOperation(), options)))
        signalPassFailure();
    } catch (const Error &error) { // of a weight's file
      getOperation().emitError() << error.what();
      signalPassFailure();
    }
  }
};
} // namespace

} // namespace dalbit::quantise
