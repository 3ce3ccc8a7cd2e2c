"""Two models on the same rows: how much one is better, how sure that is, what would settle it.

`sides` holds what a model did with each row; `binary`, `multiclass` and `regression` take two of
them to differences of all metrics. A difference is the challenger's metric minus the base's.

Tests have the names that the field gives them: McNemar's for shares of right rows, DeLong's for
areas under ROC curves, the paired mean for losses that are means over rows, the delta method for
the average precision, and for all else a bootstrap in which both models meet the same rows
(`blocks`). All read the two models' answers on the same row together, since these go along with one
another: rows that are hard for one are hard for the other.
"""
