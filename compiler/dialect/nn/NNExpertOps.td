// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Mixtures of experts: which experts a token's row goes to, and with what
// weight. Rules N24 and N25.

#ifndef DALBIT_COMPILER_DIALECT_NN_NNEXPERTOPS_TD
#define DALBIT_COMPILER_DIALECT_NN_NNEXPERTOPS_TD

def NN_RouteOp : NN_Op<"route", [AllTypesMatch<["logits", "gates"]>]> {
  let summary = "weights of a token's experts";
  let description = [{
    In each row of logits [.., E]: the softmax, in which all but the `chosen`
    largest are 0 (of equal ones the first counts as larger); with `normalised`,
    divided by the sum of what is left.
    N24: chosen is 1 .. E.
  }];
  let arguments = (ins NN_Float:$logits, I64Attr:$chosen, BoolAttr:$normalised);
  let results = (outs NN_Float:$gates);
  let assemblyFormat = "$logits attr-dict `:` type($logits)";
  let hasVerifier = 1;
}

def NN_WeighOp : NN_Op<"weigh", [AllTypesMatch<["x", "out"]>]> {
  let summary = "rows times one of their gates";
  let description = [{
    `out[.., :] = x[.., :] * gates[.., expert]`.
    N25: x and gates have the same leading dimensions; expert is one of the
    columns of gates.
  }];
  let arguments = (ins NN_Float:$x, NN_Float:$gates, I64Attr:$expert);
  let results = (outs NN_Float:$out);
  let assemblyFormat = [{
    $x `,` $gates attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

#endif // DALBIT_COMPILER_DIALECT_NN_NNEXPERTOPS_TD
