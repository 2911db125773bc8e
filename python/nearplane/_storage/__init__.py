"""A few plain facts and any number of arrays in one file, for estimators to keep themselves in.

Reading one runs nothing and trusts nothing: no byte of it is code, sizes are compared with the
length of the file before memory is taken, and every byte is covered by a check. Writing one is all
or nothing. `_format` has the layout.
"""

from nearplane._storage._format import FilePath
from nearplane._storage._read import read_arrays, read_kind
from nearplane._storage._write import write_arrays

__all__ = ["FilePath", "read_arrays", "read_kind", "write_arrays"]
