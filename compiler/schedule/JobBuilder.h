// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes jobs of the npu dialect: fields by name, buffers by role, run-time
// sizes as sums of SSA values and constants.

#pragma once

#include "compiler/dialect/npu/NPUOps.h"

namespace dalbit::schedule {

/// A number that is known only at run time: constant + sum of i32 values.
struct Size {
  int64_t constant = 0;
  llvm::SmallVector<mlir::Value, 2> values;

  Size(int64_t constant = 0) : constant(constant) {}
  Size(mlir::Value value) : values{value} {}

  bool isStatic() const { return values.empty(); }
  Size operator+(const Size &other) const;
};

class Job;

class JobBuilder {
public:
  JobBuilder(mlir::OpBuilder &builder, mlir::Location loc)
      : builder(builder), loc(loc) {}

  mlir::OpBuilder &builder;
  mlir::Location loc;
  /// Layer tag and phase of the jobs that follow.
  int32_t tag = 0;

  /// \p extent bytes or entries.
  mlir::Value buffer(llvm::StringRef label, npu::Space space, int64_t extent,
                     int64_t alignment = 64, bool stream = false);
  mlir::Value accumulator(llvm::StringRef label, int64_t first,
                          int64_t entries);
  mlir::Value dram(llvm::StringRef label, int64_t region, int64_t offset,
                   int64_t bytes);

  // Arithmetic on run-time sizes; folds what is constant.
  Size times(const Size &a, int64_t factor);
  Size minimum(const Size &a, const Size &b);
  Size maximum(const Size &a, const Size &b);
  Size minus(const Size &a, const Size &b);
  /// a modulo \p power, a power of two; a is not negative.
  Size modulo(const Size &a, int64_t power);
  /// a / \p power, rounded down, under the same conditions.
  Size quotient(const Size &a, int64_t power);
  mlir::Value materialise(const Size &size);

  Job dmaIn();
  Job dmaOut();
  Job matrix();
  Job vector();
};

/// Collects one job; emit() writes it.
class Job {
public:
  Job(JobBuilder &builder, unsigned unit) : jobs(builder), unit(unit) {}

  Job &set(llvm::StringRef field, const Size &value);
  /// The field is an address in \p buffer that the job reads or writes.
  Job &read(llvm::StringRef field, mlir::Value buffer, const Size &offset = 0);
  Job &write(llvm::StringRef field, mlir::Value buffer, const Size &offset = 0);
  void emit();

private:
  Job &bind(llvm::StringRef field, mlir::Value buffer, const Size &offset,
            bool write);

  JobBuilder &jobs;
  unsigned unit;
  llvm::SmallVector<mlir::Value> reads, writes;
  llvm::SmallVector<std::pair<std::string, Size>> fields;
  llvm::SmallVector<std::tuple<std::string, unsigned, bool>> bases;
};

} // namespace dalbit::schedule
