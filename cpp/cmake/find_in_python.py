"""Print the folder of a file that an installed Python distribution brought along."""

import importlib.metadata
import sys


def main(distribution: str, file_name: str) -> None:
    """Print nothing when the distribution or the file is not there: CMake then looks elsewhere."""
    try:
        files = importlib.metadata.files(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        return
    for file in files:
        if file.name == file_name:
            print(file.locate().resolve().parent.as_posix())
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
