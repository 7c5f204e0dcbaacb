; The matrix unit has the vector unit's bank for thousands of cycles; the fast engine forgot who had it before
; (found with edge, seed 2201, program 315)
.target nano
.memory 0
.dram 0
.stalls 0 0 0
.argument 1 4
.argument 2 5210243
.argument 3 2
.argument 4 5
.argument 5 1733865
.argument 6 4294967280
.argument 7 5
.argument 8 20
go dma_in, wait 0x0000, signal 0x0110        ; 0
set vector.a_addr, 239940                    ; 1
set vector.op, fetch                         ; 2
set vector.rows1, 7                          ; 3
setr vector.rows0, r12, 8                    ; 4
go vector, wait 0x0000, signal 0x0008        ; 5
set matrix.rows, 20                          ; 6
set matrix.acc_stride, 20                    ; 7
set matrix.w_addr, 244224                    ; 8
set matrix.n, 72                             ; 9
set matrix.w_form, rows                      ; 10
set matrix.k, 67                             ; 11
set matrix.a_addr, 241984                    ; 12
go matrix, wait 0x0000, signal 0x0000        ; 13
sem.signal 0x2000                            ; 14
go matrix, wait 0x2000, signal 0x0000        ; 15
sem.signal 0x2000                            ; 16
go matrix, wait 0x2000, signal 0x0000        ; 17
go matrix, wait 0x0000, signal 0x0000        ; 18
go matrix, wait 0x0000, signal 0x0000        ; 19
go matrix, wait 0x0100, signal 0x0000        ; 20
go matrix, wait 0x0000, signal 0x0000        ; 21
go matrix, wait 0x0000, signal 0x0000        ; 22
go matrix, wait 0x0000, signal 0x0004        ; 23
halt                                         ; 24
