"""Pure numbers: arrays in, values out; no files, no database, no model.

Whoever has truth, predictions and weights in memory gets from here all that screens show.

Values (`types`) are frozen, plain and light: a handler returns them, JSON holds them. A `Metric`
has a value with a confidence interval, or the reason why there is none: nothing here answers NaN,
and nothing raises because of what data are like. A `Table` is columns of one length, as CSV and
charts want them.

Work is done once and shared:

- `labels` turns labels of any type into codes, and names those that no class has.
- `intake` leaves rows out that cannot be used, counts them, and says why.
- `binary.Binary` sorts the scores once (`ranking`); each metric, threshold and curve is read off
  the cumulated weights at the distinct scores.
- `multiclass.Multiclass` counts a confusion matrix, and has a `Binary` per class for its curves.
- `regression.Regression` sorts the errors once.
- `slices` tells metrics of each subgroup of a column, `worst` searches for the worst subgroups, and
  `fairness` compares groups with a reference. All groups are computed in the same pass.

Intervals have the names that the field gives them: Wilson's for shares, DeLong's for the area under
the ROC curve, the delta method (infinitesimal jackknife) for what is smooth in the weights of rows,
and else a Poisson bootstrap over cells of the sorted scores (`resampling`), seeded. Weights are
those of sampling: a row of weight 2 stands for two rows like it, and intervals know that it is
one.

Curves are thinned for display: their vertices are those of the curve, and between two of them is
one more point, put where the area remains what it was (`thinning`).

Every formula's docstring names its source. Only numpy and pyarrow are used, but for `drift`, where
models are learned; elsewhere scipy and scikit-learn are the oracles of the tests.
"""
