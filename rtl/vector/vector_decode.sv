// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an instruction uses, and whether it is allowed. Everything is registered: in the start's
// cycle the uses, sizes and the products of row counts and strides are taken from cfg_i; one cycle
// later error_code_o and empty_o are right. A row that is never reached cannot be wrong: strides
// count only if there is a second row. An instruction without rows or columns is empty and never an
// error.

module vector_decode #(
  parameter int N           = 32,
  parameter int Lanes       = 16,
  parameter int PortBytes   = 64,
  parameter int AccEntries  = 512,
  parameter int RowScalars  = 1024,
  localparam int PortSize = $clog2(PortBytes) + 1,    // bits of a beat's bytes
  localparam int AccSize  = $clog2(N * 4) + 1
) (
  input  logic                              clk_i,
  input  logic                              start_i,
  input  logic [npu_pkg::VectorCfgBits-1:0] cfg_i,    // valid with start_i
  input  logic [npu_pkg::VectorCfgBits-1:0] cfg_q_i,  // the same, kept, from the next cycle on

  output logic        stream_o,                       // what the instruction is
  output logic        scalar_o,
  output logic        table_o,
  output logic        store_o,
  output logic        fetch_o,
  output logic        use_a_o,
  output logic        use_b_o,
  output logic        use_c_o,
  output logic        use_acc_o,
  output logic        use_out_o,
  output logic        reduce_o,
  output logic        use_scale1_o,                   // row scalars
  output logic        use_scale2_o,
  output logic        use_add_o,
  output logic        use_square_o,

  output logic [11:0] rows0_o,
  output logic [11:0] rows1_o,
  output logic [19:0] cols_o,
  output logic [6:0]  beat_cols_o,                    // columns of a beat
  output logic [PortSize-1:0] a_beat_bytes_o,
  output logic [PortSize-1:0] b_beat_bytes_o,
  output logic [PortSize-1:0] c_beat_bytes_o,
  output logic [AccSize-1:0]  acc_beat_bytes_o,
  output logic [PortSize-1:0] out_beat_bytes_o,

  output logic        empty_o,
  output logic [3:0]  error_code_o
);

  // A beat lies in one word of a port: with int32 streams it may have fewer columns than lanes.
  localparam int NarrowLanes = (Lanes * 4 > PortBytes) ? PortBytes / 4 : Lanes;
  // The table comes in pieces that 64-byte alignment allows.
  localparam int TableLanes  = (Lanes > 16) ? 16 : Lanes;
  localparam int LaneBits    = $clog2(Lanes);
  localparam int AccBits     = $clog2(N);

  localparam logic [1:0] I32  = npu_pkg::VectorATypeI32;
  localparam logic [1:0] None = npu_pkg::VectorATypeNone;

  logic unused_cfg;
  assign unused_cfg = ^{cfg_i, cfg_q_i};

  // Products for the second cycle: entries and rows beyond the first.
  logic [23:0] rows_q, acc0_q, acc1_q;
  logic [31:0] acc_tiles_q;
  logic [11:0] a_low_q, b_low_q, c_low_q, out_low_q;  // address bits that must be 0

  // All low bits of the addresses that a stream's rows begin at.
  function automatic logic [11:0] low(
      input logic [11:0] base, input logic [11:0] stride0, input logic [11:0] stride1,
      input logic two0, input logic two1);
    low = base | (two0 ? stride0 : 12'd0) | (two1 ? stride1 : 12'd0);
  endfunction

  // The variables of this block belong to the start's cycle; it costs nothing in all others.
  always_ff @(posedge clk_i) begin : decode
    logic [2:0]  op, reduce, scalar_op;
    logic [11:0] rows0, rows1;
    logic [19:0] cols;
    logic [1:0]  a_type, b_type, c_type, out_type, scale1, scale2, add, add_c;
    logic        multiply, from_acc, is_stream, is_table, one_column;
    logic        uses_y, uses_a, uses_b, uses_c, uses_out, narrow;
    logic [6:0]  beat_cols;
    if (start_i) begin
      op       = cfg_i[npu_pkg::VectorOpLsb +: npu_pkg::VectorOpWidth];
      rows0    = cfg_i[npu_pkg::VectorRows0Lsb +: npu_pkg::VectorRows0Width];
      rows1    = cfg_i[npu_pkg::VectorRows1Lsb +: npu_pkg::VectorRows1Width];
      cols     = cfg_i[npu_pkg::VectorColsLsb +: npu_pkg::VectorColsWidth];
      a_type   = cfg_i[npu_pkg::VectorATypeLsb +: npu_pkg::VectorATypeWidth];
      b_type   = cfg_i[npu_pkg::VectorBTypeLsb +: npu_pkg::VectorBTypeWidth];
      c_type   = cfg_i[npu_pkg::VectorCTypeLsb +: npu_pkg::VectorCTypeWidth];
      out_type = cfg_i[npu_pkg::VectorOutTypeLsb +: npu_pkg::VectorOutTypeWidth];
      scale1   = cfg_i[npu_pkg::VectorScale1Lsb +: npu_pkg::VectorScale1Width];
      scale2   = cfg_i[npu_pkg::VectorScale2Lsb +: npu_pkg::VectorScale2Width];
      add      = cfg_i[npu_pkg::VectorAddLsb +: npu_pkg::VectorAddWidth];
      add_c    = cfg_i[npu_pkg::VectorAddCLsb +: npu_pkg::VectorAddCWidth];
      multiply = cfg_i[npu_pkg::VectorMultiplyLsb];
      from_acc = cfg_i[npu_pkg::VectorSourceLsb];
      reduce   = cfg_i[npu_pkg::VectorReduceLsb +: npu_pkg::VectorReduceWidth];
      scalar_op = cfg_i[npu_pkg::VectorScalarOpLsb +: npu_pkg::VectorScalarOpWidth];

      is_stream  = op == npu_pkg::VectorOpStream;
      is_table   = op == npu_pkg::VectorOpTable;
      one_column = !is_stream && !is_table;
      uses_y     = op == npu_pkg::VectorOpScalar
                && (scalar_op == npu_pkg::VectorScalarOpMul
                 || scalar_op == npu_pkg::VectorScalarOpMax
                 || scalar_op == npu_pkg::VectorScalarOpAdd);
      uses_a     = is_stream ? !from_acc || add_c == npu_pkg::VectorAddCA
                             : is_table || op == npu_pkg::VectorOpFetch;
      uses_b     = is_stream && (scale1 == npu_pkg::VectorScale1B
                              || scale2 == npu_pkg::VectorScale2B || multiply);
      uses_c     = is_stream && (add == npu_pkg::VectorAddC || add_c == npu_pkg::VectorAddCC);
      uses_out   = is_stream ? out_type != None : op == npu_pkg::VectorOpStore;
      narrow     = (uses_a && a_type == I32) || (uses_b && b_type == I32)
                || (uses_c && c_type == I32) || (uses_out && out_type == I32);
      beat_cols  = is_table ? 7'(TableLanes) : narrow ? 7'(NarrowLanes) : 7'(Lanes);

      stream_o     <= is_stream;
      scalar_o     <= op == npu_pkg::VectorOpScalar;
      table_o      <= is_table;
      store_o      <= op == npu_pkg::VectorOpStore;
      fetch_o      <= op == npu_pkg::VectorOpFetch;
      use_a_o      <= uses_a;
      use_b_o      <= uses_b;
      use_c_o      <= uses_c;
      use_acc_o    <= is_stream && from_acc;
      use_out_o    <= uses_out;
      reduce_o     <= is_stream && reduce != npu_pkg::VectorReduceNone;
      use_scale1_o <= is_stream ? scale1 == npu_pkg::VectorScale1Row
                                : op == npu_pkg::VectorOpScalar || op == npu_pkg::VectorOpStore;
      use_scale2_o <= is_stream ? scale2 == npu_pkg::VectorScale2Row : uses_y;
      use_add_o    <= is_stream && add == npu_pkg::VectorAddRow;
      use_square_o <= is_stream && reduce == npu_pkg::VectorReduceSumsq;

      rows0_o          <= is_table ? 12'd1 : rows0;
      rows1_o          <= is_table ? 12'd1 : rows1;
      cols_o           <= is_table ? 20'(npu_pkg::TableSegments) : one_column ? 20'd1 : cols;
      beat_cols_o      <= beat_cols;
      a_beat_bytes_o   <= PortSize'(beat_cols) << (is_table ? I32 : a_type);
      b_beat_bytes_o   <= PortSize'(beat_cols) << b_type;
      c_beat_bytes_o   <= PortSize'(beat_cols) << c_type;
      acc_beat_bytes_o <= AccSize'(beat_cols) << I32;
      out_beat_bytes_o <= PortSize'(beat_cols) << out_type;
      empty_o          <= !is_table && (rows0 == 12'd0 || rows1 == 12'd0
                                     || (is_stream && cols == 20'd0));

      rows_q      <= {12'd0, rows0} * {12'd0, rows1} - 24'd1;
      acc0_q      <= {12'd0, rows0 - 12'd1}
                   * {12'd0, cfg_i[npu_pkg::VectorAccStride0Lsb +: npu_pkg::VectorAccStride0Width]};
      acc1_q      <= {12'd0, rows1 - 12'd1}
                   * {12'd0, cfg_i[npu_pkg::VectorAccStride1Lsb +: npu_pkg::VectorAccStride1Width]};
      acc_tiles_q <= {12'd0, (cols - 20'd1) >> AccBits}
                   * {20'd0, cfg_i[npu_pkg::VectorAccTileStrideLsb
                                   +: npu_pkg::VectorAccTileStrideWidth]};
      a_low_q     <= low(cfg_i[npu_pkg::VectorAAddrLsb +: 12],
                         cfg_i[npu_pkg::VectorAStride0Lsb +: 12],
                         cfg_i[npu_pkg::VectorAStride1Lsb +: 12],
                         !is_table && rows0 > 12'd1, !is_table && rows1 > 12'd1);
      b_low_q     <= low(cfg_i[npu_pkg::VectorBAddrLsb +: 12],
                         cfg_i[npu_pkg::VectorBStride0Lsb +: 12],
                         cfg_i[npu_pkg::VectorBStride1Lsb +: 12],
                         rows0 > 12'd1, rows1 > 12'd1);
      c_low_q     <= low(cfg_i[npu_pkg::VectorCAddrLsb +: 12],
                         cfg_i[npu_pkg::VectorCStride0Lsb +: 12],
                         cfg_i[npu_pkg::VectorCStride1Lsb +: 12],
                         rows0 > 12'd1, rows1 > 12'd1);
      out_low_q   <= low(cfg_i[npu_pkg::VectorOutAddrLsb +: 12],
                         cfg_i[npu_pkg::VectorOutStride0Lsb +: 12],
                         cfg_i[npu_pkg::VectorOutStride1Lsb +: 12],
                         rows0 > 12'd1, rows1 > 12'd1);
    end
  end

  // ---- second cycle --------------------------------------------------------------------------

  logic [1:0] a_type_q, b_type_q, c_type_q, out_type_q;
  assign a_type_q   = cfg_q_i[npu_pkg::VectorATypeLsb +: npu_pkg::VectorATypeWidth];
  assign b_type_q   = cfg_q_i[npu_pkg::VectorBTypeLsb +: npu_pkg::VectorBTypeWidth];
  assign c_type_q   = cfg_q_i[npu_pkg::VectorCTypeLsb +: npu_pkg::VectorCTypeWidth];
  assign out_type_q = cfg_q_i[npu_pkg::VectorOutTypeLsb +: npu_pkg::VectorOutTypeWidth];

  logic check_q;                                      // the second cycle
  always_ff @(posedge clk_i) check_q <= start_i;

  // Bits of a beat's address that must be 0: Lanes elements, or the unit of the operation.
  function automatic logic [11:0] aligned(input logic [1:0] kind);
    aligned = stream_o ? ((12'd1 << LaneBits) << kind) - 12'd1 : table_o ? 12'd63 : 12'd3;
  endfunction

  function automatic logic row_fits(input logic use_it, input logic [11:0] base,
                                    input logic [1:0] by);
    logic [24:0] last;
    unique case (by)
      npu_pkg::VectorScale1ByRow:   last = {13'd0, base} + {1'b0, rows_q};
      npu_pkg::VectorScale1ByOuter: last = {13'd0, base} + {13'd0, rows1_o - 12'd1};
      npu_pkg::VectorScale1ByInner: last = {13'd0, base} + {13'd0, rows0_o - 12'd1};
      default:                      last = {13'd0, base};
    endcase
    row_fits = !use_it || last < 25'(RowScalars);
  endfunction

  function automatic logic illegal();
    logic needs_pairs;
    needs_pairs = cfg_q_i[npu_pkg::VectorScale1Lsb +: 2] == npu_pkg::VectorScale1B
               || cfg_q_i[npu_pkg::VectorScale2Lsb +: 2] == npu_pkg::VectorScale2B;
    if (stream_o) begin
      illegal = (use_a_o && a_type_q == None)
        || (use_b_o && (b_type_q == None || (needs_pairs && b_type_q != I32)))
        || (use_c_o && c_type_q == None)
        || cfg_q_i[npu_pkg::VectorReduceLsb +: 3] > npu_pkg::VectorReduceArgmax
        || cfg_q_i[npu_pkg::VectorTableLsb +: 2] > npu_pkg::VectorTableGate
        || cfg_q_i[npu_pkg::VectorAddCLsb +: 2] > npu_pkg::VectorAddCA
        || (cfg_q_i[npu_pkg::VectorAddCLsb +: 2] == npu_pkg::VectorAddCA
            && !use_acc_o);
    end else begin
      illegal = (scalar_o && cfg_q_i[npu_pkg::VectorScalarOpLsb +: npu_pkg::VectorScalarOpWidth]
                             == npu_pkg::VectorScalarOpRaw)
             || !(scalar_o || table_o || store_o || fetch_o);
    end
  endfunction

  function automatic logic misplaced();
    logic [33:0] last_entry;
    last_entry = {22'd0, cfg_q_i[npu_pkg::VectorAccAddrLsb +: npu_pkg::VectorAccAddrWidth]}
               + {10'd0, acc0_q} + {10'd0, acc1_q} + {2'd0, acc_tiles_q};
    misplaced = (use_a_o && (a_low_q & aligned(a_type_q)) != 12'd0)
      || (use_b_o && (b_low_q & aligned(b_type_q)) != 12'd0)
      || (use_c_o && (c_low_q & aligned(c_type_q)) != 12'd0)
      || (use_out_o && (out_low_q & aligned(out_type_q)) != 12'd0)
      || (use_acc_o && last_entry >= 34'(AccEntries))
      || !row_fits(use_scale1_o, cfg_q_i[npu_pkg::VectorScale1RowLsb +: 12],
                   cfg_q_i[npu_pkg::VectorScale1ByLsb +: 2])
      || !row_fits(use_scale2_o, cfg_q_i[npu_pkg::VectorScale2RowLsb +: 12],
                   cfg_q_i[npu_pkg::VectorScale2ByLsb +: 2])
      || !row_fits(use_add_o, cfg_q_i[npu_pkg::VectorAddRowLsb +: 12],
                   cfg_q_i[npu_pkg::VectorAddByLsb +: 2])
      || !row_fits(use_square_o, cfg_q_i[npu_pkg::VectorSquareRowLsb +: 12],
                   cfg_q_i[npu_pkg::VectorSquareByLsb +: 2])
      || !row_fits(reduce_o || scalar_o || fetch_o,
                   cfg_q_i[npu_pkg::VectorReduceRowLsb +: 12],
                   cfg_q_i[npu_pkg::VectorReduceByLsb +: 2]);
  endfunction

  always_comb begin
    error_code_o = npu_pkg::ErrNone;
    if (check_q && !empty_o) begin
      if (illegal()) error_code_o = npu_pkg::ErrIllegalConfig;
      else if (misplaced()) error_code_o = npu_pkg::ErrAddress;
    end
  end

endmodule
