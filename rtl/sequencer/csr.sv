// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Control and status registers (isa/npu.td), state of the program, first error.
//
// Writing 1 to control starts (`start_o` for one cycle, in the next), unless a program runs.
// The program is done when the sequencer has halted and units, queues and fetch are empty;
// after an error it is stopped when units and fetch are empty, 4096 cycles later at most. Of
// errors in the same cycle the one of the lowest unit counts; the sequencer is the last. Reads
// are combinational, unknown addresses read 0. Entry, arguments and regions may not be written
// while a program runs.

module csr (
  input  logic        clk_i,
  input  logic        rst_ni,  // synchronous, active low

  input  logic        we_i,
  input  logic [11:0] addr_i,
  input  logic [31:0] wdata_i,
  output logic [31:0] rdata_o,

  output logic        start_o,
  output logic        running_o,   // no error yet, not done
  output logic        clocked_o,   // from start to done or stopped: what the counter cycles counts
  output logic        done_o,      // done or stopped
  output logic [31:0] entry_o,
  output logic [31:0] code_words_o,
  output logic [npu_pkg::Arguments*32-1:0] argument_o,
  output logic [npu_pkg::Regions*npu_pkg::AddressBits-1:0] region_o,

  input  logic        halted_i,    // the sequencer
  input  logic        queues_idle_i,  // nothing queued or in the units
  input  logic        units_idle_i,   // nothing in the units
  input  logic        fetch_idle_i,
  input  logic [npu_pkg::Units:0] error_i,
  input  logic [(npu_pkg::Units+1)*4-1:0] error_code_i,
  input  logic [(npu_pkg::Units+1)*32-1:0] error_pc_i
);

  localparam int AddressBits = npu_pkg::AddressBits;
  localparam logic [12:0] DrainCycles = 13'd4096;

  typedef enum logic [2:0] {Idle, Running, Draining, Done, Stopped} state_e;
  state_e state_d, state_q;

  logic [2:0] error_unit_q;
  logic [3:0] error_code_q;
  logic [31:0] error_pc_q;
  logic [12:0] drain_q;
  logic start, high_bits_clear;
  assign high_bits_clear = addr_i[11:8] == '0;
  assign start = we_i && high_bits_clear && addr_i[7:0] == npu_pkg::RegControl && wdata_i[0] &&
                 state_q != Running && state_q != Draining;

  always_comb begin
    state_d = state_q;
    unique case (state_q)
      Running: begin
        if (error_i != '0) state_d = Draining;
        else if (halted_i && queues_idle_i && fetch_idle_i) state_d = Done;
      end
      Draining: if ((units_idle_i && fetch_idle_i) || drain_q == DrainCycles) state_d = Stopped;
      default: if (start) state_d = Running;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= Idle;
      start_o <= 1'b0;
    end else begin
      state_q <= state_d;
      start_o <= start;
    end
  end

  assign running_o = state_q == Running;
  assign clocked_o = state_q == Running || state_q == Draining;
  assign done_o = state_q == Done || state_q == Stopped;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || start) drain_q <= '0;
    else if (state_q == Draining) drain_q <= drain_q + 13'd1;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || start) begin
      error_unit_q <= '0;
      error_code_q <= npu_pkg::ErrNone;
      error_pc_q <= '0;
    end else if (state_q == Running && error_i != '0) begin
      for (int u = npu_pkg::Units; u >= 0; u--) begin
        if (error_i[u]) begin
          error_unit_q <= 3'(u);
          error_code_q <= error_code_i[4*u +: 4];
          error_pc_q <= error_pc_i[32*u +: 32];
        end
      end
    end
  end

  // ---- registers that the host writes

  logic write, is_argument, is_region;
  logic [2:0] argument, region;
  assign write = we_i && high_bits_clear;
  assign is_argument = high_bits_clear && addr_i[7:5] == npu_pkg::RegArgument[7:5];
  assign argument = addr_i[4:2];
  assign is_region = high_bits_clear && addr_i[7:6] == npu_pkg::RegRegion[7:6];
  assign region = addr_i[5:3];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      entry_o <= '0;
      code_words_o <= '0;
      argument_o <= '0;
      region_o <= '0;
    end else if (write) begin
      if (addr_i[7:0] == npu_pkg::RegEntry) entry_o <= wdata_i;
      if (addr_i[7:0] == npu_pkg::RegCodeWords) code_words_o <= wdata_i;
      if (is_argument) argument_o[argument*32 +: 32] <= wdata_i;
      if (is_region && !addr_i[2]) region_o[region*AddressBits +: 32] <= wdata_i;
      if (is_region && addr_i[2]) region_o[region*AddressBits + 32 +: 8] <= wdata_i[7:0];
    end
  end

  always_comb begin
    rdata_o = '0;
    if (is_argument) begin
      rdata_o = argument_o[argument*32 +: 32];
    end else if (is_region) begin
      if (addr_i[2]) rdata_o = {24'h0, region_o[region*AddressBits + 32 +: 8]};
      else rdata_o = region_o[region*AddressBits +: 32];
    end else if (high_bits_clear) begin
      case (addr_i[7:0])
        npu_pkg::RegStatus:
          rdata_o = {29'h0, state_q == Stopped, state_q == Done, clocked_o};
        npu_pkg::RegEntry: rdata_o = entry_o;
        npu_pkg::RegErrorCode: rdata_o = {28'h0, error_code_q};
        npu_pkg::RegErrorPc: rdata_o = error_pc_q;
        npu_pkg::RegErrorUnit: rdata_o = {29'h0, error_unit_q};
        npu_pkg::RegCodeWords: rdata_o = code_words_o;
        default: rdata_o = '0;
      endcase
    end
  end

endmodule
