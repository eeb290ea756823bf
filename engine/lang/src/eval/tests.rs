//! Tests of the evaluator, over hand-written expressions.
