// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Everything that steers the units: control registers, sequencer, semaphores, and for each unit
// its configuration and its dispatcher.
//
// Unit u has bit u of each vector (isa/npu.td). `event_o`: in the cycle before, a unit started
// or ended an instruction; its dispatcher's tag_q and all counters are then those after that
// cycle. `done_o` is high while the program is done or stopped.

module control #(
  parameter int SpmBytes = 262144,
  parameter int PortBytes = 64,
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
  output logic [npu_pkg::Regions*npu_pkg::AddressBits-1:0] region_o,  // bases, region 0 lowest

  output logic                  f_arvalid_o,  // instruction fetch
  input  logic                  f_arready_i,
  output logic [npu_pkg::AddressBits-1:0] f_araddr_o,
  output logic [7:0]            f_arlen_o,
  input  logic                  f_rvalid_i,
  input  logic [8*AxiBytes-1:0] f_rdata_i,
  input  logic [1:0]            f_rresp_i,
  input  logic                  f_rlast_i,

  output logic                  scalar_req_o,
  output logic [23:0]           scalar_addr_o,
  input  logic                  scalar_gnt_i,
  input  logic                  scalar_rvalid_i,
  input  logic [8*PortBytes-1:0] scalar_rdata_i,

  output logic [npu_pkg::Units-1:0] unit_start_o,
  input  logic [npu_pkg::Units-1:0] unit_ready_i,
  input  logic [npu_pkg::Units-1:0] unit_done_i,
  input  logic [npu_pkg::Units-1:0] unit_error_i,
  input  logic [4*npu_pkg::Units-1:0] unit_error_code_i,
  input  logic [npu_pkg::Units-1:0] unit_oob_i,  // a port was past the scratchpad
  output logic [npu_pkg::DmaCfgBits-1:0] dma_in_cfg_o,
  output logic [npu_pkg::DmaCfgBits-1:0] dma_out_cfg_o,
  output logic [npu_pkg::MatrixCfgBits-1:0] matrix_cfg_o,
  output logic [npu_pkg::VectorCfgBits-1:0] vector_cfg_o
);

  localparam int Units = npu_pkg::Units;
  localparam int Semaphores = npu_pkg::Semaphores;
  localparam int AddressBits = npu_pkg::AddressBits;
  localparam int TagBits = npu_pkg::TagBits;
  localparam int DmaIn = 0;  // places in the vectors by unit
  localparam int DmaOut = 1;
  localparam int Matrix = 2;
  localparam int Vector = 3;

  // ---- registers and state of the program

  logic start, running, clocked, halted, fetch_idle, issuing;
  logic [31:0] entry, code_words;
  logic [npu_pkg::Arguments*32-1:0] argument;
  logic [Units-1:0] unit_running, unit_idle, unit_event;
  logic [Units:0] error;  // the sequencer is the last
  logic [(Units+1)*4-1:0] error_code;
  logic [(Units+1)*32-1:0] error_pc;

  csr i_csr (
    .clk_i, .rst_ni,
    .we_i(csr_we_i), .addr_i(csr_addr_i), .wdata_i(csr_wdata_i), .rdata_o(csr_rdata_o),
    .start_o(start), .running_o(running), .clocked_o(clocked), .done_o, .entry_o(entry),
    .code_words_o(code_words), .argument_o(argument), .region_o,
    .halted_i(halted), .queues_idle_i(&unit_idle), .units_idle_i(unit_running == '0),
    .fetch_idle_i(fetch_idle), .error_i(error), .error_code_i(error_code),
    .error_pc_i(error_pc)
  );

  logic [63:0] cnt_cycles_q /*verilator public_flat_rd*/;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) cnt_cycles_q <= '0;
    else if (clocked) cnt_cycles_q <= cnt_cycles_q + 64'd1;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) event_o <= 1'b0;
    else event_o <= unit_event != '0;
  end

  // ---- sequencer and semaphores

  logic [Units-1:0] set, push, full;
  logic [6:0] set_index;
  logic [31:0] set_value, push_pc;
  logic [TagBits-1:0] push_tag;
  logic [Semaphores-1:0] push_wait, push_signal;
  logic [Units:0] want, take;
  logic [(Units+1)*Semaphores-1:0] need, up;

  sequencer #(.SpmBytes(SpmBytes), .PortBytes(PortBytes), .AxiBytes(AxiBytes)) i_sequencer (
    .clk_i, .rst_ni, .start_i(start), .run_i(running), .entry_i(entry),
    .code_words_i(code_words),
    .code_base_i(region_o[npu_pkg::RegionCode*AddressBits +: AddressBits]),
    .argument_i(argument), .halted_o(halted), .fetch_idle_o(fetch_idle), .issuing_o(issuing),
    .error_o(error[Units]), .error_code_o(error_code[4*Units +: 4]),
    .error_pc_o(error_pc[32*Units +: 32]),
    .set_o(set), .set_index_o(set_index), .set_value_o(set_value),
    .push_o(push), .push_tag_o(push_tag), .push_pc_o(push_pc), .push_wait_o(push_wait),
    .push_signal_o(push_signal), .full_i(full),
    .want_o(want[Units]), .need_o(need[Units*Semaphores +: Semaphores]), .take_i(take[Units]),
    .up_o(up[Units*Semaphores +: Semaphores]),
    .scalar_req_o, .scalar_addr_o, .scalar_gnt_i, .scalar_rvalid_i, .scalar_rdata_i,
    .f_arvalid_o, .f_arready_i, .f_araddr_o, .f_arlen_o, .f_rvalid_i, .f_rdata_i, .f_rresp_i,
    .f_rlast_i
  );

  semaphores #(.Takers(Units + 1)) i_semaphores (
    .clk_i, .rst_ni, .clear_i(start), .want_i(want), .need_i(need), .take_o(take), .up_i(up)
  );

  // ---- units: configuration and dispatcher

  logic [npu_pkg::DmaCfgBits-1:0] dma_in_cfg;
  configuration #(
    .Unit(npu_pkg::UnitDmaIn), .CfgBits(npu_pkg::DmaCfgBits), .SetBits(npu_pkg::DmaSetBits)
  ) i_dma_in_configuration (
    .clk_i, .rst_ni, .clear_i(start), .set_i(set[DmaIn]), .index_i(set_index),
    .value_i(set_value[npu_pkg::DmaSetBits-1:0]), .cfg_o(dma_in_cfg)
  );
  dispatch #(.CfgBits(npu_pkg::DmaCfgBits)) i_dma_in_dispatch (
    .clk_i, .rst_ni, .clear_i(start), .stop_i(!running),
    .push_i(push[DmaIn]), .push_cfg_i(dma_in_cfg), .push_tag_i(push_tag), .push_pc_i(push_pc),
    .push_wait_i(push_wait), .push_signal_i(push_signal), .full_o(full[DmaIn]),
    .want_o(want[DmaIn]), .need_o(need[DmaIn*Semaphores +: Semaphores]), .take_i(take[DmaIn]),
    .up_o(up[DmaIn*Semaphores +: Semaphores]),
    .start_o(unit_start_o[DmaIn]), .cfg_o(dma_in_cfg_o), .ready_i(unit_ready_i[DmaIn]),
    .done_i(unit_done_i[DmaIn]), .error_i(unit_error_i[DmaIn]),
    .error_code_i(unit_error_code_i[4*DmaIn +: 4]), .oob_i(unit_oob_i[DmaIn]),
    .issuing_i(issuing), .running_o(unit_running[DmaIn]), .idle_o(unit_idle[DmaIn]),
    .event_o(unit_event[DmaIn]), .error_o(error[DmaIn]),
    .error_code_o(error_code[4*DmaIn +: 4]), .error_pc_o(error_pc[32*DmaIn +: 32])
  );

  logic [npu_pkg::DmaCfgBits-1:0] dma_out_cfg;
  configuration #(
    .Unit(npu_pkg::UnitDmaOut), .CfgBits(npu_pkg::DmaCfgBits), .SetBits(npu_pkg::DmaSetBits)
  ) i_dma_out_configuration (
    .clk_i, .rst_ni, .clear_i(start), .set_i(set[DmaOut]), .index_i(set_index),
    .value_i(set_value[npu_pkg::DmaSetBits-1:0]), .cfg_o(dma_out_cfg)
  );
  dispatch #(.CfgBits(npu_pkg::DmaCfgBits)) i_dma_out_dispatch (
    .clk_i, .rst_ni, .clear_i(start), .stop_i(!running),
    .push_i(push[DmaOut]), .push_cfg_i(dma_out_cfg), .push_tag_i(push_tag), .push_pc_i(push_pc),
    .push_wait_i(push_wait), .push_signal_i(push_signal), .full_o(full[DmaOut]),
    .want_o(want[DmaOut]), .need_o(need[DmaOut*Semaphores +: Semaphores]), .take_i(take[DmaOut]),
    .up_o(up[DmaOut*Semaphores +: Semaphores]),
    .start_o(unit_start_o[DmaOut]), .cfg_o(dma_out_cfg_o), .ready_i(unit_ready_i[DmaOut]),
    .done_i(unit_done_i[DmaOut]), .error_i(unit_error_i[DmaOut]),
    .error_code_i(unit_error_code_i[4*DmaOut +: 4]), .oob_i(unit_oob_i[DmaOut]),
    .issuing_i(issuing), .running_o(unit_running[DmaOut]), .idle_o(unit_idle[DmaOut]),
    .event_o(unit_event[DmaOut]), .error_o(error[DmaOut]),
    .error_code_o(error_code[4*DmaOut +: 4]), .error_pc_o(error_pc[32*DmaOut +: 32])
  );

  logic [npu_pkg::MatrixCfgBits-1:0] matrix_cfg;
  configuration #(
    .Unit(npu_pkg::UnitMatrix), .CfgBits(npu_pkg::MatrixCfgBits), .SetBits(npu_pkg::MatrixSetBits)
  ) i_matrix_configuration (
    .clk_i, .rst_ni, .clear_i(start), .set_i(set[Matrix]), .index_i(set_index),
    .value_i(set_value[npu_pkg::MatrixSetBits-1:0]), .cfg_o(matrix_cfg)
  );
  dispatch #(.CfgBits(npu_pkg::MatrixCfgBits)) i_matrix_dispatch (
    .clk_i, .rst_ni, .clear_i(start), .stop_i(!running),
    .push_i(push[Matrix]), .push_cfg_i(matrix_cfg), .push_tag_i(push_tag), .push_pc_i(push_pc),
    .push_wait_i(push_wait), .push_signal_i(push_signal), .full_o(full[Matrix]),
    .want_o(want[Matrix]), .need_o(need[Matrix*Semaphores +: Semaphores]), .take_i(take[Matrix]),
    .up_o(up[Matrix*Semaphores +: Semaphores]),
    .start_o(unit_start_o[Matrix]), .cfg_o(matrix_cfg_o), .ready_i(unit_ready_i[Matrix]),
    .done_i(unit_done_i[Matrix]), .error_i(unit_error_i[Matrix]),
    .error_code_i(unit_error_code_i[4*Matrix +: 4]), .oob_i(unit_oob_i[Matrix]),
    .issuing_i(issuing), .running_o(unit_running[Matrix]), .idle_o(unit_idle[Matrix]),
    .event_o(unit_event[Matrix]), .error_o(error[Matrix]),
    .error_code_o(error_code[4*Matrix +: 4]), .error_pc_o(error_pc[32*Matrix +: 32])
  );

  logic [npu_pkg::VectorCfgBits-1:0] vector_cfg;
  configuration #(
    .Unit(npu_pkg::UnitVector), .CfgBits(npu_pkg::VectorCfgBits), .SetBits(npu_pkg::VectorSetBits)
  ) i_vector_configuration (
    .clk_i, .rst_ni, .clear_i(start), .set_i(set[Vector]), .index_i(set_index),
    .value_i(set_value[npu_pkg::VectorSetBits-1:0]), .cfg_o(vector_cfg)
  );
  dispatch #(.CfgBits(npu_pkg::VectorCfgBits)) i_vector_dispatch (
    .clk_i, .rst_ni, .clear_i(start), .stop_i(!running),
    .push_i(push[Vector]), .push_cfg_i(vector_cfg), .push_tag_i(push_tag), .push_pc_i(push_pc),
    .push_wait_i(push_wait), .push_signal_i(push_signal), .full_o(full[Vector]),
    .want_o(want[Vector]), .need_o(need[Vector*Semaphores +: Semaphores]), .take_i(take[Vector]),
    .up_o(up[Vector*Semaphores +: Semaphores]),
    .start_o(unit_start_o[Vector]), .cfg_o(vector_cfg_o), .ready_i(unit_ready_i[Vector]),
    .done_i(unit_done_i[Vector]), .error_i(unit_error_i[Vector]),
    .error_code_i(unit_error_code_i[4*Vector +: 4]), .oob_i(unit_oob_i[Vector]),
    .issuing_i(issuing), .running_o(unit_running[Vector]), .idle_o(unit_idle[Vector]),
    .event_o(unit_event[Vector]), .error_o(error[Vector]),
    .error_code_o(error_code[4*Vector +: 4]), .error_pc_o(error_pc[32*Vector +: 32])
  );

endmodule
