"""``headgate version``."""

import platform

import typer

import headgate
from headgate.cli import options, output

app = typer.Typer()


@app.command()
def version(form: options.Form = options.Output.table) -> None:
    """Print the version.

    Example: headgate version -o json
    """
    if form is options.Output.json:
        output.json_text({"headgate": headgate.__version__, "python": platform.python_version()})
        return
    typer.echo(f"headgate {headgate.__version__} (Python {platform.python_version()})")
