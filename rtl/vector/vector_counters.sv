// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The activity counters of the vector unit (C1, C2), as isa/npu.td names them. Elements are counted
// when their beat reaches the lanes, memory accesses when they are granted, in units of 64 bytes.

module vector_counters #(
  parameter int Lanes     = 16,
  parameter int PortBytes = 64,
  localparam int CountBits = $clog2(Lanes + 1)
) (
  input  logic                              clk_i,
  input  logic                              rst_ni,
  input  logic                              active_i,
  input  logic                              load_i,
  input  logic [npu_pkg::VectorCfgBits-1:0] cfg_i,
  input  logic                              stream_i,
  input  logic                              use_out_i,
  input  logic                              use_reduce_i,
  input  logic                              beat_i,      // a beat of a stream
  input  logic [CountBits-1:0]              count_i,     // its columns
  input  logic [Lanes-1:0]                  range_i,     // those in the valid range
  input  logic                              scalar_i,    // a row of scalar, store or fetch
  input  logic                              lanes_i,     // the lanes are clocked
  input  logic                              acc_gnt_i,
  input  logic                              a_gnt_i,
  input  logic                              b_gnt_i,
  input  logic                              c_gnt_i,
  input  logic                              out_gnt_i
);

  logic [63:0] cnt_load_ops_q     /* verilator public_flat_rd */;
  logic [63:0] cnt_scale_ops_q    /* verilator public_flat_rd */;
  logic [63:0] cnt_add_ops_q      /* verilator public_flat_rd */;
  logic [63:0] cnt_table_ops_q    /* verilator public_flat_rd */;
  logic [63:0] cnt_multiply_ops_q /* verilator public_flat_rd */;
  logic [63:0] cnt_write_ops_q    /* verilator public_flat_rd */;
  logic [63:0] cnt_reduce_ops_q   /* verilator public_flat_rd */;
  logic [63:0] cnt_scalar_ops_q   /* verilator public_flat_rd */;
  logic [63:0] cnt_acc_reads_q    /* verilator public_flat_rd */;
  logic [63:0] cnt_spm_reads_q    /* verilator public_flat_rd */;
  logic [63:0] cnt_spm_writes_q   /* verilator public_flat_rd */;
  logic [63:0] cnt_lanes_active_q /* verilator public_flat_rd */;

  localparam logic [63:0] Access = 64'(PortBytes) / 64'd64;

  // How often a column counts for a stage, taken from the configuration when the instruction
  // starts.
  logic [1:0] scales_q, adds_q, products_q;
  logic       table_q;

  logic unused_cfg;
  assign unused_cfg = ^cfg_i;

  function automatic logic [63:0] times(input logic [CountBits-1:0] count,
                                        input logic [1:0] weight);
    times = weight[1] ? 64'(count) << 1 : weight[0] ? 64'(count) : 64'd0;
  endfunction

  always_ff @(posedge clk_i) begin
    if (load_i && stream_i) begin
      scales_q   <= {1'b0, cfg_i[npu_pkg::VectorScale1Lsb +: 2] != npu_pkg::VectorScale1None}
                  + {1'b0, cfg_i[npu_pkg::VectorScale2Lsb +: 2] != npu_pkg::VectorScale2None};
      adds_q     <= {1'b0, cfg_i[npu_pkg::VectorAddLsb +: 2] != npu_pkg::VectorAddNone}
                  + {1'b0, cfg_i[npu_pkg::VectorAddCLsb +: 2] != npu_pkg::VectorAddCNone};
      products_q <= {1'b0, cfg_i[npu_pkg::VectorTableLsb +: 2] == npu_pkg::VectorTableGate}
                  + {1'b0, cfg_i[npu_pkg::VectorMultiplyLsb]};
      table_q    <= cfg_i[npu_pkg::VectorTableLsb +: 2] != npu_pkg::VectorTableOff;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      cnt_load_ops_q     <= 64'd0;
      cnt_scale_ops_q    <= 64'd0;
      cnt_add_ops_q      <= 64'd0;
      cnt_table_ops_q    <= 64'd0;
      cnt_multiply_ops_q <= 64'd0;
      cnt_write_ops_q    <= 64'd0;
      cnt_reduce_ops_q   <= 64'd0;
      cnt_scalar_ops_q   <= 64'd0;
      cnt_acc_reads_q    <= 64'd0;
      cnt_spm_reads_q    <= 64'd0;
      cnt_spm_writes_q   <= 64'd0;
      cnt_lanes_active_q <= 64'd0;
    end else if (active_i) begin
      if (beat_i) begin
        cnt_load_ops_q     <= cnt_load_ops_q + 64'(count_i);
        cnt_scale_ops_q    <= cnt_scale_ops_q + times(count_i, scales_q);
        cnt_add_ops_q      <= cnt_add_ops_q + times(count_i, adds_q);
        cnt_table_ops_q    <= cnt_table_ops_q + times(count_i, {1'b0, table_q});
        cnt_multiply_ops_q <= cnt_multiply_ops_q + times(count_i, products_q);
        if (use_out_i)    cnt_write_ops_q  <= cnt_write_ops_q + 64'(count_i);
        if (use_reduce_i) cnt_reduce_ops_q <= cnt_reduce_ops_q + 64'($countones(range_i));
      end
      if (scalar_i)  cnt_scalar_ops_q   <= cnt_scalar_ops_q + 64'd1;
      if (lanes_i)   cnt_lanes_active_q <= cnt_lanes_active_q + 64'd1;
      if (acc_gnt_i) cnt_acc_reads_q    <= cnt_acc_reads_q + 64'd1;
      if (a_gnt_i || b_gnt_i || c_gnt_i)
        cnt_spm_reads_q <= cnt_spm_reads_q
                         + Access * ({63'd0, a_gnt_i} + {63'd0, b_gnt_i} + {63'd0, c_gnt_i});
      if (out_gnt_i) cnt_spm_writes_q   <= cnt_spm_writes_q + Access;
    end
  end

endmodule
