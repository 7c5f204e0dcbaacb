// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/rtl/vector/VectorModel.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace dalbit::rtltest {

using namespace isa;
using Wide = __int128;

namespace {

Wide power(int e) { return Wide(1) << e; }

/// floor(x / 2^s).
Wide shiftDown(Wide x, int s) { return s >= 120 ? (x < 0 ? -1 : 0) : x >> s; }

Wide saturate(Wide x, int bits) {
  return std::clamp(x, -power(bits - 1), power(bits - 1) - 1);
}

int bitLength(Wide a) {
  int n = 0;
  for (; a > 0; a >>= 1)
    ++n;
  return n;
}

Scalar pairOf(uint32_t word) {
  return {int16_t(word & 0xffff), int8_t(word >> 16 & 0xff)};
}

int32_t wrapAddress(int64_t a) { return int32_t(a & 0xffffff); }

Scalar norm32(Wide sum, int k) {
  if (sum == saturate(sum, 32))
    return {int32_t(sum), int8_t(-2 * k)};
  Wide a = sum < 0 ? -sum : sum;
  int h = bitLength(a) - 31;
  Wide m = (a + power(h - 1)) >> h;
  if (m == power(31)) {
    m = power(30);
    ++h;
  }
  return {int32_t(sum < 0 ? -m : m), int8_t(-h - 2 * k)};
}

/// S3, with what S9 adds to the exponent.
Scalar scaleBy(Scalar x, Scalar imm, int adjust) {
  Scalar a = norm16(x.m, x.e), b = norm16(imm.m, imm.e);
  return norm16(int64_t(a.m) * b.m, a.e + b.e + adjust);
}

Scalar reciprocal(Scalar x, Scalar imm, int adjust) {
  Scalar s = norm16(x.m, x.e);
  if (s.m == 0)
    return {};
  int64_t a = std::abs(s.m);
  int64_t entry = (a - 16384) / 128;
  int64_t t = std::llround(std::ldexp(1.0, 29) / (16384 + 128.0 * entry + 64));
  Wide r = shiftDown(Wide(t) * (power(30) - a * t) + power(28), 29);
  return scaleBy(norm16(int64_t(s.m < 0 ? -r : r), 29 - s.e), imm, adjust);
}

Scalar reciprocalRoot(Scalar x, Scalar imm1, Scalar imm2, int adjust) {
  Scalar a = scaleBy(x, imm1, 0), b = norm16(imm2.m, imm2.e);
  if (a.m < 0)
    a = {};
  if (b.m < 0)
    b = {};
  Scalar sum;
  if (a.m == 0)
    sum = b;
  else if (b.m == 0)
    sum = a;
  else {
    if (b.e < a.e)
      std::swap(a, b);
    int d = std::min(b.e - a.e, 31);
    sum = norm16((int64_t(a.m) << 8) + (int64_t(b.m) << 8 >> d), a.e + 8);
  }
  if (sum.m == 0)
    return {};
  int64_t m = sum.m;
  int e = sum.e;
  if (e % 2 != 0) {
    m *= 2;
    e += 1;
  }
  int64_t i = m / 256 - 64;
  int64_t t =
      std::llround(std::ldexp(1.0, 22) / std::sqrt((i + 64) * 256. + 128));
  int64_t q = (t * t + 8192) >> 14;
  Wide r = shiftDown(Wide(t) * (3 * power(30) - Wide(m) * q) + power(30), 31);
  return norm16(int64_t(r), 22 - e / 2 + adjust);
}

uint64_t rowIndex(uint32_t base, By by, uint32_t outer, uint32_t inner,
                  uint32_t rows0) {
  switch (by) {
  case By::Row:
    return uint64_t(base) + uint64_t(outer) * rows0 + inner;
  case By::Outer:
    return uint64_t(base) + outer;
  case By::Inner:
    return uint64_t(base) + inner;
  case By::One:
    break;
  }
  return base;
}

} // namespace

