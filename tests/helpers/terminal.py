"""What a table looks like on a terminal."""

from rich.console import Console

COLOURS = {"force_terminal": True, "color_system": "standard", "no_color": False}


def text_of(table, **options):
    """Return the table as a terminal of 100 columns shows it; with `COLOURS` as options, with codes of colours."""
    console = Console(width=100, legacy_windows=False, **options)
    with console.capture() as captured:
        console.print(table)
    return captured.get()
