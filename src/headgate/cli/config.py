"""``headgate config``."""

import typer

from headgate.cli import options, output

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command()
def show(*, form: options.Form = options.Output.table, config: options.Config = None) -> None:
    """Print the effective settings with where each comes from; secrets are masked.

    Example: headgate config show
    """
    from headgate.app import configuration, shown
    from headgate.cli import cells

    rows = shown.rows(configuration.load(config))
    if form is options.Output.json:
        output.json_text(
            {"items": [{"name": x.name, "value": x.value, "origin": x.origin} for x in rows]}
        )
        return
    output.table(
        ["setting", "value", "from"],
        [[one.name, cells.text(one.value), one.origin] for one in rows],
        empty="There is no setting.",
    )


@app.command()
def check(*, form: options.Form = options.Output.table, config: options.Config = None) -> None:
    """Say what is wrong with the configuration, its policies, owners and declarations.

    File, line and reason of each.

    Exit code 1 when something is.

    Example: headgate config check --config headgate.toml
    """
    from headgate.app import configuration, wiring

    problems: list[str] = []
    clusters = 0
    try:
        held = configuration.load(config)
        clusters = len(held.settings.cluster)
        for load in (wiring.load_boundary, wiring.load_owners, wiring.load_all_declared):
            try:
                load(held)
            except configuration.ConfigError as error:
                problems += [str(one) for one in error.problems]
    except configuration.ConfigError as error:
        problems += [str(one) for one in error.problems]
    if form is options.Output.json:
        output.json_text({"ok": not problems, "problems": problems, "clusters": clusters})
    elif problems:
        for text in problems:
            typer.echo(text, err=True)
    else:
        typer.echo(f"nothing is wrong with it; it names {clusters} clusters")
    if problems:
        raise typer.Exit(1)
