// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The DRAM as timestamps. Both timed engines own one and must agree.
//
// It has no clock. Per bank it keeps the clock from which the next command is
// legal, per channel the booked command slots and the recent activates, and it
// answers each request at once. What is booked never moves: a later request
// only takes holes that are legal on both sides, so an activate may go before
// an earlier request's column command, while column commands of a channel
// leave in request order. Rows stay open until another row of the bank or a
// refresh closes them. Refresh is a fixed calendar: every tREFI all banks of a
// channel wait for their last column, are precharged together and refreshed. A
// row may be opened up to the moment a refresh is due; a request whose column
// command would come later is served after the refresh. Or every tREFIpb one
// bank (LPDDR5: a pair) is refreshed after its last column booked so far, while
// the others go on.
//
// All times are DRAM clocks; simulator/dram/ClockRatio.h converts. Not
// modelled: power-down, ECC, temperature, several ranks.

#pragma once

#include "simulator/dram/CommandBus.h"
#include "simulator/dram/DramParameters.h"
#include "simulator/dram/SpacedCommands.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace dalbit::dram {

/// Everything that costs energy, summed over the channels. Bursts are counted
/// when booked, so the difference over one access() belongs to its request.
struct DramCounters {
  uint64_t activates = 0;
  uint64_t reads = 0;  ///< read bursts
  uint64_t writes = 0; ///< write bursts
  uint64_t precharges = 0;
  uint64_t prechargeAlls = 0;
  uint64_t refreshes = 0;
  uint64_t bankRefreshes = 0;
  uint64_t rowHits = 0;  ///< bursts that found their row open
  uint64_t casSyncs = 0; ///< LPDDR5 CAS commands that start the data clock
  uint64_t readBytes = 0;
  uint64_t writtenBytes = 0;
  uint64_t openClocks = 0;   ///< a bank open or refreshing, up to advance()
  uint64_t closedClocks = 0; ///< all banks closed, up to advance()
};

enum class Command : uint8_t {
  Activate,
  Precharge,
  PrechargeAll,
  Read,
  Write,
  CasSync,
  Refresh,
  RefreshBank ///< of the bank and those refreshed with it
};

/// A booked command, for checks and for drawing; the order of booking is not
/// the order in time.
struct BookedCommand {
  Command command;
  uint32_t channel;
  uint32_t group; ///< 0 for commands to all banks
  uint32_t bank;  ///< inside the group
  int64_t row;    ///< of an activate
  int64_t at;     ///< first clock on the command bus
};

class Dram {
public:
  explicit Dram(const DramParameters &parameters);
  // Channels point to their buses.
  Dram(const Dram &) = delete;
  Dram &operator=(const Dram &) = delete;

  /// Bytes of one request; its address is a multiple of it.
  static constexpr uint64_t RequestBytes = 64;

  /// Books the request of 64 bytes at \p address that is accepted at clock
  /// \p now. Returns the clock after its last data beat. \p now never
  /// decreases from call to call and \p address lies below capacity().
  int64_t access(int64_t now, uint64_t address, bool write);

  /// Books \p count requests from \p address on, all accepted at \p now, and
  /// writes the answer of each to \p ends (null: not wanted). Returns the
  /// largest. Answers, counters and what is booked are those of access() called
  /// for each; runs of row hits are booked in closed form, which is several
  /// times faster. The last byte lies below capacity() too.
  int64_t accessRun(int64_t now, uint64_t address, uint32_t count, bool write,
                    int64_t *ends);

