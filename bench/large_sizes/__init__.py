"""Cases of sizes where 32 bits, or the digits of a sum, end; `promises.sizes` runs them.

A case is a function that makes rows, asks, and raises WrongAnswerError if the answer is not that of
its oracle. Large ones write sparse files into the folder that they are given.
"""