int32_t requantise(int64_t x, int64_t m, int s) {
  Wide p = Wide(x) * m;
  if (s < 0)
    return p == 0  ? 0
           : p > 0 ? std::numeric_limits<int32_t>::max()
                   : std::numeric_limits<int32_t>::min();
  if (s >= 48)
    return 0;
  return int32_t(saturate(s == 0 ? p : (p + power(s - 1)) >> s, 32));
}

Scalar norm16(int64_t m, int e) {
  if (m == 0)
    return {};
  Wide a = m < 0 ? -Wide(m) : Wide(m);
  int b = bitLength(a);
  if (b <= 15) {
    a <<= 15 - b;
    e += 15 - b;
  } else {
    int h = b - 15;
    a = (a + power(h - 1)) >> h;
    e -= h;
    if (a == 32768) {
      a = 16384;
      e -= 1;
    }
  }
  if (e > 127)
    return {};
  if (e < -128) {
    a = 32767;
    e = -128;
  }
  return {int32_t(m < 0 ? -a : a), int8_t(e)};
}

int32_t VectorModel::load(uint32_t address, Type type) const {
  auto byte = [&](int i) {
    return uint32_t(memory.at((address + i) & 0xffffff));
  };
  if (type == Type::I8)
    return int8_t(byte(0));
  if (type == Type::I16)
    return int16_t(byte(0) | byte(1) << 8);
  return int32_t(byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24);
}

void VectorModel::store(uint32_t address, Type type, int32_t value) {
  int bytes = type == Type::I8 ? 1 : type == Type::I16 ? 2 : 4;
  for (int i = 0; i < bytes; ++i)
    memory.at((address + i) & 0xffffff) = uint8_t(uint32_t(value) >> 8 * i);
}

ErrorCode VectorModel::check(const VectorConfiguration &c) const {
  bool isStream = c.op == VectorOp::Stream, isScalar = c.op == VectorOp::Scalar;
  bool fromAcc = isStream && c.source == VectorSource::Acc;
  bool usesA = c.op == VectorOp::Table || c.op == VectorOp::Fetch ||
               (isStream && (!fromAcc || c.addC == VectorAddC::A));
  bool pairs =
      isStream && (c.scale1 == ScaleSource::B || c.scale2 == ScaleSource::B);
  bool usesB = pairs || (isStream && c.multiply == VectorMultiply::B);
  bool usesC = isStream && (c.add == VectorAdd::C || c.addC == VectorAddC::C);

  if (uint32_t(c.op) > 4)
    return ErrorCode::IllegalConfig;
  if (isStream &&
      (uint32_t(c.reduce) > 5 || uint32_t(c.table) > 2 ||
       uint32_t(c.addC) > 2 || (c.addC == VectorAddC::A && !fromAcc) ||
       (usesA && c.aType == Type::None) || (usesB && c.bType == Type::None) ||
       (pairs && c.bType != Type::I32) || (usesC && c.cType == Type::None)))
    return ErrorCode::IllegalConfig;
  if (isScalar && c.scalarOp == VectorScalarOp::Raw)
    return ErrorCode::IllegalConfig;

  uint32_t rows0 = c.op == VectorOp::Table ? 1 : c.rows0;
  uint32_t rows1 = c.op == VectorOp::Table ? 1 : c.rows1;
  bool good = true;
  auto aligned = [&](Type type, uint32_t base, uint32_t s0, uint32_t s1) {
    uint32_t unit = !isStream ? (c.op == VectorOp::Table ? 64 : 4)
                              : lanes << uint32_t(type);
    for (uint32_t o = 0; o < rows1; ++o)
      for (uint32_t i = 0; i < rows0; ++i)
        good = good && (base + o * s1 + i * s0) % unit == 0;
  };
  auto inside = [&](uint32_t base, By by) {
    for (uint32_t o = 0; o < rows1; ++o)
      for (uint32_t i = 0; i < rows0; ++i)
        good = good && rowIndex(base, by, o, i, rows0) < rows.size();
  };
  if (usesA)
    aligned(c.aType, c.aAddr, c.aStride0, c.aStride1);
  if (usesB)
    aligned(c.bType, c.bAddr, c.bStride0, c.bStride1);
  if (usesC)
    aligned(c.cType, c.cAddr, c.cStride0, c.cStride1);
  if ((isStream && c.outType != Type::None) || c.op == VectorOp::Store)
    aligned(c.outType, c.outAddr, c.outStride0, c.outStride1);
  if (fromAcc)
    good = good && c.accAddr + uint64_t(rows0 - 1) * c.accStride0 +
                           uint64_t(rows1 - 1) * c.accStride1 +
                           uint64_t((c.cols - 1) / n) * c.accTileStride <
                       acc.size() / n;
  if (isScalar || c.op == VectorOp::Store || c.scale1 == ScaleSource::Row)
    if (c.op != VectorOp::Table && c.op != VectorOp::Fetch)
      inside(c.scale1Row, c.scale1By);
  bool usesY = c.scalarOp == VectorScalarOp::Mul ||
               c.scalarOp == VectorScalarOp::Max ||
               c.scalarOp == VectorScalarOp::Add;
  if (isStream ? c.scale2 == ScaleSource::Row : isScalar && usesY)
    inside(c.scale2Row, c.scale2By);
  if (isStream && c.add == VectorAdd::Row)
    inside(c.addRow, c.addBy);
  if (isStream && c.reduce == VectorReduce::Sumsq)
    inside(c.squareRow, c.squareBy);
  if ((isStream && c.reduce != VectorReduce::None) || isScalar ||
      c.op == VectorOp::Fetch)
    inside(c.reduceRow, c.reduceBy);
  return good ? ErrorCode::None : ErrorCode::Address;
}

