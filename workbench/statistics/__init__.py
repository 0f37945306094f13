"""Paired tests and simultaneous intervals: pure functions of arrays.

Everything is a difference of means. An ``Estimate`` holds the means of k candidates, their covariance and
its degrees of freedom, whatever it was estimated from; a ``Family`` holds what may be said about all
pairs of them at once. Scores are shares: 0.31 is 31 points.
"""
