// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The container of a .dbn file: the part of ELF64 (System V gABI, chapter 4)
// that it uses, as structures that lie in the file as they are. Only
// little-endian hosts.

#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace dalbit::binary {

static_assert(std::endian::native == std::endian::little);

struct ElfHeader {
  std::array<uint8_t, 16> ident;
  uint16_t type, machine;
  uint32_t version;
  uint64_t entry, programHeaders, sectionHeaders;
  uint32_t flags; ///< version of the Dalbit format
  uint16_t headerSize, programHeaderSize, programHeaderCount;
  uint16_t sectionHeaderSize, sectionHeaderCount, nameSection;
};
static_assert(sizeof(ElfHeader) == 64);

struct ElfSection {
  uint32_t name, type;
  uint64_t flags, address, offset, size;
  uint32_t link, info;
  uint64_t alignment, entrySize;
};
static_assert(sizeof(ElfSection) == 64);

// Magic, 64 bit, little endian, ELF version 1, no operating system.
inline constexpr std::array<uint8_t, 16> ElfIdent = {0x7f, 'E', 'L', 'F',
                                                     2,    1,   1};
inline constexpr uint16_t ElfExecutable = 2;
inline constexpr uint16_t ElfMachine = 0xda1b;
inline constexpr uint32_t FormatVersion = 2;

enum : uint32_t { SectionNull = 0, SectionData = 1, SectionNames = 3 };
enum : uint64_t { FlagAllocate = 2, FlagExecute = 4 };

enum SectionId : unsigned {
  Code,
  Constants,
  Weights,
  Regions,
  Entries,
  Tensors,
  Layers,
  TargetText,
  Model,
  Hash,
  Names,
  SectionCount
};

struct SectionKind {
  const char *name;
  uint64_t alignment;
  uint64_t flags;
  uint32_t type = SectionData;
};

/// By SectionId. In a file a section of that order follows the null section.
inline constexpr SectionKind SectionKinds[SectionCount] = {
    {".dalbit.code", 64, FlagAllocate | FlagExecute},
    {".dalbit.const", 64, FlagAllocate},
    {".dalbit.weights", 64, FlagAllocate},
    {".dalbit.regions", 8, 0},
    {".dalbit.entries", 8, 0},
    {".dalbit.tensors", 8, 0},
    {".dalbit.layers", 8, 0},
    {".dalbit.target", 8, 0},
    {".dalbit.model", 8, 0},
    {".dalbit.hash", 8, 0},
    {".shstrtab", 1, 0, SectionNames},
};

inline constexpr uint64_t HashBytes = 32;

} // namespace dalbit::binary