  /// How runs of equal length, each beginning where the one before ends, follow
  /// each other while they hit the rows that are open: as fast as the data bus
  /// carries them.
  struct Pace {
    uint32_t runs = 0;  ///< so many that are not booked yet
    int64_t bursts = 0; ///< of each channel in a run
    int64_t clocks = 0; ///< from run to run: all answers come this much later
    int64_t latest = 0; ///< run i is accepted at latest + i * clocks or before,
    int64_t before = 0; ///< and all of them before this clock
  };
  /// Clocks of a run of \p count requests, if such runs can follow each other
  /// so: equal parts for all channels, in which each group has its turn.
  std::optional<int64_t> evenClocks(uint32_t count) const;
  /// Of at most \p most runs of \p count requests (evenClocks()) from \p
  /// address on, which go on after the latest run of accessRun(); none if the
  /// last \p count requests of that did not hit open rows throughout.
  Pace pace(uint64_t address, uint32_t count, bool write, uint32_t most) const;
  /// Books \p runs of those, the last of them accepted at \p now, as
  /// accessRun() would one after the other.
  void goOnAtPace(int64_t now, const Pace &pace, uint32_t runs);

  /// Books the refreshes due up to \p now and brings the open and closed
  /// clocks of counters() to it (never back).
  void advance(int64_t now);

  const DramCounters &counters() const { return count; }

  /// From now on appends each command to \p commands, or stops if null.
  void record(std::vector<BookedCommand> *commands) { log = commands; }

  const DramParameters &parameters() const { return device; }
  uint64_t capacity() const { return device.capacityBytes; }

private:
  static constexpr int64_t Forever = int64_t(1) << 60;
  static constexpr int64_t Never = -Forever;
  static constexpr int64_t Closed = -1;

  struct Bank {
    int64_t row = Closed;
    int64_t nextActivate = 0;
    int64_t nextPrecharge = 0;
    int64_t nextColumn = 0;
  };
  struct ColumnLimit {
    int64_t read = 0;
    int64_t write = 0;
  };
  /// Row hits booked in closed form whose marks on groups and banks are still
  /// to be made, by settle(): a stream goes on without them.
  struct Stream {
    bool write = false;
    uint32_t turns = 0; ///< groups whose marks are to be made
    uint32_t group = 0; ///< whose turn it is next
    uint32_t bank = 0;
    uint64_t next = 0;     ///< the local address that goes on
    int64_t left = 0;      ///< bursts of open rows from there; 0: no stream
    int64_t last = 0;      ///< the last column command
    int64_t dataClock = 0; ///< clocks after it in which the data clock runs
  };
  struct Channel {
    std::vector<Bank> banks; ///< index: group * banks per group + bank
    std::vector<ColumnLimit> groups;
    ColumnLimit any;
    CommandBus *rows = nullptr;    ///< bus of activates and the like
    CommandBus *columns = nullptr; ///< bus of reads and writes, often the same
    Stream stream;
    SpacedCommands activates;
    SpacedCommands precharges;
    int64_t dataClockUntil = Never; ///< LPDDR5: WCK runs up to this clock
    int64_t nextRefresh = 0;        ///< when the next is due
    int64_t columnsBefore = 0;      ///< columns from here on wait for it
    uint64_t waiting = 0; ///< sets of banks still to be refreshed, a bit each
    SpacedCommands bankRefreshes;
    int64_t refreshUntil = 0;  ///< end of the last refresh of banks
    int64_t closedSince = 0;   ///< meaningful while openBanks is 0
    int64_t firstActivate = 0; ///< first since all banks were closed
    int64_t closedClocks = 0;
    uint32_t openBanks = 0;
  };
  struct Opening {
    int64_t precharge = Never; ///< Never: the bank was closed
    int64_t activate = 0;
    int64_t second = 0; ///< ACT-2, where there is one
  };

  /// How consecutive bursts of a channel follow each other while they hit open
  /// rows; `cycle` is 0 if this is not known in closed form.
  struct HitRun {
    uint32_t cycle = 0;     ///< bank groups that take turns
    int64_t step = 0;       ///< clocks from burst to burst
    int64_t perMask = 0;    ///< column commands that `mask` holds
    uint64_t mask = 0;      ///< their slots on the command bus
    unsigned burstBits = 0; ///< bytes of a burst, log2
    unsigned spanBits = 0;  ///< bytes of a channel that share their rows, log2
    unsigned blockBits = 0; ///< bytes before the channel changes, log2
    unsigned perRequestBits = 0;
    int64_t perRequest = 1; ///< bursts of a request
    uint64_t every = 0; ///< bits `step` apart, if they go on from word to word
  };
  /// Part of a run that one channel serves.
  struct Part {
    int64_t now;
    bool write;
    uint64_t address; ///< of the part's next request
    uint64_t local;   ///< the same without the bits that choose the channel
    int64_t bursts;   ///< still to book
    int64_t *end;     ///< where the next request's answer goes, or null
  };