ErrorCode VectorModel::execute(const VectorConfiguration &c) {
  if (c.op != VectorOp::Table && (c.rows0 == 0 || c.rows1 == 0))
    return ErrorCode::None;
  if (c.op == VectorOp::Stream && c.cols == 0)
    return ErrorCode::None;
  if (ErrorCode code = check(c); code != ErrorCode::None)
    return code;
  if (c.op == VectorOp::Stream) {
    stream(c);
    return ErrorCode::None;
  }
  if (c.op == VectorOp::Table) {
    for (int i = 0; i < 256; ++i)
      table[i] = uint32_t(load(c.aAddr + 4 * i, Type::I32));
    return ErrorCode::None;
  }
  for (uint32_t o = 0; o < c.rows1; ++o)
    for (uint32_t i = 0; i < c.rows0; ++i) {
      auto at = [&](uint32_t base, By by) -> Scalar & {
        return rows.at(rowIndex(base, by, o, i, c.rows0));
      };
      ++counts.scalarOps;
      if (c.op == VectorOp::Fetch) {
        uint32_t address =
            wrapAddress(int64_t(c.aAddr) + uint64_t(o) * c.aStride1 +
                        uint64_t(i) * c.aStride0);
        at(c.reduceRow, c.reduceBy) =
            pairOf(uint32_t(load(address, Type::I32)));
        continue;
      }
      Scalar x = at(c.scale1Row, c.scale1By);
      if (c.op == VectorOp::Store) {
        Scalar p = norm16(x.m, x.e);
        uint32_t word = uint32_t(uint16_t(p.m)) | uint32_t(uint8_t(p.e)) << 16;
        if (c.scalarOp == VectorScalarOp::Raw)
          word = uint32_t(x.m);
        store(wrapAddress(int64_t(c.outAddr) + uint64_t(o) * c.outStride1 +
                          uint64_t(i) * c.outStride0),
              Type::I32, int32_t(word));
        continue;
      }
      bool usesY = c.scalarOp == VectorScalarOp::Mul ||
                   c.scalarOp == VectorScalarOp::Max ||
                   c.scalarOp == VectorScalarOp::Add;
      Scalar y = usesY ? at(c.scale2Row, c.scale2By) : Scalar{};
      at(c.reduceRow, c.reduceBy) = scalar(c, x, y);
    }
  return ErrorCode::None;
}

