// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The onnx dialect: a graph of the ONNX standard as one operation that carries
// the operator's name, and the attribute that stands for a weight in a file.
// What each operator means is not here but in the operator table
// (compiler/execute/operators).

#ifndef DALBIT_COMPILER_DIALECT_ONNX_ONNXOPS_TD
#define DALBIT_COMPILER_DIALECT_ONNX_ONNXOPS_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Onnx_Dialect : Dialect {
  let name = "onnx";
  let cppNamespace = "::dalbit::onnx";
  let summary = "a graph of the ONNX standard, as exported";
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let extraClassDeclaration = [{
    /// The mapped bytes of \p path, mapped on first use and kept as long as the
    /// context. Throws dalbit::Error if the file cannot be mapped. Thread-safe.
    const MappedFile &mapFile(llvm::StringRef path);

  private:
    std::shared_ptr<MappedFileTable> files;

  public:
  }];
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

def Onnx_WeightAttr : AttrDef<Onnx_Dialect, "Weight", [TypedAttrInterface]> {
  let mnemonic = "weight";
  let summary = "a view of a tensor that lies in a mapped file";
  let description = [{
    `length` bytes at `offset` of `file` hold a dense little-endian row-major
    tensor of `source_shape` elements of `source_element`. The viewed tensor is
    `source[starts[i] : starts[i] + sizes[i]]` in each source dimension i, then
    transposed: dimension j of the result is source dimension `permutation[j]`.
    `type` is the type of the result; its element type is the one after a
    conversion of every element. Nothing is read until readWeight().

    Identical views are one attribute, so tied weights are stored once.
  }];
  let parameters = (ins
    AttributeSelfTypeParameter<"">:$type,
    "::mlir::StringAttr":$file,
    "int64_t":$offset,
    "int64_t":$length,
    "::mlir::Type":$source_element,
    ArrayRefParameter<"int64_t">:$source_shape,
    ArrayRefParameter<"int64_t">:$starts,
    ArrayRefParameter<"int64_t">:$sizes,
    ArrayRefParameter<"int64_t">:$permutation
  );
  let builders = [
    AttrBuilderWithInferredContext<(ins "::mlir::StringAttr":$file,
                                        "int64_t":$offset, "int64_t":$length,
                                        "::mlir::RankedTensorType":$source), [{
      // The view of all of `source`, unconverted.
      llvm::SmallVector<int64_t> starts(source.getRank(), 0), order;
      for (int64_t i = 0; i < source.getRank(); ++i)
        order.push_back(i);
      return $_get(file.getContext(), source, file, offset, length,
                   source.getElementType(), source.getShape(), starts,
                   source.getShape(), order);
    }]>
  ];
  let assemblyFormat = [{
    `<` $file `,` `offset` `=` $offset `,` `length` `=` $length `,`
    `element` `=` $source_element `,`
    `shape` `=` custom<Integers>($source_shape) `,`
    `starts` `=` custom<Integers>($starts) `,`
    `sizes` `=` custom<Integers>($sizes) `,`
    `permutation` `=` custom<Integers>($permutation) `>`
  }];
  let extraClassDeclaration = [{
    ::mlir::RankedTensorType getTensorType() const {
      return ::llvm::cast<::mlir::RankedTensorType>(getType());
    }
    /// Elements [start, start + size) of dimension \p dim of the viewed tensor.
    WeightAttr slice(int64_t dim, int64_t start, int64_t size) const;
    /// Dimension i of the new view is dimension order[i] of this one.
    WeightAttr permute(::llvm::ArrayRef<int64_t> order) const;
    /// The same view with its elements converted.
    WeightAttr convert(::mlir::Type element) const;
    /// True if the view is the stored bytes as they are.
    bool isIdentity() const;
  }];
  let genVerifyDecl = 1;
}

