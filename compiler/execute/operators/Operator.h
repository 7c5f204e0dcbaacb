// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The operator table: one row per operator that Dalbit understands. The
// importer takes arity, attributes, defaults and element types from it, the
// float executor the kernel, docs/onnx-support.md and the tests the versions.
//
// A new operator is a row in the file of its family and, if the importer must
// bring older versions into one form, an entry in compiler/import/Normalise.
// What the operators mean: the ONNX standard, docs/Operators.md there.

#pragma once

#include "compiler/execute/Tensor.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <functional>
#include <string>
#include <vector>

namespace dalbit::execute {

/// One call of an operator, as its kernel sees it. Every failure throws
/// dalbit::Error; the executor puts the node's name in front.
class Call {
public:
  Call(llvm::ArrayRef<const Tensor *> inputs, mlir::DictionaryAttr attributes,
       unsigned outputs)
      : inputs(inputs), attributes(attributes), results(outputs) {}

  /// Input \p index, or null if it is left out.
  const Tensor *optional(unsigned index) const {
    return index < inputs.size() ? inputs[index] : nullptr;
  }
  const Tensor &input(unsigned index) const;
  unsigned inputCount() const { return inputs.size(); }

  bool has(llvm::StringRef name) const;
  int64_t integer(llvm::StringRef name, int64_t otherwise = 0) const;
  float number(llvm::StringRef name, float otherwise = 0) const;
  llvm::ArrayRef<int64_t> integers(llvm::StringRef name) const;
  std::string text(llvm::StringRef name) const;
  mlir::Attribute attribute(llvm::StringRef name) const;
  mlir::DictionaryAttr allAttributes() const { return attributes; }

  /// Integers from attribute \p name, or from input \p index if the importer
  /// could not turn it into the attribute; nothing if neither is there.
  std::optional<llvm::SmallVector<int64_t>> list(llvm::StringRef name,
                                                 unsigned index) const;

  unsigned outputCount() const { return results.size(); }
  void output(unsigned index, Tensor tensor) {
    if (index < results.size())
      results[index] = std::move(tensor);
  }
  std::vector<Tensor> takeOutputs() { return std::move(results); }

  /// Runs subgraph \p index on its inputs and returns its outputs.
  std::function<std::vector<Tensor>(unsigned index,
                                    llvm::ArrayRef<Tensor> inputs)>
      runBody;
  /// The element type that the module gives result \p index, if it is known.
  std::function<std::optional<ElementType>(unsigned index)> resultElement;

private:
  llvm::ArrayRef<const Tensor *> inputs;
  mlir::DictionaryAttr attributes;
  std::vector<Tensor> results;
};

enum class AttributeKind : uint8_t {
  Int,
  Float,
  String,
  Ints,
  Floats,
  Strings,
  Tensor,
  Graph
};

struct AttributeRow {
  const char *name;
  AttributeKind kind;
  /// What an absent attribute means, as text ("-1", "1e-05", "tanh"), or null
  /// if absence itself has a meaning.
  const char *byDefault = nullptr;
  /// Versions of the operator that have the attribute (with this default).
  int first = 1;
  int last = 1 << 20;
};

/// The element type of result \p result, or the type of a sequence; null if it
/// cannot be told. Inputs likewise: null for one that is left out.
using ElementRule = mlir::Type (*)(llvm::ArrayRef<mlir::Type> inputElements,
                                   mlir::DictionaryAttr attributes,
                                   unsigned result);

constexpr int anyNumber = 1 << 20;

struct Operator {
  const char *domain; // "" is the standard's own
  const char *name;
  /// Versions of the operator set in which it changed and which are supported,
  /// ascending. A model of a later set uses the last one.
  std::vector<int> since;
  int minInputs;
  int maxInputs;
  int maxOutputs;
  std::vector<AttributeRow> attributes;
  ElementRule element;
  void (*evaluate)(Call &call);

  const AttributeRow *attribute(llvm::StringRef name, int version) const;
};

/// The row of an operator, or null. A name that the standard's domain does not
/// have is looked up in com.microsoft: onnxruntime's tools write some of its
/// operators there.
const Operator *findOperator(llvm::StringRef domain, llvm::StringRef name);
/// All rows, by domain and name.
llvm::ArrayRef<const Operator *> allOperators();
/// The version of \p op that a model of operator set \p opset uses, or 0 if
/// that version is older than the supported ones.
int versionOf(const Operator &op, int opset);

/// The newest set of the standard whose changes the rows take into account.
constexpr int newestOpset = 25;

//===----------------------------------------------------------------------===//
// Families, one file each
//===----------------------------------------------------------------------===//

using Rows = std::vector<Operator>;
Rows unaryOperators();
Rows binaryOperators();
Rows selectOperators();
Rows layoutOperators();
Rows indexOperators();
Rows shapeOperators();
Rows reduceOperators();
Rows matrixOperators();
Rows normaliseOperators();
Rows controlOperators();
Rows sequenceOperators();
Rows quantiseOperators();
Rows quantisedMatrixOperators();
Rows codesOperators();
Rows convolutionOperators();
Rows einsumOperators();
Rows scatterOperators();
Rows orderOperators();
Rows attentionOperators();
Rows fusedOperators();

//===----------------------------------------------------------------------===//
// Element rules
//===----------------------------------------------------------------------===//

mlir::Type elementOfFirst(llvm::ArrayRef<mlir::Type>, mlir::DictionaryAttr,
                          unsigned);
mlir::Type elementOfSecond(llvm::ArrayRef<mlir::Type>, mlir::DictionaryAttr,
                           unsigned);
mlir::Type elementBool(llvm::ArrayRef<mlir::Type>, mlir::DictionaryAttr,
                       unsigned);
/// TensorProto.DataType in attribute \p name, or null if it is absent or 0.
mlir::Type elementOfAttribute(mlir::DictionaryAttr attributes,
                              llvm::StringRef name);
mlir::Type elementInt64(llvm::ArrayRef<mlir::Type>, mlir::DictionaryAttr,
                        unsigned);

} // namespace dalbit::execute
