"""What an operator may set, from the environment (`CITYWIDE_…`, and `DATABASE_URL`)."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

# platform/citywide/settings.py: the checkout is three folders up.
CHECKOUT = Path(__file__).resolve().parents[2]
# Where Debian and its kin keep fonts.
FONTS = Path("/usr/share/fonts")
# Half of what one process can do in a minute of milliseconds: a tenant alone is hardly refused,
# and one that asks without end leaves half to the others.
TENANT_POINTS = 30_000

Network = IPv4Network | IPv6Network


def networks(text: object) -> object:
    """The networks in a list with commas; raises `ValueError` for what is none."""
    if not isinstance(text, str):
        return text
    return tuple(ip_network(part) for each in text.split(",") if (part := each.strip()))


class Settings(BaseSettings):
    """Everything that differs between two deployments of the same code."""

    model_config = SettingsConfigDict(env_prefix="CITYWIDE_", env_ignore_empty=True, frozen=True)

    home: Path = Field(CHECKOUT, description="Where schema/, policies/ and tenants/ are read.")
    data: Path = Field(Path(".citywide"), description="The embedded database's and keys' folder.")
    database_url: str | None = Field(
        None,
        validation_alias="DATABASE_URL",
        description="An existing PostgreSQL 18, instead of the embedded one.",
    )
    fonts: Path = Field(
        FONTS,
        description="A folder with a Chinese font (Noto or Source Han), for printed pages.",
    )
    issuer: str = Field("https://citywide.local", description="The tokens' `iss`.")
    audience: str = Field("citywide", description="The tokens' `aud`.")
    token_hours: float = Field(
        24, gt=0, le=24, description="How old a token may be, whatever it says itself."
    )
    anchors: Path | None = Field(
        None,
        description="The folder of signed statements about the trail; default: anchors/ in the "
        "data folder.",
    )
    anchor_url: str | None = Field(
        None, description="Where each of these statements is posted as well."
    )
    jwks: str | None = Field(
        None, description="URL or file with the issuer's JWKS; unset: the local issuer's key."
    )
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode, BeforeValidator(networks)] = Field(
        (),
        description="Networks of proxies that say for whom they ask, with commas between them.",
    )
    tenant_points: int = Field(
        TENANT_POINTS,
        ge=1_000,
        description="Work that a tenant may have done in a minute by each worker, in points "
        "(milliseconds of a processor); an account has two thirds of it.",
    )

    @property
    def anchors_folder(self) -> Path:
        """Where statements about the trail's heads are kept."""
        return self.anchors or self.data / "anchors"
