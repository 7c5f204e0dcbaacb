// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Choices of isa/npu.td as the numbers that a job's fields hold.

#pragma once

#include "isa/Isa.h"

namespace dalbit::schedule {

constexpr int64_t I8 = int64_t(isa::Type::I8), I16 = int64_t(isa::Type::I16),
                  I32 = int64_t(isa::Type::I32),
                  NoOutput = int64_t(isa::Type::None);
constexpr int64_t ByRow = int64_t(isa::By::Row),
                  ByOuter = int64_t(isa::By::Outer);
constexpr int64_t ScaleImm = int64_t(isa::ScaleSource::Imm),
                  ScaleRow = int64_t(isa::ScaleSource::Row),
                  ScaleB = int64_t(isa::ScaleSource::B);
constexpr int64_t AddImm = int64_t(isa::VectorAdd::Imm),
                  AddRow = int64_t(isa::VectorAdd::Row),
                  AddC = int64_t(isa::VectorAdd::C);
constexpr int64_t ReduceSum = int64_t(isa::VectorReduce::Sum),
                  ReduceSquares = int64_t(isa::VectorReduce::Sumsq),
                  ReduceAbsmax = int64_t(isa::VectorReduce::Absmax),
                  ReduceMax = int64_t(isa::VectorReduce::Max),
                  ReduceArgmax = int64_t(isa::VectorReduce::Argmax);

} // namespace dalbit::schedule
