// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// docs/onnx-support.md, made from the operator table. A test compares the page
// with the table (tests/compiler/execute/SupportPageTest.cpp).

#pragma once

#include <string>

namespace dalbit::execute {

/// The whole page, Markdown.
std::string supportPage();

} // namespace dalbit::execute
