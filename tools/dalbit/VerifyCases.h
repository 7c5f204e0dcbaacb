// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `verify --cases`: a model on data sets with expected outputs.

#pragma once

#include "tools/dalbit/Pipeline.h"

namespace dalbit::tool {

/// For each test_data_set_K below \p folder (input_I.pb and output_I.pb,
/// TensorProto, as the ONNX standard's own tests have them): SNR of each output
/// on the functional engine against the expected one, and of each layer, with
/// the layers that want int16 rows. Throws Error, also if an output has
/// another shape or none is expected.
void verifyCases(const std::string &model, const CompileOptions &options,
                 const std::string &folder);

} // namespace dalbit::tool