def Onnx_CodesAttr : AttrDef<Onnx_Dialect, "Codes", [TypedAttrInterface]> {
  let mnemonic = "codes";
  let summary = "floats that the model holds as integers with scales";
  let description = [{
    Element i is `(codes[i] - zeros[j]) * scales[j]`, as the standard's
    DequantizeLinear says: j is nothing (one scale for all), the index along
    `axis`, or with a `block` above 0 index i with its part along `axis` divided
    by `block`. Without zeros they are 0. The codes stay what the file holds, so
    that a product may take them as they are.
  }];
  let parameters = (ins
    AttributeSelfTypeParameter<"">:$type,
    "::mlir::TypedAttr":$codes,
    "::mlir::TypedAttr":$scales,
    OptionalParameter<"::mlir::TypedAttr">:$zeros,
    "int64_t":$axis,
    "int64_t":$block
  );
  let builders = [
    AttrBuilderWithInferredContext<(ins "::mlir::TypedAttr":$codes,
                                        "::mlir::TypedAttr":$scales,
                                        "::mlir::TypedAttr":$zeros,
                                        "int64_t":$axis, "int64_t":$block), [{
      return $_get(codes.getContext(), typeOf(codes), codes, scales, zeros, axis,
                   block);
    }]>
  ];
  let assemblyFormat = [{
    `<` $codes `,` `scales` `=` $scales `,` `axis` `=` $axis `,`
    `block` `=` $block (`,` `zeros` `=` $zeros^)? `>`
  }];
  let extraClassDeclaration = [{
    ::mlir::RankedTensorType getTensorType() const {
      return ::llvm::cast<::mlir::RankedTensorType>(getType());
    }
    /// f32 in the shape of \p codes.
    static ::mlir::Type typeOf(::mlir::TypedAttr codes);
    /// One scale for all, or one a place along the axis.
    bool isSingle() const;
  }];
  let genVerifyDecl = 1;
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

def Onnx_SequenceType : TypeDef<Onnx_Dialect, "Sequence"> {
  let mnemonic = "sequence";
  let summary = "a list of tensors with one element type";
  let parameters = (ins "::mlir::Type":$element);
  let assemblyFormat = "`<` $element `>`";
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

class Onnx_Op<string mnemonic, list<Trait> traits = []>
    : Op<Onnx_Dialect, mnemonic, traits>;

/// What a node makes.
def Onnx_Result : AnyTypeOf<[AnyTensor, Onnx_SequenceType],
                            "tensor or sequence">;
/// What a node takes; none for an input that is left out.
def Onnx_Value : AnyTypeOf<[AnyTensor, Onnx_SequenceType, NoneType],
                           "tensor, sequence or none">;

def Onnx_ConstantOp : Onnx_Op<"constant", [
    ConstantLike, Pure, AllTypesMatch<["value", "result"]>]> {
  let summary = "a tensor known when the model was written";
  let description = [{
    `value` is a dense attribute (tensors up to 1 KiB and computed ones) or an
    #onnx.weight. Every initializer and every Constant node becomes one.
  }];
  let arguments = (ins TypedAttrInterface:$value);
  let results = (outs AnyRankedTensor:$result);
  let builders = [OpBuilder<(ins "::mlir::TypedAttr":$value), [{
    $_state.addAttribute("value", value);
    $_state.addTypes(value.getType());
  }]>];
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
}

def Onnx_NoneOp : Onnx_Op<"none", [Pure]> {
  let summary = "stands for an optional input that is left out";
  let results = (outs NoneType:$result);
  let assemblyFormat = "attr-dict";
}

def Onnx_YieldOp : Onnx_Op<"yield", [Pure, Terminator]> {
  let summary = "the outputs of a subgraph";
  let arguments = (ins Variadic<Onnx_Result>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}

def Onnx_NodeOp : Onnx_Op<"node", [RecursiveMemoryEffects]> {
  let summary = "one operator of the standard, by name";
  let description = [{
    `opset` is the version of the operator set that the model imports for
    `domain`; the importer has normalised what differs between versions
    (compiler/import/README.md). `onnx_attributes` holds the standard's attributes,
    defaults included. Bodies are the subgraphs of If, Loop and Scan, in the
    order of their attribute names in the standard's schema (then_branch,
    else_branch; body); they use values of the graph around them directly.
    Inputs of a subgraph (Loop, Scan, SequenceMap) are arguments of its block.
    `why` is why raising did not recognise what the node belongs to.
  }];
  let arguments = (ins
    StrAttr:$op_type,
    Variadic<Onnx_Value>:$inputs,
    I64Attr:$opset,
    DefaultValuedStrAttr<StrAttr, "">:$domain,
    DefaultValuedStrAttr<StrAttr, "">:$node_name,
    OptionalAttr<DictionaryAttr>:$onnx_attributes,
    OptionalAttr<StrAttr>:$why
  );
  let results = (outs Variadic<Onnx_Result>:$outputs);
  let regions = (region VariadicRegion<SizedRegion<1>>:$bodies);
  // A new node has no reason to stay.
  let builders = [OpBuilder<
      (ins "::mlir::TypeRange":$outputs, "::mlir::StringAttr":$op_type,
           "::mlir::ValueRange":$inputs, "::mlir::IntegerAttr":$opset,
           "::mlir::StringAttr":$domain, "::mlir::StringAttr":$node_name,
           "::mlir::DictionaryAttr":$onnx_attributes, "unsigned":$bodies),
      [{ build($_builder, $_state, outputs, op_type, inputs, opset, domain,
               node_name, onnx_attributes, ::mlir::StringAttr(), bodies); }]>];
  let assemblyFormat = [{
    $op_type `(` $inputs `)` `opset` $opset (`domain` $domain^)?
    (`name` $node_name^)? (`because` $why^)?
    (`attributes` $onnx_attributes^)? ($bodies^)?
    attr-dict `:` functional-type($inputs, $outputs)
  }];
  let extraClassDeclaration = [{
    /// An attribute of the standard, or null.
    ::mlir::Attribute getOnnxAttr(::llvm::StringRef name) {
      ::mlir::DictionaryAttr all = getOnnxAttributesAttr();
      return all ? all.get(name) : nullptr;
    }
    /// An integer attribute of the standard.
    std::optional<int64_t> getOnnxInt(::llvm::StringRef name);
    std::optional<float> getOnnxFloat(::llvm::StringRef name);
    /// A list of integers; empty optional if absent.
    std::optional<::llvm::SmallVector<int64_t>>
    getOnnxInts(::llvm::StringRef name);
    std::optional<::llvm::StringRef> getOnnxString(::llvm::StringRef name);
    /// Input \p index, or null if the node does not have it.
    ::mlir::Value getOnnxInput(unsigned index);
    /// True for the standard's own operator of this name.
    bool isOnnx(::llvm::StringRef type) {
      return getOpType() == type && getDomain().empty();
    }
  }];
  let hasVerifier = 1;
}

#endif // DALBIT_COMPILER_DIALECT_ONNX_ONNXOPS_TD
