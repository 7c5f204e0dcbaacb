// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A DRAM device as a table of figures: organisation, address map, command
// spacing, currents. Read from TOML; the files in simulator/dram/devices are
// built in and also document where each figure comes from.
//
// Spacings are in DRAM clocks from the start of one command to the start of
// the next; latencies from the start of the column command to the clock after
// the last data beat.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dalbit::dram {

struct DramTiming {
  int64_t activateToColumn = 0;         ///< tRCD
  int64_t activateToPrecharge = 0;      ///< tRAS
  int64_t activateToActivate = 0;       ///< tRC, same bank
  int64_t prechargeToActivate = 0;      ///< tRP
  int64_t prechargeToPrecharge = 0;     ///< tPPD
  int64_t activateOtherGroup = 0;       ///< tRRD_S
  int64_t activateSameGroup = 0;        ///< tRRD_L
  int64_t fourActivates = 0;            ///< tFAW
  int64_t columnOtherGroup = 0;         ///< tCCD_S
  int64_t columnSameGroup = 0;          ///< tCCD_L
  int64_t readToWrite = 0;              ///< data bus turns round
  int64_t writeToReadOtherGroup = 0;    ///< WL + burst + tWTR_S
  int64_t writeToReadSameGroup = 0;     ///< WL + burst + tWTR_L
  int64_t readToPrecharge = 0;          ///< tRTP
  int64_t writeToPrecharge = 0;         ///< WL + burst + tWR
  int64_t readLatency = 0;              ///< RL + burst
  int64_t writeLatency = 0;             ///< WL + burst
  int64_t refreshInterval = 0;          ///< tREFI
  int64_t prechargeAllToRefresh = 0;    ///< tRPab
  int64_t refreshToActivate = 0;        ///< tRFCab
  int64_t bankRefreshInterval = 0;      ///< tREFIpb; 0: no refresh of banks
  int64_t bankPrechargeToRefresh = 0;   ///< tRPpb
  int64_t bankRefreshToActivate = 0;    ///< tRFCpb, same bank
  int64_t bankRefreshToRefresh = 0;     ///< REFpb to REFpb of others
  int64_t bankRefreshActivateOther = 0; ///< REFpb and ACT of others, any order
  int64_t dataClockRead = 0;  ///< WCK runs this long after RD; 0: no such clock
  int64_t dataClockWrite = 0; ///< the same after WR
  int activateSlots = 1;      ///< command bus clocks of (each) ACT
  int activateCommands = 1;   ///< 2: ACT-1 and ACT-2
  int64_t secondActivateWithin = 0; ///< tAAD, for two commands
  int columnSlots = 1;
  int prechargeSlots = 1;
  bool separateColumnBus = false; ///< HBM: reads and writes have their own
  bool sharedCommandBus = false;  ///< HBM: the channels share the bus
};

/// One supply; milliamperes of one die (data-sheet maxima).
struct DramRail {
  std::string name;
  double volt = 0;
  double idd0 = 0, idd2n = 0, idd3n = 0, idd4r = 0, idd4w = 0, idd5 = 0;
  bool io = false; ///< its burst current drives the pins
};

/// low, typical, high
struct Band {
  double low = 0, typical = 0, high = 0;
};

struct DramPower {
  std::vector<DramRail> rails;
  double diesStandby = 0;          ///< dies that a channel keeps powered
  double diesAccess = 0;           ///< dies that serve one access of a channel
  double activateCycleClocks = 0;  ///< tRC of the IDD0 loop
  double activateActiveClocks = 0; ///< tRAS of the IDD0 loop
  double burstClocks = 0;          ///< a burst's time in the IDD4 loops
  double refreshClocks = 0;
  /// Factors from the data sheet's maxima to real parts.
  Band activateFactor, readFactor, writeFactor, standbyFactor, refreshFactor,
      ioFactor;
  /// Outside the DRAM's supplies, pJ per bit: the host's PHY and controller
  /// (both directions) and terminations.
  Band hostPhy, termination;
};

/// Field of an address: (address >> shift) & mask.
struct AddressField {
  unsigned shift = 0;
  unsigned bits = 0;
  uint64_t of(uint64_t address) const {
    return address >> shift & ((uint64_t(1) << bits) - 1);
  }
};

enum class RefreshMode : uint8_t { None, AllBank, PerBank };

struct DramParameters {
  std::string name;
  std::string standard;
  double clockNs = 0;
  uint64_t capacityBytes = 0;
  uint32_t channels = 1;
  uint32_t groups = 1;
  uint32_t banksPerGroup = 1;
  uint32_t widthBit = 0; ///< of one channel
  uint32_t burstBytes = 0;
  uint32_t pageBytes = 0;
  AddressField channel, group, bank, row;
  bool bankXorRow = false; ///< banks are chosen by bank bits xor low row bits
  RefreshMode refresh = RefreshMode::AllBank;
  uint32_t banksPerRefresh = 1; ///< that one per-bank refresh covers
  int64_t refreshStagger = 0;   ///< each channel this much after the one before
  DramTiming timing;
  DramPower power;

  uint32_t banks() const { return groups * banksPerGroup; }
  /// Per-bank refreshes until each bank has had its turn.
  uint32_t refreshSets() const { return banks() / banksPerRefresh; }
  /// The bank, inside its group, of an address.
  uint32_t bankOf(uint64_t address) const {
    uint64_t field = bank.of(address);
    return uint32_t(bankXorRow ? field ^ (row.of(address) & (banksPerGroup - 1))
                               : field);
  }
  /// What the pins can carry, all channels, in 10^9 bytes a second.
  double peakGbPerSecond() const {
    return channels * burstBytes / (timing.columnOtherGroup * clockNs);
  }
};

/// Names of the built-in devices, in alphabetical order.
std::vector<std::string> deviceNames();

/// TOML text of a built-in device; throws Error for an unknown name.
std::string deviceText(const std::string &name);

/// A built-in device by name, or a file if \p nameOrPath holds '/' or ends in
/// ".toml". Throws Error that names file, key and cause.
DramParameters loadDevice(const std::string &nameOrPath);

/// The device of a target that has \p capacityMib of memory: \p nameOrPath, or
/// a built-in variant "NAME-..." if only that is large enough. The capacity is
/// then the target's. Throws Error if the memory does not fit.
DramParameters loadDevice(const std::string &nameOrPath, uint64_t capacityMib);

/// Reads TOML \p text; \p origin names it in errors. Unknown keys are errors.
DramParameters parseDevice(const std::string &text, const std::string &origin);

} // namespace dalbit::dram
