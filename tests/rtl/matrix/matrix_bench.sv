// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The matrix unit with one port for each field of its configuration, so that benches do not know
// where npu.td puts a field.

module matrix_bench #(
  parameter int N = 16,
  parameter int K = 16,
  parameter int PortBytes = 64,
  parameter int AccEntries = 256
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,

  input  logic                   start_i,
  input  logic [npu_pkg::MatrixAAddrWidth-1:0]      a_addr_i,
  input  logic [npu_pkg::MatrixARowStrideWidth-1:0] a_row_stride_i,
  input  logic [npu_pkg::MatrixRowsWidth-1:0]       rows_i,
  input  logic [npu_pkg::MatrixNWidth-1:0]          n_i,
  input  logic [npu_pkg::MatrixKWidth-1:0]          k_i,
  input  logic [npu_pkg::MatrixWAddrWidth-1:0]      w_addr_i,
  input  logic [npu_pkg::MatrixWRowStrideWidth-1:0] w_row_stride_i,
  input  logic [npu_pkg::MatrixWFormWidth-1:0]      w_form_i,
  input  logic [npu_pkg::MatrixWGroupWidth-1:0]     w_group_i,
  input  logic [npu_pkg::MatrixAccAddrWidth-1:0]    cfg_acc_addr_i,
  input  logic [npu_pkg::MatrixAccStrideWidth-1:0]  acc_stride_i,
  input  logic [npu_pkg::MatrixAccumulateWidth-1:0] accumulate_i,
  output logic                   ready_o,
  output logic                   done_o,
  output logic                   error_o,
  output logic [npu_pkg::ErrBits-1:0] error_code_o,

  output logic                   fill_req_o,
  output logic [23:0]            fill_addr_o,
  input  logic                   fill_gnt_i,
  input  logic                   fill_rvalid_i,
  input  logic [8*PortBytes-1:0] fill_rdata_i,
  output logic                   act_req_o,
  output logic [23:0]            act_addr_o,
  input  logic                   act_gnt_i,
  input  logic                   act_rvalid_i,
  input  logic [8*PortBytes-1:0] act_rdata_i,
  input  logic                   acc_req_i,
  input  logic [11:0]            acc_addr_i,
  output logic                   acc_gnt_o,
  output logic                   acc_rvalid_o,
  output logic [32*N-1:0]        acc_rdata_o
);

  logic [npu_pkg::MatrixCfgBits-1:0] cfg;

  assign cfg[npu_pkg::MatrixAAddrLsb +: npu_pkg::MatrixAAddrWidth] = a_addr_i;
  assign cfg[npu_pkg::MatrixARowStrideLsb +: npu_pkg::MatrixARowStrideWidth] = a_row_stride_i;
  assign cfg[npu_pkg::MatrixRowsLsb +: npu_pkg::MatrixRowsWidth] = rows_i;
  assign cfg[npu_pkg::MatrixNLsb +: npu_pkg::MatrixNWidth] = n_i;
  assign cfg[npu_pkg::MatrixKLsb +: npu_pkg::MatrixKWidth] = k_i;
  assign cfg[npu_pkg::MatrixWAddrLsb +: npu_pkg::MatrixWAddrWidth] = w_addr_i;
  assign cfg[npu_pkg::MatrixWRowStrideLsb +: npu_pkg::MatrixWRowStrideWidth] = w_row_stride_i;
  assign cfg[npu_pkg::MatrixWFormLsb +: npu_pkg::MatrixWFormWidth] = w_form_i;
  assign cfg[npu_pkg::MatrixWGroupLsb +: npu_pkg::MatrixWGroupWidth] = w_group_i;
  assign cfg[npu_pkg::MatrixAccAddrLsb +: npu_pkg::MatrixAccAddrWidth] = cfg_acc_addr_i;
  assign cfg[npu_pkg::MatrixAccStrideLsb +: npu_pkg::MatrixAccStrideWidth] = acc_stride_i;
  assign cfg[npu_pkg::MatrixAccumulateLsb +: npu_pkg::MatrixAccumulateWidth] = accumulate_i;

  matrix_unit #(.N(N), .K(K), .PortBytes(PortBytes), .AccEntries(AccEntries)) u_unit (
    .clk_i, .rst_ni, .start_i, .cfg_i(cfg), .ready_o, .done_o, .error_o, .error_code_o,
    .fill_req_o, .fill_addr_o, .fill_gnt_i, .fill_rvalid_i, .fill_rdata_i,
    .act_req_o, .act_addr_o, .act_gnt_i, .act_rvalid_i, .act_rdata_i,
    .acc_req_i, .acc_addr_i, .acc_gnt_o, .acc_rvalid_o, .acc_rdata_o
  );

endmodule
