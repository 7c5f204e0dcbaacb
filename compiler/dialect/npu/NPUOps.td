// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The npu dialect: a program of the NPU as jobs of its units on buffers. A job's fields are the
// configuration fields of its unit, by the names of isa/npu.td; a field that is not given is 0.

#ifndef DALBIT_NPU_OPS
#define DALBIT_NPU_OPS

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/BuiltinTypeInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def NPU_Dialect : Dialect {
  let name = "npu";
  let cppNamespace = "::dalbit::npu";
  let summary = "jobs of the NPU's units on buffers";
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::func::FuncDialect"];
}

def NPU_Space : I32EnumAttr<"Space", "where a buffer lives", [
    I32EnumAttrCase<"spm", 0>,      // scratchpad, in bytes
    I32EnumAttrCase<"acc", 1>,      // accumulator, in entries
    I32EnumAttrCase<"scalars", 2>,  // row scalars, in entries
    I32EnumAttrCase<"dram", 3>]> {  // a region of the DRAM, in bytes
  let cppNamespace = "::dalbit::npu";
  let genSpecializedAttr = 0;
}
def NPU_SpaceAttr : EnumAttr<NPU_Dialect, NPU_Space, "space"> {
  let assemblyFormat = "`<` $value `>`";
}

class NPU_Op<string mnemonic, list<Trait> traits = []> : Op<NPU_Dialect, mnemonic, traits>;

def NPU_BufferOp : NPU_Op<"buffer"> {
  let summary = "storage that jobs read and write";
  let description = [{
    The memref's memory space is a `#npu.space`; its one dimension counts bytes (spm, dram) or
    entries (acc, scalars). `npu-allocate` sets `address` where it is absent. A dram buffer has
    `region` and `address` from the start. `stream` asks for banks that no other buffer streaming
    at the same time uses (T4).
  }];
  let arguments = (ins StrAttr:$label, DefaultValuedAttr<I64Attr, "64">:$alignment,
                       OptionalAttr<I64Attr>:$address, OptionalAttr<I64Attr>:$region,
                       UnitAttr:$stream);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = [{
    $label (`at` $address^)? (`region` $region^)? (`stream` $stream^)? attr-dict `:` type($result) }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    Space getSpace();
    int64_t getExtent() { return ::llvm::cast<::mlir::MemRefType>(getType()).getDimSize(0); }
  }];
}

def NPU_JobInterface : OpInterface<"Job"> {
  let cppNamespace = "::dalbit::npu";
  let description = "What jobs of all units have in common.";
  let methods = [
    InterfaceMethod<"buffers read", "::mlir::OperandRange", "getReads">,
    InterfaceMethod<"buffers written", "::mlir::OperandRange", "getWrites">,
    InterfaceMethod<"run-time values", "::mlir::OperandRange", "getDynamic">,
    InterfaceMethod<"constant part of each field", "::mlir::DictionaryAttr", "getFields">,
    InterfaceMethod<"field of each run-time value", "::mlir::ArrayAttr", "getDynamicFields">,
    InterfaceMethod<"field -> index of the buffer (reads, then writes) whose address is added",
                    "::mlir::DictionaryAttr", "getBases">,
    InterfaceMethod<"layer tag and phase", "int32_t", "getTag">,
    InterfaceMethod<"semaphores waited for", "uint32_t", "getWait">,
    InterfaceMethod<"semaphores signalled", "uint32_t", "getSignal">,
    InterfaceMethod<"sets the semaphores waited for", "void", "setWait", (ins "uint32_t":$mask)>,
    InterfaceMethod<"sets the semaphores signalled", "void", "setSignal", (ins "uint32_t":$mask)>,
  ];
}

class NPU_Job<string mnemonic> : NPU_Op<mnemonic, [AttrSizedOperandSegments, NPU_JobInterface]> {
  let description = [{
    Field value = constant part + address of its base buffer + sum of its run-time values.
    `reads` and `writes` name every buffer the job touches.
  }];
  let arguments = (ins Variadic<AnyMemRef>:$reads, Variadic<AnyMemRef>:$writes,
                       Variadic<I32>:$dynamic, DictionaryAttr:$fields, ArrayAttr:$dynamic_fields,
                       DictionaryAttr:$bases, DefaultValuedAttr<I32Attr, "0">:$tag,
                       DefaultValuedAttr<I32Attr, "0">:$wait, DefaultValuedAttr<I32Attr, "0">:$signal);
  let assemblyFormat = [{
    $fields (`reads` $reads^ `:` type($reads))? (`writes` $writes^ `:` type($writes))?
    (`dynamic` $dynamic^)? $dynamic_fields `bases` $bases (`tag` $tag^)? (`wait` $wait^)?
    (`signal` $signal^)? attr-dict
  }];
  let hasVerifier = 1;
}
def NPU_DmaInOp : NPU_Job<"dma_in"> { let summary = "copies DRAM to scratchpad"; }
def NPU_DmaOutOp : NPU_Job<"dma_out"> { let summary = "copies scratchpad to DRAM"; }
def NPU_MatrixOp : NPU_Job<"matrix"> { let summary = "a block of int8 dot products"; }
def NPU_VectorOp : NPU_Job<"vector"> { let summary = "one pass of the vector unit"; }

def NPU_BarrierOp : NPU_Op<"barrier"> {
  let summary = "the sequencer waits until every unit has done all its jobs";
  let assemblyFormat = "attr-dict";
}

#endif
