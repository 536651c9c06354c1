"""What did comparable projects really take? Comparables, honest ranges, and back-tests of the method.

`fit(history)` gives an `Estimator`, `estimate(profile)` an `Estimate`, `backtest(history)` a `Backtest`: pure
functions over typed inputs. Over them `Estimates` (answering.py) answers from the finished projects of the
repository that somebody may see. docs/estimation.md tells the method with its figures.
"""
