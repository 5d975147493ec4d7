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
app.command("make", short_help="Make a review: draw its images and write its page.")(make.make)
app.command("serve", short_help="Serve a review's page to a group.")(serve.serve)
app.command("agree")(agree.agree)
app.command("adjudicate", short_help="Make a review of what people differ on.")(
    adjudicate.adjudicate
)
app.command("merge", short_help="Make a label set of what people said.")(merge.merge)
app.command("report", short_help="Report what people made of the models' answers.")(report.report)
app.command("import")(import_.import_)
app.command("export")(export.export)
