"""Saved models, what can happen to their files, and what must not follow from it.

`promises.flipped_files` puts it together: `models` makes small files of every kind, `damages` and
`forgeries` change them, `trials` loads what has become of them, under `watch`.
"""
