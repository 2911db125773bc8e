"""Fuzzers of all that reads a file: changed files are read, and must be refused or sound.

``python -m fuzzers TARGET ...`` reads many, guided by coverage if `atheris` is installed; with
--numbered, each input is made of its number alone and needs nothing. With --file, one is read
again. `targets` has what is read, `changes` how bytes are changed, `formats` how to change what
lies below checksums and compression, and how to make these right again.
"""