  /// Of the first turn of groups of a part.
  enum class Rows {
    Unknown,
    Opened, ///< all opened in time for their columns
    Late    ///< the first was not open, or not all are opened in time
  };

  // The steps of a request are so short that each is inlined.
  HitRun hitRun() const;
  int64_t runOf(Channel &channel, Part part);
  [[gnu::always_inline]] inline int64_t goOn(Channel &channel,
                                             const Part &part);
  [[gnu::always_inline]] inline void extend(Channel &channel, int64_t bursts,
                                            int64_t last);
  uint32_t openInWindow(Channel &channel, Bank *banks, uint32_t group,
                        int64_t row, int64_t now, int64_t first);
  [[gnu::always_inline]] inline Rows openAhead(Channel &channel,
                                               const Part &part);
  [[gnu::always_inline]] inline void countHits(int64_t bursts, bool write);
  [[gnu::always_inline]] inline int64_t
  bookHits(Channel &channel, const Part &part, bool isOpened, int64_t &bursts);
  [[gnu::always_inline]] inline bool fits(const Channel &channel,
                                          const Part &part, int64_t first,
                                          int64_t bursts) const;
  [[gnu::always_inline]] inline void answer(Part &part, int64_t bursts,
                                            int64_t end, int64_t each) const;
  void settle(Channel &channel) {
    channel.stream.left = 0;
    if (channel.stream.turns != 0)
      settleTurns(channel);
  }
  void settleTurns(Channel &channel);
  /// The group whose turn comes \p turns after that of \p group.
  uint32_t nextGroup(uint32_t group, uint32_t turns) const {
    uint32_t others = run.cycle - 1;
    return (group & ~others) | ((group + turns) & others);
  }
  int64_t burst(int64_t now, uint64_t address, bool write);
  [[gnu::always_inline]] inline int64_t
  findColumn(const Channel &channel, int64_t earliest, bool &sync) const;
  [[gnu::always_inline]] inline int64_t
  findPrecharge(const Channel &channel, int64_t earliest, uint32_t group) const;
  /// \p bank's precharge or activate is booked at \p at.
  [[gnu::always_inline]] inline void setClosed(Channel &channel, Bank &bank,
                                               int64_t at);
  [[gnu::always_inline]] inline void setOpen(Channel &channel, Bank &bank,
                                             int64_t row, int64_t at);
  [[gnu::always_inline]] inline void close(Channel &channel, Bank &bank,
                                           uint32_t group, int64_t at);
  [[gnu::always_inline]] inline Opening
  findOpening(Channel &channel, const Bank &bank, uint32_t group, int64_t now);
  [[gnu::always_inline]] inline void open(Channel &channel, Bank &bank,
                                          uint32_t group, int64_t row,
                                          const Opening &opening);
  void startRefresh();
  void refresh(Channel &channel);
  void refreshAll(Channel &channel);
  void refreshBanks(Channel &channel);
  size_t nextSet(const Channel &channel, int64_t due) const;
  void note(Command command, const Channel &channel, const Bank *bank,
            int64_t at);

  DramParameters device;
  DramTiming timing;
  HitRun run;
  std::vector<Channel> channels;
  std::vector<CommandBus> rowBuses;    ///< all commands, if it is the only one
  std::vector<CommandBus> columnBuses; ///< read and write, if separate
  DramCounters count;
  int64_t accepted = 0; ///< clock of the latest request
  int64_t steady = 0; ///< last bursts of the latest run, in each channel, that
                      ///< followed each other at the run's step
  std::vector<BookedCommand> *log = nullptr;
};

} // namespace dalbit::dram
