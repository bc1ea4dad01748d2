"""What several commands can be told: where the data lies, what address to listen on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from citywide.errors import OperatorError
from citywide.settings import Settings

HOST = "127.0.0.1"
PORT = 8000

DataFolder = Annotated[
    Path | None,
    typer.Option(
        "--data",
        help="The folder of the embedded database and the keys; default .citywide. "
        "With DATABASE_URL only the keys are there.",
    ),
]
Host = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(min=1, max=65_535, help="The port to listen on.")]
Workers = Annotated[
    int, typer.Option(min=1, max=64, help="Worker processes; each needs about 150 MB.")
]


def chosen(data: Path | None) -> Settings:
    """The deployment's settings, with the data folder that the command names.

    It goes into the environment: workers, and a fault's report, find it where any process does.
    Raises `OperatorError` for a setting that cannot be read.
    """
    if data is not None:
        os.environ["CITYWIDE_DATA"] = str(data)
    try:
        return Settings()
    except ValidationError as error:
        wrong = error.errors()[0]
        setting = f"CITYWIDE_{wrong['loc'][0]}".upper()
        raise OperatorError(f"{setting} cannot be read: {wrong['msg']}.") from error
