// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/functional/Accesses.h"
#include "simulator/functional/VectorStages.h"

#include <algorithm>

namespace dalbit::functional {

namespace {

constexpr uint64_t SpmMask = (uint64_t(1) << isa::SpmAddressBits) - 1;

/// Visits the pieces of one instruction.
class Pieces {
public:
  Pieces(const target::Target &target, const Visit &visit)
      : n(target.outputs), k(target.lanes), portBytes(target.portBytes),
        visit(visit) {}

  void dma(const isa::DmaConfiguration &c, bool out, const IndexOf &indexOf);
  void matrix(const isa::MatrixConfiguration &c);
  void vector(const isa::VectorConfiguration &c);

private:
  void spm(unsigned stream, int64_t address, int64_t bytes, bool isWrite) {
    if (bytes > 0)
      visit({Space::Scratchpad, isWrite, uint8_t(stream), 0,
             uint64_t(address) & SpmMask, uint64_t(bytes)});
  }
  void entries(unsigned stream, int64_t first, int64_t count, bool isWrite) {
    if (count > 0)
      visit({Space::Accumulator, isWrite, uint8_t(stream), 0, uint64_t(first),
             uint64_t(count)});
  }
  void weights(const isa::MatrixConfiguration &c, int64_t tilesN,
               int64_t tilesK);
  void w4(const isa::MatrixConfiguration &c, int64_t tilesN, int64_t tilesK);
  void stream(unsigned number, const isa::VectorConfiguration &c,
              uint32_t address, uint32_t stride0, uint32_t stride1,
              int64_t bytes, bool isWrite);

