// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Mixtures of experts; part of the qnn dialect (QNNOps.td has its notation).

#ifndef DALBIT_QNN_EXPERT_OPS
#define DALBIT_QNN_EXPERT_OPS

def QNN_RouteOp : QNN_Op<"route", [AllTypesMatch<["logits", "gates"]>]> {
  let summary = "weights of a token's experts, 14 fraction bits";
  let description = [{
    In each row of E logits, which have 16 fraction bits:
      d = sat32(logit - max); p = exp table(d), int16
      key[e] = sat32(rq(d, 2^b) + E - 1 - e), 2^b the power of two not below E: no two are equal
      t = max key; chosen - 1 times: keys of at least t become sat32(key - 2^31), t = max key
      kept = p where the first key is at least t, else 0
      gates = rq(kept, recip(z, 1)), z the sum of p, or if `normalised` of kept
    Keys that saturate may be equal: they belong to experts with p = 0.
  }];
  let arguments = (ins QNN_Fixed:$logits, I64Attr:$chosen, BoolAttr:$normalised);
  let results = (outs QNN_Fixed:$gates);
  let assemblyFormat = "$logits attr-dict `:` type($logits)";
}

def QNN_WeighOp : QNN_Op<"weigh", [AllTypesMatch<["x", "out"]>]> {
  let summary = "rows times one of their gates: out = rq(x, gates[.., expert], 14)";
  let arguments = (ins QNN_Fixed:$x, QNN_Fixed:$gates, I64Attr:$expert);
  let results = (outs QNN_Fixed:$out);
  let assemblyFormat = "$x `,` $gates attr-dict `:` functional-type(operands, results)";
}

#endif
