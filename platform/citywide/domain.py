"""Every domain room, imported once: after this the metadata and the catalogue are complete."""

from importlib import import_module
from pkgutil import iter_modules

from citywide.db.tables import METADATA
from citywide.graph.declare import CATALOGUE

# The rooms that declare tables, entities, measures, courses or use cases.
ROOMS = (
    "acts",
    "agencies",
    "assessments",
    "audit",
    "beneficiaries",
    "budgets",
    "campaigns",
    "cases",
    "evaluation",
    "events",
    "needs",
    "oversight",
    "places",
    "projects",
    "services",
    "supervision",
    "volunteers",
)

# Importing them is all that is needed.
for room in ROOMS:
    folder = import_module(f"citywide.{room}")
    for module in iter_modules(folder.__path__, f"citywide.{room}."):
        import_module(module.name)

__all__ = ["CATALOGUE", "METADATA", "ROOMS"]
