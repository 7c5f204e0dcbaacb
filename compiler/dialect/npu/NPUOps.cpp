// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/dialect/npu/NPUOps.h"

#include "isa/Isa.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

#include "compiler/dialect/npu/NPUDialect.cpp.inc"
#include "compiler/dialect/npu/NPUEnums.cpp.inc"
#include "compiler/dialect/npu/NPUInterfaces.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "compiler/dialect/npu/NPUAttributes.cpp.inc"

#define GET_OP_CLASSES
#include "compiler/dialect/npu/NPUOps.cpp.inc"

using namespace mlir;

namespace dalbit::npu {

void NPUDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "compiler/dialect/npu/NPUAttributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "compiler/dialect/npu/NPUOps.cpp.inc"
      >();
}

unsigned getUnit(Operation *job) {
  return llvm::TypeSwitch<Operation *, unsigned>(job)
      .Case([](DmaInOp) { return unsigned(DmaIn); })
      .Case([](DmaOutOp) { return unsigned(DmaOut); })
      .Case([](MatrixOp) { return unsigned(Matrix); })
      .Case([](VectorOp) { return unsigned(Vector); });
}

Space BufferOp::getSpace() {
  return cast<SpaceAttr>(cast<MemRefType>(getType()).getMemorySpace())
      .getValue();
}

LogicalResult BufferOp::verify() {
  auto type = cast<MemRefType>(getType());
  if (type.getRank() != 1 || !type.hasStaticShape())
    return emitOpError() << "must have one static dimension, bytes or entries";
  if (!isa_and_nonnull<SpaceAttr>(type.getMemorySpace()))
    return emitOpError() << "needs a #npu.space as memory space";
  if (getSpace() == Space::dram && (!getRegion() || !getAddress()))
    return emitOpError() << "in dram needs a region and an address";
  return success();
}

/// Every field exists, fits and has at most one base.
static LogicalResult verifyJob(Job job) {
  Operation *op = job.getOperation();
  std::span<const isa::FieldInfo> known = isa::fields(isa::Unit(getUnit(op)));
  auto find = [&](StringRef name) -> const isa::FieldInfo * {
    for (const isa::FieldInfo &field : known)
      if (name == field.name)
        return &field;
    return nullptr;
  };
  for (NamedAttribute entry : job.getFields()) {
    const isa::FieldInfo *field = find(entry.getName());
    if (!field)
      return op->emitOpError() << "has no field " << entry.getName();
    auto value = dyn_cast<IntegerAttr>(entry.getValue());
    if (!value)
      return op->emitOpError()
             << "field " << entry.getName() << " is not an integer";
    int64_t v = value.getInt();
    // Addresses become whole with their base, run-time parts at run time.
    int64_t low = field->isSigned || job.getBases().contains(entry.getName())
                      ? -(int64_t(1) << (field->width - 1))
                      : 0;
    if (!field->isSigned &&
        llvm::any_of(job.getDynamicFields(), [&](Attribute a) {
          return cast<StringAttr>(a).getValue() == entry.getName();
        }))
      low = -(int64_t(1) << (field->width - 1));
    int64_t high =
        (int64_t(1) << (field->isSigned ? field->width - 1 : field->width)) - 1;
    if (v < low || v > high)
      return op->emitOpError()
             << "field " << entry.getName() << " = " << v << " does not fit "
             << unsigned(field->width) << " bits";
  }
  if (job.getDynamicFields().size() != job.getDynamic().size())
    return op->emitOpError()
           << "has " << job.getDynamic().size() << " run-time values for "
           << job.getDynamicFields().size() << " fields";
  size_t buffers = job.getReads().size() + job.getWrites().size();
  for (NamedAttribute entry : job.getBases()) {
    auto index = dyn_cast<IntegerAttr>(entry.getValue());
    if (!find(entry.getName()) || !index || index.getInt() < 0 ||
        uint64_t(index.getInt()) >= buffers)
      return op->emitOpError()
             << "has a bad base for field " << entry.getName();
  }
  return success();
}

LogicalResult DmaInOp::verify() { return verifyJob(cast<Job>(getOperation())); }
LogicalResult DmaOutOp::verify() {
  return verifyJob(cast<Job>(getOperation()));
}
LogicalResult MatrixOp::verify() {
  return verifyJob(cast<Job>(getOperation()));
}
LogicalResult VectorOp::verify() {
  return verifyJob(cast<Job>(getOperation()));
}

} // namespace dalbit::npu