  const int64_t n, k, portBytes;
  const Visit &visit;
};

void Pieces::dma(const isa::DmaConfiguration &c, bool out,
                 const IndexOf &indexOf) {
  if (c.bytes == 0)
    return;
  bool gather = c.gather == isa::DmaGather::On;
  if (gather && c.planes)
    spm(IndexStream, c.indexAddr, int64_t(c.rows) * 4, false);
  for (uint32_t plane = 0; plane < c.planes; ++plane)
    for (uint32_t row = 0; row < c.rows; ++row) {
      uint32_t index = gather ? indexOf(row) : row;
      uint32_t offset =
          c.dramOffset + index * c.dramRowStride + plane * c.dramPlaneStride;
      visit({Space::Dram, out, 0, uint8_t(c.region), offset, c.bytes});
      spm(1,
          int64_t(c.spmAddr) + int64_t(row) * c.spmRowStride +
              int64_t(plane) * c.spmPlaneStride,
          c.bytes, !out);
    }
}

void Pieces::w4(const isa::MatrixConfiguration &c, int64_t tilesN,
                int64_t tilesK) {
  // As MatrixUnit.cpp's Fill walks through the stream (A14).
  int64_t groupTiles =
      std::max<int64_t>((int64_t(32) << unsigned(c.wGroup)) / k, 1);
  int64_t perWord = portBytes / n, tileBytes = n * k / 2;
  int64_t cursor = c.wAddr, headers = 0, headerWord = 0;
  for (int64_t tileN = 0; tileN < tilesN; ++tileN) {
    int64_t channels = std::min<int64_t>(n, c.n - tileN * n);
    for (int64_t tileK = 0; tileK < tilesK; ++tileK) {
      if (tileK % groupTiles == 0) {
        if (headers % perWord == 0) {
          headerWord = cursor;
          cursor += portBytes;
        }
        spm(1, headerWord + headers % perWord * n, channels, false);
        ++headers;
      }
      int64_t lanes = std::min<int64_t>(k, c.k - tileK * k);
      for (int64_t channel = 0; channel < channels; ++channel)
        spm(1, cursor + channel * k / 2, (lanes + 1) / 2, false);
      cursor += tileBytes;
    }
    cursor += (groupTiles - 1 - (tilesK - 1) % groupTiles) * tileBytes;
  }
}

void Pieces::weights(const isa::MatrixConfiguration &c, int64_t tilesN,
                     int64_t tilesK) {
  int64_t stride = c.wRowStride;
  switch (c.wForm) {
  case isa::MatrixWForm::W8:
    for (int64_t tile = 0; tile < tilesN * tilesK; ++tile) {
      int64_t channels = std::min<int64_t>(n, c.n - tile / tilesK * n);
      int64_t lanes = std::min<int64_t>(k, c.k - tile % tilesK * k);
      for (int64_t channel = 0; channel < channels; ++channel)
        spm(1, c.wAddr + (tile * n + channel) * k, lanes, false);
    }
    break;
  case isa::MatrixWForm::W4:
    w4(c, tilesN, tilesK);
    break;
  case isa::MatrixWForm::Rows:
    for (int64_t row = 0; row < int64_t(c.n); ++row)
      spm(1, c.wAddr + row * stride, c.k, false);
    break;
  case isa::MatrixWForm::Columns:
    for (int64_t row = 0; row < int64_t(c.k); ++row)
      spm(1, c.wAddr + row * stride, c.n, false);
    break;
  }
}

void Pieces::matrix(const isa::MatrixConfiguration &c) {
  if (c.rows == 0 || c.n == 0 || c.k == 0)
    return;
  int64_t tilesN = (c.n + n - 1) / n, tilesK = (c.k + k - 1) / k;
  for (int64_t row = 0; row < int64_t(c.rows); ++row)
    spm(0, c.aAddr + row * int64_t(c.aRowStride), c.k, false);
  weights(c, tilesN, tilesK);
  for (int64_t tile = 0; tile < tilesN; ++tile)
    entries(2, c.accAddr + tile * int64_t(c.accStride), c.rows, true);
}

void Pieces::stream(unsigned number, const isa::VectorConfiguration &c,
                    uint32_t address, uint32_t stride0, uint32_t stride1,
                    int64_t bytes, bool isWrite) {
  for (int64_t outer = 0; outer < int64_t(c.rows1); ++outer)
    for (int64_t inner = 0; inner < int64_t(c.rows0); ++inner)
      spm(number, address + inner * int64_t(stride0) + outer * int64_t(stride1),
          bytes, isWrite);
}

void Pieces::vector(const isa::VectorConfiguration &c) {
  using isa::ScaleSource;
  switch (c.op) {
  case isa::VectorOp::Table:
    spm(0, c.aAddr, isa::TableSegments * 4, false);
    return;
  case isa::VectorOp::Store:
    stream(3, c, c.outAddr, c.outStride0, c.outStride1, 4, true);
    return;
  case isa::VectorOp::Fetch:
    stream(0, c, c.aAddr, c.aStride0, c.aStride1, 4, false);
    return;
  case isa::VectorOp::Scalar:
    return;
  case isa::VectorOp::Stream:
    break;
  }
  int64_t cols = c.cols;
  bool fromAccumulator = c.source == isa::VectorSource::Acc;
  if (!fromAccumulator || c.addC == isa::VectorAddC::A)
    stream(0, c, c.aAddr, c.aStride0, c.aStride1, cols * bytesOf(c.aType),
           false);
  if (c.scale1 == ScaleSource::B || c.scale2 == ScaleSource::B ||
      c.multiply == isa::VectorMultiply::B)
    stream(1, c, c.bAddr, c.bStride0, c.bStride1, cols * bytesOf(c.bType),
           false);
  if (c.add == isa::VectorAdd::C || c.addC == isa::VectorAddC::C)
    stream(2, c, c.cAddr, c.cStride0, c.cStride1, cols * bytesOf(c.cType),
           false);
  stream(3, c, c.outAddr, c.outStride0, c.outStride1, cols * bytesOf(c.outType),
         true);
  if (!fromAccumulator)
    return;
  for (int64_t outer = 0; outer < int64_t(c.rows1); ++outer)
    for (int64_t inner = 0; inner < int64_t(c.rows0); ++inner)
      for (int64_t tile = 0; tile < (cols + n - 1) / n; ++tile)
        entries(4,
                c.accAddr + inner * int64_t(c.accStride0) +
                    outer * int64_t(c.accStride1) +
                    tile * int64_t(c.accTileStride),
                1, false);
}

} // namespace

void forEachAccess(const target::Target &target, isa::Unit unit,
                   const isa::Configurations &configurations,
                   const IndexOf &indexOf, const Visit &visit) {
  Pieces pieces(target, visit);
  switch (unit) {
  case isa::Unit::DmaIn:
  case isa::Unit::DmaOut:
    pieces.dma(configurations.dma(unit), unit == isa::Unit::DmaOut, indexOf);
    break;
  case isa::Unit::Matrix:
    pieces.matrix(configurations.matrix);
    break;
  case isa::Unit::Vector:
    pieces.vector(configurations.vector);
    break;
  }
}

} // namespace dalbit::functional
