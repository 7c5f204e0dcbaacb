// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Decides whether a matrix instruction is allowed and derives its loop bounds. Combinational.
//
// Illegal configuration: w4 with a reserved group or one shorter than K; several n-tiles whose
// entries overlap (acc_stride below rows). Address: a_addr or a_row_stride not a multiple of K;
// w_addr not a multiple of PortBytes (w8, w4), K (rows) or N (columns); w_row_stride of rows and
// columns likewise; an entry past AccEntries. An instruction without effect (rows, n or k is 0) is
// never wrong. Scratchpad addresses past the end are found by the scratchpad.

module matrix_check #(
  parameter int N = 32,
  parameter int K = 32,
  parameter int PortBytes = 64,
  parameter int AccEntries = 512
) (
  input  logic [npu_pkg::MatrixCfgBits-1:0] cfg_i,
  output logic                              empty_o,
  output logic                              clear_o,       // the first k-tile overwrites
  output logic [npu_pkg::ErrBits-1:0]       error_o,       // ErrNone: allowed
  output logic [2:0]                        group_last_o,  // k-tiles of a w4 group - 1
  output logic [19-$clog2(K):0]             k_last_o,      // k-tiles - 1
  output logic [19-$clog2(N):0]             n_last_o,      // n-tiles - 1
  output logic [$clog2(K):0]                k_tail_o,      // lanes of the last k-tile, 1..K
  output logic [$clog2(N):0]                n_tail_o       // channels of the last n-tile, 1..N
);

  localparam int KBits = $clog2(K);
  localparam int NBits = $clog2(N);

  logic [11:0] rows, acc_addr, acc_stride;
  logic [19:0] n, k;
  logic [23:0] a_addr, a_row_stride, w_addr, w_row_stride;
  logic [1:0]  form, group;

  assign a_addr = cfg_i[npu_pkg::MatrixAAddrLsb +: npu_pkg::MatrixAAddrWidth];
  assign a_row_stride = cfg_i[npu_pkg::MatrixARowStrideLsb +: npu_pkg::MatrixARowStrideWidth];
  assign rows = cfg_i[npu_pkg::MatrixRowsLsb +: npu_pkg::MatrixRowsWidth];
  assign n = cfg_i[npu_pkg::MatrixNLsb +: npu_pkg::MatrixNWidth];
  assign k = cfg_i[npu_pkg::MatrixKLsb +: npu_pkg::MatrixKWidth];
  assign w_addr = cfg_i[npu_pkg::MatrixWAddrLsb +: npu_pkg::MatrixWAddrWidth];
  assign w_row_stride = cfg_i[npu_pkg::MatrixWRowStrideLsb +: npu_pkg::MatrixWRowStrideWidth];
  assign form = cfg_i[npu_pkg::MatrixWFormLsb +: npu_pkg::MatrixWFormWidth];
  assign group = cfg_i[npu_pkg::MatrixWGroupLsb +: npu_pkg::MatrixWGroupWidth];
  assign acc_addr = cfg_i[npu_pkg::MatrixAccAddrLsb +: npu_pkg::MatrixAccAddrWidth];
  assign acc_stride = cfg_i[npu_pkg::MatrixAccStrideLsb +: npu_pkg::MatrixAccStrideWidth];

  logic [19:0] n_less, k_less;
  assign n_less = n - 20'd1;
  assign k_less = k - 20'd1;
  assign k_last_o = k_less[19:KBits];
  assign n_last_o = n_less[19:NBits];
  assign k_tail_o = {1'b0, k_less[KBits-1:0]} + (KBits+1)'(1);
  assign n_tail_o = {1'b0, n_less[NBits-1:0]} + (NBits+1)'(1);
  assign group_last_o = 3'((32'd32 << group) / K - 1);
  assign clear_o = cfg_i[npu_pkg::MatrixAccumulateLsb] == npu_pkg::MatrixAccumulateClear;
  assign empty_o = rows == 0 || n == 0 || k == 0;

  logic group_bad, entries_overlap, w_misaligned, past_end;
  logic [32:0] entries;  // one past the last

  assign group_bad = form == npu_pkg::MatrixWFormW4
                     && (group == 2'd3 || (8'd32 << group) < 8'(K));
  assign entries_overlap = n_last_o != 0 && acc_stride < rows;
  assign entries = 33'(acc_addr) + 33'(n_last_o) * 33'(acc_stride) + 33'(rows);
  assign past_end = entries > 33'(AccEntries);

  function automatic logic misaligned(input logic [23:0] bytes, input int unit);
    misaligned = (bytes & 24'(unit - 1)) != 0;
  endfunction

  always_comb begin
    unique case (form)
      npu_pkg::MatrixWFormRows:
        w_misaligned = misaligned(w_addr, K) || misaligned(w_row_stride, K);
      npu_pkg::MatrixWFormColumns:
        w_misaligned = misaligned(w_addr, N) || misaligned(w_row_stride, N);
      default:
        w_misaligned = misaligned(w_addr, PortBytes);
    endcase
  end

  always_comb begin
    if (empty_o)
      error_o = npu_pkg::ErrNone;
    else if (group_bad || entries_overlap)
      error_o = npu_pkg::ErrIllegalConfig;
    else if (w_misaligned || past_end || misaligned(a_addr, K) || misaligned(a_row_stride, K))
      error_o = npu_pkg::ErrAddress;
    else
      error_o = npu_pkg::ErrNone;
  end

endmodule
