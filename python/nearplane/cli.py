"""The ``nearplane`` command.

The sub-commands live in ``_cli`` and ``report``; here they are put together. typer and rich are
imported only when the command runs, so that the package itself does not need them.
"""

import io
import json
import sys
from typing import TYPE_CHECKING, Annotated

from nearplane._versions import format_versions, version_info

if TYPE_CHECKING:
    import typer


def build_app() -> "typer.Typer":
    """Put the command together.

    Returns
    -------
    typer.Typer

    Raises
    ------
    ImportError
        If typer or rich is not installed.
    """
    try:
        import typer

        from nearplane._cli import groups
        from nearplane.report._command import report
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in ("typer", "rich"):
            raise
        raise ImportError(
            f"the command line needs {package}: pip install 'nearplane[cli]'", name=package
        ) from error

    def show_version(wanted: bool) -> None:
        if wanted:
            typer.echo(f"nearplane {version_info()['nearplane']}")
            raise typer.Exit

    def nearplane(
        version: Annotated[
            bool,
            typer.Option(
                "--version", callback=show_version, is_eager=True, help="Print the version."
            ),
        ] = False,
    ) -> None:
        """Classify images: exact nearest neighbours and linear classifiers."""

    def info(
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    ) -> None:
        """Print versions, processor and the level of the compiled core."""
        found = version_info()
        typer.echo(json.dumps(found, indent=2) if as_json else format_versions(found))

    app = typer.Typer(
        name="nearplane",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="markdown",  # joins a docstring's lines to paragraphs
        pretty_exceptions_enable=False,  # a defect deserves Python's own traceback
    )
    app.callback()(nearplane)
    app.command("report")(report)
    app.command("info")(info)
    for group in groups():
        app.add_typer(group)
    return app


def main() -> None:
    """Run the command with this process's arguments, and exit."""
    try:
        app = build_app()
    except ImportError as error:
        sys.exit(f"nearplane: {error}")
    except KeyboardInterrupt:  # importing takes long enough to think better of it
        sys.exit(130)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Names of files and classes may have letters that the terminal's encoding lacks.
        sys.stdout.reconfigure(errors="backslashreplace")
    app()


if __name__ == "__main__":
    main()
