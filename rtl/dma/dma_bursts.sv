// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Address generation of both DMAs: turns one instruction into AXI bursts.
//
// Rows are taken plane by plane; each is cut at multiples of npu_pkg::BurstBytes of the DRAM
// address. DRAM offsets are modulo 2^32, scratchpad addresses modulo 2^24, DRAM addresses
// modulo 2^40. A start in cycle t shows the first burst in t+1 (a gather: when its index has
// arrived); while `next_i` is high a new burst comes every cycle. Configurations that are not
// allowed show no burst, only `empty_o` with `error_o`, as do those without effect (a zero in
// bytes, rows or planes, not checked any further).
//
// Gather (only with Gather = 1): the row's index is asked by `index_req_o`; the index of row
// r+1 is asked when the last burst of row r has been taken.

module dma_bursts #(
  parameter bit Gather = 1'b1,
  parameter int PortBytes = 64,
  parameter int AxiBytes = 32
) (
  input  logic                          clk_i,
  input  logic                          rst_ni,  // synchronous, active low

  input  logic                          start_i,
  input  logic [npu_pkg::DmaCfgBits-1:0] cfg_i,
  input  logic [npu_pkg::Regions*npu_pkg::AddressBits-1:0] region_i,  // bases, 0 lowest

  output logic                          active_o,  // from start until the last burst is taken
  output logic                          valid_o,   // a burst is shown
  output logic                          empty_o,   // no burst at all: taken by next_i alone
  output logic [3:0]                    error_o,   // with empty_o: why it is not allowed, or none
  output logic [npu_pkg::AddressBits-1:0] dram_o,  // first byte
  output logic [23:0]                   spm_o,     // first byte
  output logic [10:0]                   bytes_o,
  output logic                          last_o,    // the instruction's last burst
  input  logic                          next_i,    // takes the burst or the empty instruction

  output logic                          index_req_o,
  output logic [23:0]                   index_addr_o,
  input  logic                          index_gnt_i,
  input  logic                          index_rvalid_i,
  input  logic [8*PortBytes-1:0]        index_rdata_i
);

  localparam int AddressBits = npu_pkg::AddressBits;
  localparam int AxiLsb = $clog2(AxiBytes);

  // ---- what the instruction says

  logic [2:0] cfg_region;
  logic [31:0] cfg_offset, cfg_row_stride, cfg_plane_stride;
  logic [23:0] cfg_spm, cfg_bytes, cfg_spm_row_stride, cfg_spm_plane_stride, cfg_index;
  logic [15:0] cfg_rows, cfg_planes;
  logic cfg_gather;
  assign cfg_region = cfg_i[npu_pkg::DmaRegionLsb +: npu_pkg::DmaRegionWidth];
  assign cfg_offset = cfg_i[npu_pkg::DmaDramOffsetLsb +: npu_pkg::DmaDramOffsetWidth];
  assign cfg_spm = cfg_i[npu_pkg::DmaSpmAddrLsb +: npu_pkg::DmaSpmAddrWidth];
  assign cfg_bytes = cfg_i[npu_pkg::DmaBytesLsb +: npu_pkg::DmaBytesWidth];
  assign cfg_rows = cfg_i[npu_pkg::DmaRowsLsb +: npu_pkg::DmaRowsWidth];
  assign cfg_planes = cfg_i[npu_pkg::DmaPlanesLsb +: npu_pkg::DmaPlanesWidth];
  assign cfg_row_stride =
      cfg_i[npu_pkg::DmaDramRowStrideLsb +: npu_pkg::DmaDramRowStrideWidth];
  assign cfg_plane_stride =
      cfg_i[npu_pkg::DmaDramPlaneStrideLsb +: npu_pkg::DmaDramPlaneStrideWidth];
  assign cfg_spm_row_stride =
      cfg_i[npu_pkg::DmaSpmRowStrideLsb +: npu_pkg::DmaSpmRowStrideWidth];
  assign cfg_spm_plane_stride =
      cfg_i[npu_pkg::DmaSpmPlaneStrideLsb +: npu_pkg::DmaSpmPlaneStrideWidth];
  assign cfg_gather = cfg_i[npu_pkg::DmaGatherLsb +: npu_pkg::DmaGatherWidth];
  assign cfg_index = cfg_i[npu_pkg::DmaIndexAddrLsb +: npu_pkg::DmaIndexAddrWidth];

  logic [AddressBits-1:0] base;
  assign base = region_i[cfg_region*AddressBits +: AddressBits];

  // DRAM and scratchpad must agree modulo the bus, in every row: the sums that differ from row to
  // row are checked once, by their strides. A gather's indices are unknown: both strides are whole
  // beats.
  logic empty, misfit;
  logic [3:0] error;
  assign empty = cfg_bytes == '0 || cfg_rows == '0 || cfg_planes == '0;
  always_comb begin
    misfit = AxiLsb'(base) + AxiLsb'(cfg_offset) != AxiLsb'(cfg_spm) || cfg_bytes[1:0] != '0;
    if (cfg_rows != 16'd1 && AxiLsb'(cfg_row_stride) != AxiLsb'(cfg_spm_row_stride)) misfit = 1'b1;
    if (cfg_planes != 16'd1 && AxiLsb'(cfg_plane_stride) != AxiLsb'(cfg_spm_plane_stride)) begin
      misfit = 1'b1;
    end
    if (cfg_gather && (!Gather || cfg_planes != 16'd1 || AxiLsb'(cfg_row_stride) != '0)) begin
      misfit = 1'b1;
    end
    error = npu_pkg::ErrNone;
    if (misfit) error = npu_pkg::ErrIllegalConfig;
    else if (cfg_gather && cfg_index[1:0] != '0) error = npu_pkg::ErrAddress;
    if (empty) error = npu_pkg::ErrNone;
  end

  // ---- where it is

  logic active_q, empty_q, gather_q;
  logic [3:0] error_q;
  logic [AddressBits-1:0] base_q;
  logic [31:0] row_stride_q, plane_stride_q;
  logic [23:0] spm_row_stride_q, spm_plane_stride_q, bytes_q;
  logic [15:0] rows_q, rows_left_q, planes_left_q;  // left: this one included
  logic [31:0] plane_offset_q, row_offset_q, offset_q;  // of plane, row, burst
  logic [23:0] plane_spm_q, row_spm_q, spm_q, left_q;
  logic have_q;  // the row's address is known (always without gather)

  logic [AddressBits-1:0] dram;
  logic [10:0] room, bytes;
  logic row_end, plane_end;
  assign dram = base_q + {8'h0, offset_q};
  assign room = 11'(npu_pkg::BurstBytes) - {1'b0, dram[9:0]};
  assign row_end = left_q <= {13'h0, room};
  assign bytes = row_end ? left_q[10:0] : room;
  assign plane_end = rows_left_q == 16'd1;

  assign active_o = active_q;
  assign valid_o = active_q && !empty_q && have_q;
  assign empty_o = active_q && empty_q;
  assign error_o = error_q;
  assign dram_o = dram;
  assign spm_o = spm_q;
  assign bytes_o = bytes;
  assign last_o = row_end && plane_end && planes_left_q == 16'd1;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      active_q <= 1'b0;
    end else if (start_i) begin
      active_q <= 1'b1;
    end else if (next_i && (empty_q || last_o)) begin
      active_q <= 1'b0;
    end
  end

  logic index_here;  // the index's product is ready
  logic [31:0] index_offset_q;

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      empty_q <= empty || error != npu_pkg::ErrNone;
      error_q <= error;
      gather_q <= cfg_gather;
      have_q <= !cfg_gather;
      base_q <= base;
      row_stride_q <= cfg_row_stride;
      plane_stride_q <= cfg_plane_stride;
      spm_row_stride_q <= cfg_spm_row_stride;
      spm_plane_stride_q <= cfg_spm_plane_stride;
      bytes_q <= cfg_bytes;
      rows_q <= cfg_rows;
      rows_left_q <= cfg_rows;
      planes_left_q <= cfg_planes;
      plane_offset_q <= cfg_offset;
      row_offset_q <= cfg_offset;
      offset_q <= cfg_offset;
      plane_spm_q <= cfg_spm;
      row_spm_q <= cfg_spm;
      spm_q <= cfg_spm;
      left_q <= cfg_bytes;
    end else if (index_here) begin
      have_q <= 1'b1;
      offset_q <= plane_offset_q + index_offset_q;
    end else if (next_i && !empty_q) begin
      if (!row_end) begin
        offset_q <= offset_q + {21'h0, bytes};
        spm_q <= spm_q + {13'h0, bytes};
        left_q <= left_q - {13'h0, bytes};
      end else begin
        left_q <= bytes_q;
        have_q <= !gather_q;
        if (!plane_end) begin
          rows_left_q <= rows_left_q - 16'd1;
          row_offset_q <= row_offset_q + row_stride_q;
          offset_q <= row_offset_q + row_stride_q;
          row_spm_q <= row_spm_q + spm_row_stride_q;
          spm_q <= row_spm_q + spm_row_stride_q;
        end else begin
          rows_left_q <= rows_q;
          planes_left_q <= planes_left_q - 16'd1;
          plane_offset_q <= plane_offset_q + plane_stride_q;
          row_offset_q <= plane_offset_q + plane_stride_q;
          offset_q <= plane_offset_q + plane_stride_q;
          plane_spm_q <= plane_spm_q + spm_plane_stride_q;
          row_spm_q <= plane_spm_q + spm_plane_stride_q;
          spm_q <= plane_spm_q + spm_plane_stride_q;
        end
      end
    end
  end

  // ---- index list: request, word, product, one step a cycle

  if (Gather) begin : gen_gather
    localparam int WordLsb = $clog2(PortBytes);
    logic req_q, got_q;
    logic [1:0] step_q;  // [0] granted, [1] index held
    logic [23:0] addr_q;
    logic [31:0] index_q;
    assign index_req_o = req_q;
    assign index_addr_o = addr_q;
    assign index_here = got_q;

    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        req_q <= 1'b0;
        step_q <= '0;
        got_q <= 1'b0;
      end else begin
        if (start_i) req_q <= cfg_gather && !empty && error == npu_pkg::ErrNone;
        else if (next_i && gather_q && !empty_q && row_end && !last_o) req_q <= 1'b1;
        else if (index_gnt_i) req_q <= 1'b0;
        step_q <= {index_rvalid_i, index_gnt_i};
        got_q <= step_q[1];
      end
    end

    always_ff @(posedge clk_i) begin
      if (start_i) addr_q <= cfg_index;
      else if (step_q[0]) addr_q <= addr_q + 24'd4;
    end

    always_ff @(posedge clk_i) begin
      if (index_rvalid_i) index_q <= index_rdata_i[addr_q[WordLsb-1:2]*32 +: 32];
      if (step_q[1]) index_offset_q <= index_q * row_stride_q;
    end
  end else begin : gen_no_gather
    assign index_req_o = 1'b0;
    assign index_addr_o = '0;
    assign index_here = 1'b0;
    assign index_offset_q = '0;
    logic unused;
    assign unused = index_gnt_i ^ index_rvalid_i ^ ^index_rdata_i ^ ^cfg_index;
  end

endmodule
