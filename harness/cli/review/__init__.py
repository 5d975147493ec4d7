"""`harness review`: people correct the labels of images, helped by what models answered.

One file a command; what they do is in `harness/review/`.
"""

import typer

from harness.cli.review import adjudicate, agree, export, import_, make, merge, report, serve

app = typer.Typer(
    help="People correct labels: which images they look at, how far they agree, new labels.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.command("make")(make.make)
app.command("serve")(serve.serve)
app.command("agree")(agree.agree)
app.command("adjudicate")(adjudicate.adjudicate)
app.command("merge")(merge.merge)
app.command("report")(report.report)
app.command("import")(import_.import_)
app.command("export")(export.export)
