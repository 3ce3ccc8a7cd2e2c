"""Whether and how data, predictions and performance moved: numbers of two sides.

The reference is what is compared with, current is the newer side. What cannot be computed is None
with the reason beside it: nothing here answers NaN, and nothing raises because of what data are
like. scipy and scikit-learn take a second to import, and are imported where they compute.
"""
