"""Volunteers in the schema."""

from citywide.graph.declare import column, entity, hidden, itself, many, one, surname
from citywide.volunteers.models import VOLUNTEER


@entity(VOLUNTEER, tag="volu", person=True, about=itself())
class Volunteer:
    """A volunteer (志愿者) of an agency."""

    number = column("The agency's own number of the volunteer.")
    name = column("The volunteer's name; masked: the surname.", mask=surname)
    phone = column("A telephone number.", mask=hidden)
    skills = column("What they are good at.")
    registered_on = column("The day they registered.")
    agency = one("Agency", "The agency they help.", {"id": "tenant_id"})
    attendances = many("Attendance", "The services they turned out for.", {"volunteer_id": "id"})
