// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The operator table against the schemas that libonnx 1.12 carries (operator
// set 17; later versions rest on the standard's Changelog.md).

#include "compiler/execute/operators/Operator.h"

#include <catch2/catch.hpp>

#include <onnx/defs/schema.h>

using namespace dalbit::execute;

namespace {

constexpr int newestSchema = 17;

std::string defaultText(const ::onnx::AttributeProto &value) {
  switch (value.type()) {
  case ::onnx::AttributeProto::INT:
    return std::to_string(value.i());
  case ::onnx::AttributeProto::FLOAT:
    return std::to_string(value.f());
  case ::onnx::AttributeProto::STRING:
    return value.s();
  default:
    return "";
  }
}

std::string rowText(const AttributeRow &row) {
  if (!row.byDefault)
    return "";
  if (row.kind == AttributeKind::Float)
    return std::to_string(std::strtof(row.byDefault, nullptr));
  return row.byDefault;
}

} // namespace

TEST_CASE("rows agree with the standard's schemas", "[execute]") {
  for (const Operator *row : allOperators()) {
    if (row->domain[0] != '\0')
      continue;
    for (int opset = row->since.front(); opset <= newestSchema; ++opset) {
      INFO(row->name << " in operator set " << opset);
      const auto *schema = ::onnx::OpSchemaRegistry::Schema(row->name, opset);
      REQUIRE(schema);
      CHECK(versionOf(*row, opset) == schema->SinceVersion());
      // Other versions may allow fewer than the row's widest.
      CHECK((row->maxInputs == anyNumber ||
             schema->max_input() <= row->maxInputs));
      CHECK(row->minInputs <= schema->min_input());
      if (schema->max_output() != INT_MAX)
        CHECK(row->maxOutputs >= schema->max_output());
    }
  }
}

TEST_CASE("attributes and defaults agree with the standard's schemas",
          "[execute]") {
  for (const Operator *row : allOperators()) {
    if (row->domain[0] != '\0' || std::string(row->name) == "Constant")
      continue;
    for (int version : row->since) {
      if (version > newestSchema)
        break;
      const auto *schema = ::onnx::OpSchemaRegistry::Schema(row->name, version);
      REQUIRE(schema);
      if (std::string(row->name) == "MeanVarianceNormalization")
        continue; // a list as default, which the kernel knows
      for (const auto &[name, attribute] : schema->attributes()) {
        INFO(row->name << " version " << version << " attribute " << name);
        const AttributeRow *known = row->attribute(name, version);
        // Broadcasting and in-place hints of the first versions.
        if (version < 7 && (name == "consumed_inputs" || name == "axis"))
          continue;
        REQUIRE(known);
        // No bound instead of the largest float, which is not one for double.
        if (std::string(row->name) == "Clip")
          continue;
        CHECK(rowText(*known) == defaultText(attribute.default_value));
      }
    }
  }
}

TEST_CASE("no operator is listed beyond the newest known set", "[execute]") {
  for (const Operator *row : allOperators()) {
    INFO(row->name);
    CHECK(std::is_sorted(row->since.begin(), row->since.end()));
    CHECK(row->since.back() <= newestOpset);
  }
}
