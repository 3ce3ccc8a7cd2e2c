"""Looking closer at the rows of an evaluation: fairness, worst slices, single rows, residuals."""
