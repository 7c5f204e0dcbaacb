// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/execute/operators/SupportPage.h"

#include "compiler/execute/operators/Operator.h"

namespace dalbit::execute {

namespace {

std::string joined(const std::vector<int> &numbers) {
  std::string text;
  for (int number : numbers)
    text.append(text.empty() ? "" : ", ").append(std::to_string(number));
  return text;
}

} // namespace

std::string supportPage() {
  std::string page =
      "# ONNX operators\n"
      "\n"
      "Generated from compiler/execute/operators; do not edit. To renew it:\n"
      "`DALBIT_UPDATE=1 ctest -R execute`.\n"
      "\n"
      "Every operator here is read by the importer and computed by the float\n"
      "executor exactly as the standard says. Versions are the operator sets\n"
      "in which the operator changed; a model of a set between two uses the\n"
      "lower one, so a model of set " +
      std::to_string(newestOpset) +
      " may use all of them. What a chip runs\n"
      "is less: the compiler recognises the transformer in the graph and\n"
      "names what it does not recognise.\n"
      "\n"
      "Element types: float, float16, bfloat16, double, signed and unsigned\n"
      "integers of 4 to 64 bits, bool; sequences of tensors inside a graph. "
      "Not\n"
      "supported: strings, optionals, sparse tensors, complex numbers, 8-bit\n"
      "floats.\n"
      "\n"
      "| operator | versions |\n"
      "| --- | --- |\n";
  for (const Operator *row : allOperators()) {
    std::string domain = row->domain;
    page.append("| ")
        .append(domain.empty() ? "" : domain + ".")
        .append(row->name)
        .append(" | ")
        .append(joined(row->since))
        .append(" |\n");
  }
  return page;
}

} // namespace dalbit::execute