Scalar VectorModel::scalar(const VectorConfiguration &c, Scalar x,
                           Scalar y) const {
  Scalar imm1 = pairOf(c.scale1Imm), imm2 = pairOf(c.scale2Imm);
  int adjust = c.scale1Adjust;
  switch (c.scalarOp) {
  case VectorScalarOp::Scale:
    return scaleBy(x, imm1, adjust);
  case VectorScalarOp::Fix:
    return {requantise(x.m, imm1.m, x.e + imm1.e), 0};
  case VectorScalarOp::Recip:
    return reciprocal(x, imm1, adjust);
  case VectorScalarOp::Rsqrt:
    return reciprocalRoot(x, imm1, imm2, adjust);
  case VectorScalarOp::Mul:
    return scaleBy(scaleBy(x, y, 0), imm1, adjust);
  case VectorScalarOp::Max:
    return {std::max(x.m, y.m), x.e};
  case VectorScalarOp::Add:
    return {int32_t(saturate(Wide(x.m) + y.m, 32)), x.e};
  case VectorScalarOp::Raw:
    break;
  }
  return {};
}

void VectorModel::stream(const VectorConfiguration &c) {
  for (uint32_t o = 0; o < c.rows1; ++o)
    for (uint32_t i = 0; i < c.rows0; ++i) {
      auto row = [&](uint32_t base, By by) -> Scalar & {
        return rows.at(rowIndex(base, by, o, i, c.rows0));
      };
      auto address = [&](uint32_t base, uint32_t s0, uint32_t s1, Type type,
                         uint32_t col) {
        return uint32_t(wrapAddress(base + uint64_t(o) * s1 + uint64_t(i) * s0 +
                                    (uint64_t(col) << uint32_t(type))));
      };
      int64_t lo = std::clamp<int64_t>(c.rangeLo + int64_t(o) * c.rangeLoStep,
                                       0, c.cols);
      int64_t hi = std::clamp<int64_t>(c.rangeHi + int64_t(o) * c.rangeHiStep,
                                       0, c.cols);

      int k = 0;
      if (c.reduce == VectorReduce::Sumsq) {
        int64_t absmax = std::abs(int64_t(row(c.squareRow, c.squareBy).m));
        k = std::max(0, bitLength(absmax) - 15);
      }
      Wide sum = 0;
      int64_t absmax = 0, best = std::numeric_limits<int32_t>::min();
      int64_t bestCol = -1;

      for (uint32_t col = 0; col < c.cols; ++col) {
        int32_t a = 0, b = 0, cc = 0;
        if (c.source == VectorSource::Spm || c.addC == VectorAddC::A)
          a = load(address(c.aAddr, c.aStride0, c.aStride1, c.aType, col),
                   c.aType);
        if (c.scale1 == ScaleSource::B || c.scale2 == ScaleSource::B ||
            c.multiply == VectorMultiply::B)
          b = load(address(c.bAddr, c.bStride0, c.bStride1, c.bType, col),
                   c.bType);
        if (c.add == VectorAdd::C || c.addC == VectorAddC::C)
          cc = load(address(c.cAddr, c.cStride0, c.cStride1, c.cType, col),
                    c.cType);
        int32_t v = a;
        if (c.source == VectorSource::Acc) {
          size_t entry = c.accAddr + size_t(i) * c.accStride0 +
                         size_t(o) * c.accStride1 +
                         size_t(col / n) * c.accTileStride;
          v = acc.at(entry * n + col % n);
        }
        ++counts.loadOps;

        auto scale = [&](ScaleSource source, uint32_t imm, uint32_t base, By by,
                         int adjust) {
          Scalar p;
          switch (source) {
          case ScaleSource::None:
            return;
          case ScaleSource::Imm:
            p = pairOf(imm);
            break;
          case ScaleSource::Row:
            p = norm16(row(base, by).m, row(base, by).e);
            break;
          case ScaleSource::B:
            p = pairOf(uint32_t(b));
            break;
          }
          v = requantise(v, p.m, p.e + adjust);
          ++counts.scaleOps;
        };
        scale(c.scale1, c.scale1Imm, c.scale1Row, c.scale1By, c.scale1Adjust);
        scale(c.scale2, c.scale2Imm, c.scale2Row, c.scale2By, c.scale2Adjust);

        if (c.add != VectorAdd::None) {
          int64_t s = c.add == VectorAdd::Imm   ? c.addImm
                      : c.add == VectorAdd::Row ? row(c.addRow, c.addBy).m
                                                : cc;
          v = int32_t(saturate(
              c.addNegate == VectorAddNegate::Minus ? v - s : v + s, 32));
          ++counts.addOps;
        }
        if (c.table != VectorTable::Off) {
          int32_t t = int32_t(
              saturate((int64_t(v) >> c.tableShift) + c.tableOffset, 16));
          uint32_t u = uint32_t(t + 32768), word = table[u / 256];
          int32_t base = int16_t(word & 0xffff), slope = int16_t(word >> 16);
          int32_t y = int32_t(
              saturate(base + ((int64_t(slope) * (u % 256) + 128) >> 8), 16));
          ++counts.tableOps;
          if (c.table == VectorTable::Gate) {
            v = requantise(v, y, int(c.gateShift));
            ++counts.multiplyOps;
          } else {
            v = y;
          }
        }
        if (c.multiply == VectorMultiply::B) {
          Scalar p = pairOf(uint32_t(b));
          v = c.bType == Type::I32 ? requantise(v, p.m, p.e + c.multiplyShift)
                                   : requantise(v, b, c.multiplyShift);
          ++counts.multiplyOps;
        }
        if (c.addC != VectorAddC::None) {
          v = int32_t(
              saturate(int64_t(v) + (c.addC == VectorAddC::A ? a : cc), 32));
          ++counts.addOps;
        }
        v = int32_t(saturate(v, c.outType == Type::I8    ? 8
                                : c.outType == Type::I16 ? 16
                                                         : 32));
        bool valid = lo <= int64_t(col) && int64_t(col) < hi;
        if (!valid)
          v = 0;
        if (c.outType != Type::None) {
          store(address(c.outAddr, c.outStride0, c.outStride1, c.outType, col),
                c.outType, v);
          ++counts.writeOps;
        }
        if (!valid || c.reduce == VectorReduce::None)
          continue;
        ++counts.reduceOps;
        absmax = std::max<int64_t>(absmax, std::abs(int64_t(v)));
        if (bestCol < 0 || v > best) {
          best = v;
          bestCol = col;
        }
        if (c.reduce == VectorReduce::Sumsq) {
          // A right absolute maximum keeps u within +-2^15; the unit cuts
          // there.
          int64_t u = k == 0 ? v : (int64_t(v) + (int64_t(1) << (k - 1))) >> k;
          u = std::clamp<int64_t>(u, -32768, 32768);
          sum += u * u;
        } else {
          sum += v;
        }
      }

      if (c.reduce == VectorReduce::None)
        continue;
      Scalar &result = row(c.reduceRow, c.reduceBy);
      switch (c.reduce) {
      case VectorReduce::Sum:
        result = norm32(sum, 0);
        break;
      case VectorReduce::Sumsq:
        result = norm32(sum, k);
        break;
      case VectorReduce::Absmax:
        result = {int32_t(std::min<int64_t>(absmax, 0x7fffffff)), 0};
        break;
      case VectorReduce::Max:
        result = {int32_t(best), 0};
        break;
      default:
        result = {int32_t(std::max<int64_t>(bestCol, 0)), 0};
        break;
      }
    }
}

} // namespace dalbit::rtltest
