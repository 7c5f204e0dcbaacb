// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The NPU: what steers (control), the four units and the scratchpad.
//
// Control space on csr_*: a write takes effect in the next cycle, reads are combinational.
// Three AXI interfaces (docs/microarchitecture.md); rready and bready are always 1 and have no
// port. event_o and done_o: see control.

module npu_top #(
  parameter int N = 16,
  parameter int K = 16,
  parameter int Lanes = 8,
  parameter int PortBytes = 64,
  parameter int AccEntries = 256,
  parameter int RowScalars = 512,
  parameter int SpmBytes = 262144,
  parameter int Banks = 8,
  parameter int AxiBytes = 16
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,  // synchronous, active low

  input  logic                  csr_we_i,
  input  logic [11:0]           csr_addr_i,
  input  logic [31:0]           csr_wdata_i,
  output logic [31:0]           csr_rdata_o,
  output logic                  event_o,
  output logic                  done_o,

  output logic                  f_arvalid_o,  // instruction fetch
  input  logic                  f_arready_i,
  output logic [npu_pkg::AddressBits-1:0] f_araddr_o,
  output logic [7:0]            f_arlen_o,
  input  logic                  f_rvalid_i,
  input  logic [8*AxiBytes-1:0] f_rdata_i,
  input  logic [1:0]            f_rresp_i,
  input  logic                  f_rlast_i,

  output logic                  d_arvalid_o,  // DMA in
  input  logic                  d_arready_i,
  output logic [npu_pkg::AddressBits-1:0] d_araddr_o,
  output logic [7:0]            d_arlen_o,
  input  logic                  d_rvalid_i,
  input  logic [8*AxiBytes-1:0] d_rdata_i,
  input  logic [1:0]            d_rresp_i,
  input  logic                  d_rlast_i,

  output logic                  d_awvalid_o,  // DMA out
  input  logic                  d_awready_i,
  output logic [npu_pkg::AddressBits-1:0] d_awaddr_o,
  output logic [7:0]            d_awlen_o,
  output logic                  d_wvalid_o,
  input  logic                  d_wready_i,
  output logic [8*AxiBytes-1:0] d_wdata_o,
  output logic [AxiBytes-1:0]   d_wstrb_o,
  output logic                  d_wlast_o,
  input  logic                  d_bvalid_i,
  input  logic [1:0]            d_bresp_i
);

  localparam int Units = npu_pkg::Units;
  localparam int DmaIn = 0;  // places in the vectors by unit
  localparam int DmaOut = 1;
  localparam int Matrix = 2;
  localparam int Vector = 3;

  logic [Units-1:0] start, ready, done, error, unit_oob;
  logic [4*Units-1:0] error_code;
  logic [npu_pkg::Regions*npu_pkg::AddressBits-1:0] region;
  logic [npu_pkg::DmaCfgBits-1:0] dma_in_cfg, dma_out_cfg;
  logic [npu_pkg::MatrixCfgBits-1:0] matrix_cfg;
  logic [npu_pkg::VectorCfgBits-1:0] vector_cfg;

  // Scratchpad ports.
  logic dma_in_req, dma_in_gnt;
  logic [23:0] dma_in_addr;
  logic [8*PortBytes-1:0] dma_in_wdata;
  logic [PortBytes-1:0] dma_in_be;
  logic dma_out_req, dma_out_gnt, dma_out_rvalid;
  logic [23:0] dma_out_addr;
  logic [8*PortBytes-1:0] dma_out_rdata;
  logic fill_req, fill_gnt, fill_rvalid;
  logic [23:0] fill_addr;
  logic [8*PortBytes-1:0] fill_rdata;
  logic act_req, act_gnt, act_rvalid;
  logic [23:0] act_addr;
  logic [8*PortBytes-1:0] act_rdata;
  logic vec_out_req, vec_out_gnt;
  logic [23:0] vec_out_addr;
  logic [8*PortBytes-1:0] vec_out_wdata;
  logic [PortBytes-1:0] vec_out_be;
  logic vec_c_req, vec_c_gnt, vec_c_rvalid;
  logic [23:0] vec_c_addr;
  logic [8*PortBytes-1:0] vec_c_rdata;
  logic vec_b_req, vec_b_gnt, vec_b_rvalid;
  logic [23:0] vec_b_addr;
  logic [8*PortBytes-1:0] vec_b_rdata;
  logic vec_a_req, vec_a_gnt, vec_a_rvalid;
  logic [23:0] vec_a_addr;
  logic [8*PortBytes-1:0] vec_a_rdata;
  logic index_req, index_gnt, index_rvalid;
  logic [23:0] index_addr;
  logic [8*PortBytes-1:0] index_rdata;
  logic scalar_req, scalar_gnt, scalar_rvalid;
  logic [23:0] scalar_addr;
  logic [8*PortBytes-1:0] scalar_rdata;
  logic [npu_pkg::Ports-1:0] oob;

  // The DMAs and the sequencer see to their ports themselves.
  assign unit_oob[DmaIn] = 1'b0;
  assign unit_oob[DmaOut] = 1'b0;
  assign unit_oob[Matrix] = oob[npu_pkg::PortFill] || oob[npu_pkg::PortAct];
  assign unit_oob[Vector] = oob[npu_pkg::PortVectorOut] || oob[npu_pkg::PortVectorC] ||
                            oob[npu_pkg::PortVectorB] || oob[npu_pkg::PortVectorA];
  logic unused_scalar_oob;
  assign unused_scalar_oob = oob[npu_pkg::PortScalar];

  // Accumulator reads of the vector unit.
  logic acc_req, acc_gnt, acc_rvalid;
  logic [11:0] acc_addr;
  logic [N*32-1:0] acc_rdata;

  control #(
    .SpmBytes(SpmBytes), .PortBytes(PortBytes), .AxiBytes(AxiBytes)
  ) i_control (
    .clk_i, .rst_ni,
    .csr_we_i, .csr_addr_i, .csr_wdata_i, .csr_rdata_o, .event_o, .done_o, .region_o(region),
    .f_arvalid_o, .f_arready_i, .f_araddr_o, .f_arlen_o, .f_rvalid_i, .f_rdata_i, .f_rresp_i,
    .f_rlast_i,
    .scalar_req_o(scalar_req), .scalar_addr_o(scalar_addr), .scalar_gnt_i(scalar_gnt),
    .scalar_rvalid_i(scalar_rvalid), .scalar_rdata_i(scalar_rdata),
    .unit_start_o(start), .unit_ready_i(ready), .unit_done_i(done), .unit_error_i(error),
    .unit_error_code_i(error_code), .unit_oob_i(unit_oob),
    .dma_in_cfg_o(dma_in_cfg), .dma_out_cfg_o(dma_out_cfg), .matrix_cfg_o(matrix_cfg),
    .vector_cfg_o(vector_cfg)
  );

  dma_in #(.PortBytes(PortBytes), .AxiBytes(AxiBytes)) i_dma_in (
    .clk_i, .rst_ni, .start_i(start[DmaIn]), .cfg_i(dma_in_cfg), .ready_o(ready[DmaIn]),
    .done_o(done[DmaIn]), .error_o(error[DmaIn]), .error_code_o(error_code[4*DmaIn +: 4]),
    .region_i(region),
    .arvalid_o(d_arvalid_o), .arready_i(d_arready_i), .araddr_o(d_araddr_o),
    .arlen_o(d_arlen_o), .rvalid_i(d_rvalid_i), .rdata_i(d_rdata_i), .rresp_i(d_rresp_i),
    .rlast_i(d_rlast_i),
    .dma_in_req_o(dma_in_req), .dma_in_addr_o(dma_in_addr),
    .dma_in_wdata_o(dma_in_wdata), .dma_in_be_o(dma_in_be), .dma_in_gnt_i(dma_in_gnt),
    .dma_in_oob_i(oob[npu_pkg::PortDmaIn]),
    .index_req_o(index_req), .index_addr_o(index_addr), .index_gnt_i(index_gnt),
    .index_rvalid_i(index_rvalid), .index_rdata_i(index_rdata),
    .index_oob_i(oob[npu_pkg::PortIndex])
  );

  dma_out #(.PortBytes(PortBytes), .AxiBytes(AxiBytes)) i_dma_out (
    .clk_i, .rst_ni, .start_i(start[DmaOut]), .cfg_i(dma_out_cfg), .ready_o(ready[DmaOut]),
    .done_o(done[DmaOut]), .error_o(error[DmaOut]), .error_code_o(error_code[4*DmaOut +: 4]),
    .region_i(region),
    .awvalid_o(d_awvalid_o), .awready_i(d_awready_i), .awaddr_o(d_awaddr_o),
    .awlen_o(d_awlen_o), .wvalid_o(d_wvalid_o), .wready_i(d_wready_i), .wdata_o(d_wdata_o),
    .wstrb_o(d_wstrb_o), .wlast_o(d_wlast_o), .bvalid_i(d_bvalid_i), .bresp_i(d_bresp_i),
    .dma_out_req_o(dma_out_req), .dma_out_addr_o(dma_out_addr), .dma_out_gnt_i(dma_out_gnt),
    .dma_out_rvalid_i(dma_out_rvalid), .dma_out_rdata_i(dma_out_rdata),
    .dma_out_oob_i(oob[npu_pkg::PortDmaOut])
  );

  matrix_unit #(
    .N(N), .K(K), .PortBytes(PortBytes), .AccEntries(AccEntries)
  ) i_matrix (
    .clk_i, .rst_ni, .start_i(start[Matrix]), .cfg_i(matrix_cfg), .ready_o(ready[Matrix]),
    .done_o(done[Matrix]), .error_o(error[Matrix]), .error_code_o(error_code[4*Matrix +: 4]),
    .fill_req_o(fill_req), .fill_addr_o(fill_addr), .fill_gnt_i(fill_gnt),
    .fill_rvalid_i(fill_rvalid), .fill_rdata_i(fill_rdata),
    .act_req_o(act_req), .act_addr_o(act_addr), .act_gnt_i(act_gnt),
    .act_rvalid_i(act_rvalid), .act_rdata_i(act_rdata),
    .acc_req_i(acc_req), .acc_addr_i(acc_addr), .acc_gnt_o(acc_gnt), .acc_rvalid_o(acc_rvalid),
    .acc_rdata_o(acc_rdata)
  );

  vector_unit #(
    .N(N), .Lanes(Lanes), .PortBytes(PortBytes), .AccEntries(AccEntries),
    .RowScalars(RowScalars)
  ) i_vector (
    .clk_i, .rst_ni, .start_i(start[Vector]), .cfg_i(vector_cfg), .ready_o(ready[Vector]),
    .done_o(done[Vector]), .error_o(error[Vector]), .error_code_o(error_code[4*Vector +: 4]),
    .vec_out_req_o(vec_out_req), .vec_out_addr_o(vec_out_addr),
    .vec_out_wdata_o(vec_out_wdata), .vec_out_be_o(vec_out_be), .vec_out_gnt_i(vec_out_gnt),
    .vec_c_req_o(vec_c_req), .vec_c_addr_o(vec_c_addr), .vec_c_gnt_i(vec_c_gnt),
    .vec_c_rvalid_i(vec_c_rvalid), .vec_c_rdata_i(vec_c_rdata),
    .vec_b_req_o(vec_b_req), .vec_b_addr_o(vec_b_addr), .vec_b_gnt_i(vec_b_gnt),
    .vec_b_rvalid_i(vec_b_rvalid), .vec_b_rdata_i(vec_b_rdata),
    .vec_a_req_o(vec_a_req), .vec_a_addr_o(vec_a_addr), .vec_a_gnt_i(vec_a_gnt),
    .vec_a_rvalid_i(vec_a_rvalid), .vec_a_rdata_i(vec_a_rdata),
    .acc_req_o(acc_req), .acc_addr_o(acc_addr), .acc_gnt_i(acc_gnt), .acc_rvalid_i(acc_rvalid),
    .acc_rdata_i(acc_rdata)
  );

  // ---- scratchpad

  scratchpad #(.SpmBytes(SpmBytes), .Banks(Banks), .PortBytes(PortBytes)) i_scratchpad (
    .clk_i, .rst_ni,
    .dma_in_req_i(dma_in_req), .dma_in_addr_i(dma_in_addr),
    .dma_in_wdata_i(dma_in_wdata), .dma_in_be_i(dma_in_be), .dma_in_gnt_o(dma_in_gnt),
    .dma_out_req_i(dma_out_req), .dma_out_addr_i(dma_out_addr), .dma_out_gnt_o(dma_out_gnt),
    .dma_out_rvalid_o(dma_out_rvalid), .dma_out_rdata_o(dma_out_rdata),
    .fill_req_i(fill_req), .fill_addr_i(fill_addr), .fill_gnt_o(fill_gnt),
    .fill_rvalid_o(fill_rvalid), .fill_rdata_o(fill_rdata),
    .act_req_i(act_req), .act_addr_i(act_addr), .act_gnt_o(act_gnt),
    .act_rvalid_o(act_rvalid), .act_rdata_o(act_rdata),
    .vec_out_req_i(vec_out_req), .vec_out_addr_i(vec_out_addr),
    .vec_out_wdata_i(vec_out_wdata), .vec_out_be_i(vec_out_be), .vec_out_gnt_o(vec_out_gnt),
    .vec_c_req_i(vec_c_req), .vec_c_addr_i(vec_c_addr), .vec_c_gnt_o(vec_c_gnt),
    .vec_c_rvalid_o(vec_c_rvalid), .vec_c_rdata_o(vec_c_rdata),
    .vec_b_req_i(vec_b_req), .vec_b_addr_i(vec_b_addr), .vec_b_gnt_o(vec_b_gnt),
    .vec_b_rvalid_o(vec_b_rvalid), .vec_b_rdata_o(vec_b_rdata),
    .vec_a_req_i(vec_a_req), .vec_a_addr_i(vec_a_addr), .vec_a_gnt_o(vec_a_gnt),
    .vec_a_rvalid_o(vec_a_rvalid), .vec_a_rdata_o(vec_a_rdata),
    .index_req_i(index_req), .index_addr_i(index_addr), .index_gnt_o(index_gnt),
    .index_rvalid_o(index_rvalid), .index_rdata_o(index_rdata),
    .scalar_req_i(scalar_req), .scalar_addr_i(scalar_addr), .scalar_gnt_o(scalar_gnt),
    .scalar_rvalid_o(scalar_rvalid), .scalar_rdata_o(scalar_rdata),
    .oob_o(oob)
  );

endmodule
