// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/schedule/JobBuilder.h"

#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace dalbit::schedule {

Size Size::operator+(const Size &other) const {
  Size sum = *this;
  sum.constant += other.constant;
  sum.values.append(other.values.begin(), other.values.end());
  return sum;
}

static MemRefType bufferType(OpBuilder &builder, npu::Space space,
                             int64_t extent) {
  Type element = builder.getIntegerType(
      space == npu::Space::acc || space == npu::Space::scalars ? 32 : 8);
  return MemRefType::get({extent}, element, AffineMap(),
                         npu::SpaceAttr::get(builder.getContext(), space));
}

Value JobBuilder::buffer(StringRef label, npu::Space space, int64_t extent,
                         int64_t alignment, bool stream) {
  return builder.create<npu::BufferOp>(
      loc, bufferType(builder, space, extent), builder.getStringAttr(label),
      builder.getI64IntegerAttr(alignment), IntegerAttr(), IntegerAttr(),
      stream ? builder.getUnitAttr() : UnitAttr());
}

Value JobBuilder::accumulator(StringRef label, int64_t first, int64_t entries) {
  return builder.create<npu::BufferOp>(
      loc, bufferType(builder, npu::Space::acc, entries),
      builder.getStringAttr(label), builder.getI64IntegerAttr(1),
      builder.getI64IntegerAttr(first), IntegerAttr(), UnitAttr());
}

Value JobBuilder::dram(StringRef label, int64_t region, int64_t offset,
                       int64_t bytes) {
  return builder.create<npu::BufferOp>(
      loc, bufferType(builder, npu::Space::dram, bytes),
      builder.getStringAttr(label), builder.getI64IntegerAttr(64),
      builder.getI64IntegerAttr(offset), builder.getI64IntegerAttr(region),
      UnitAttr());
}

Value JobBuilder::materialise(const Size &size) {
  Value sum;
  for (Value value : size.values)
    sum = sum ? builder.create<arith::AddIOp>(loc, sum, value).getResult()
              : value;
  if (sum && size.constant == 0)
    return sum;
  Value constant = builder.create<arith::ConstantOp>(
      loc, builder.getI32IntegerAttr(size.constant));
  return sum ? builder.create<arith::AddIOp>(loc, sum, constant).getResult()
             : constant;
}

static Value constantOf(JobBuilder &jobs, int64_t value) {
  return jobs.materialise(Size(value));
}

Size JobBuilder::times(const Size &a, int64_t factor) {
  if (a.isStatic())
    return a.constant * factor;
  if (factor == 1)
    return a;
  Size variable = a;
  variable.constant = 0;
  Value product = builder.create<arith::MulIOp>(loc, materialise(variable),
                                                constantOf(*this, factor));
  return Size(product) + a.constant * factor;
}

Size JobBuilder::minimum(const Size &a, const Size &b) {
  if (a.isStatic() && b.isStatic())
    return std::min(a.constant, b.constant);
  return Size(
      builder.create<arith::MinSIOp>(loc, materialise(a), materialise(b))
          .getResult());
}

Size JobBuilder::maximum(const Size &a, const Size &b) {
  if (a.isStatic() && b.isStatic())
    return std::max(a.constant, b.constant);
  return Size(
      builder.create<arith::MaxSIOp>(loc, materialise(a), materialise(b))
          .getResult());
}

Size JobBuilder::minus(const Size &a, const Size &b) {
  if (b.isStatic())
    return a + (-b.constant);
  return Size(builder.create<arith::SubIOp>(loc, materialise(a), materialise(b))
                  .getResult());
}

Size JobBuilder::modulo(const Size &a, int64_t power) {
  if (a.isStatic())
    return a.constant % power;
  return Size(builder
                  .create<arith::AndIOp>(loc, materialise(a),
                                         constantOf(*this, power - 1))
                  .getResult());
}

Size JobBuilder::quotient(const Size &a, int64_t power) {
  if (a.isStatic())
    return a.constant / power;
  Value shift = constantOf(*this, llvm::Log2_64(uint64_t(power)));
  return Size(
      builder.create<arith::ShRUIOp>(loc, materialise(a), shift).getResult());
}

Job JobBuilder::dmaIn() { return Job(*this, npu::DmaIn); }
Job JobBuilder::dmaOut() { return Job(*this, npu::DmaOut); }
Job JobBuilder::matrix() { return Job(*this, npu::Matrix); }
Job JobBuilder::vector() { return Job(*this, npu::Vector); }

Job &Job::set(StringRef field, const Size &value) {
  for (auto &[name, old] : fields)
    if (name == field) {
      old = value;
      return *this;
    }
  fields.emplace_back(field.str(), value);
  return *this;
}

Job &Job::bind(StringRef field, Value buffer, const Size &offset, bool write) {
  auto &list = write ? writes : reads;
  unsigned index = llvm::find(list, buffer) - list.begin();
  if (index == list.size())
    list.push_back(buffer);
  bases.emplace_back(field.str(), index, write);
  return set(field, offset);
}

Job &Job::read(StringRef field, Value buffer, const Size &offset) {
  return bind(field, buffer, offset, false);
}

Job &Job::write(StringRef field, Value buffer, const Size &offset) {
  return bind(field, buffer, offset, true);
}

void Job::emit() {
  OpBuilder &builder = jobs.builder;
  SmallVector<NamedAttribute> constants, baseAttrs;
  SmallVector<Value> dynamic;
  SmallVector<Attribute> dynamicFields;
  for (auto &[name, size] : fields) {
    constants.push_back(
        builder.getNamedAttr(name, builder.getI64IntegerAttr(size.constant)));
    for (Value value : size.values) {
      dynamic.push_back(value);
      dynamicFields.push_back(builder.getStringAttr(name));
    }
  }
  for (auto &[name, index, write] : bases)
    baseAttrs.push_back(builder.getNamedAttr(
        name, builder.getI64IntegerAttr(write ? index + reads.size() : index)));
  auto fieldsAttr = builder.getDictionaryAttr(constants);
  auto dynamicAttr = builder.getArrayAttr(dynamicFields);
  auto basesAttr = builder.getDictionaryAttr(baseAttrs);
  auto create = [&]<typename Op>() {
    builder.create<Op>(jobs.loc, reads, writes, dynamic, fieldsAttr,
                       dynamicAttr, basesAttr, uint32_t(jobs.tag), 0u, 0u);
  };
  switch (unit) {
  case npu::DmaIn:
    return create.operator()<npu::DmaInOp>();
  case npu::DmaOut:
    return create.operator()<npu::DmaOutOp>();
  case npu::Matrix:
    return create.operator()<npu::MatrixOp>();
  default:
    return create.operator()<npu::VectorOp>();
  }
}

} // namespace dalbit::schedule
