"""The courses of advice, of a salon, and of a text on its way to the shelves of the library."""

from citywide.rules.course import Allows, Course, Step
from citywide.supervision.models import ADVICE, LIBRARY_DRAFT, LIBRARY_ENTRY, SALON
from citywide.supervision.words import AdviceStatus, EntryState, LibraryStatus, SalonStatus


class AdviceCourse(Course, table=ADVICE, states=AdviceStatus, noun="The advice"):
    """Advice of a supervisor, which the agency answers once."""

    take_up = Step(AdviceStatus.OPEN, to=AdviceStatus.TAKEN_UP)
    decline = Step(AdviceStatus.OPEN, to=AdviceStatus.DECLINED)


class SalonCourse(Course, table=SALON, states=SalonStatus, noun="The salon"):
    """A salon: its host holds it, or it is cancelled."""

    hold = Step(SalonStatus.PLANNED, to=SalonStatus.HELD)
    cancel = Step(SalonStatus.PLANNED, to=SalonStatus.CANCELLED)


class LibraryCourse(Course, table=LIBRARY_DRAFT, states=LibraryStatus, noun="The text"):
    """A text for the library: somebody else than its author reviews it."""

    submit = Step(LibraryStatus.DRAFT, to=LibraryStatus.SUBMITTED, awaits=True)
    approve = Step(LibraryStatus.SUBMITTED, to=LibraryStatus.REVIEWED, not_by=("author_id",))
    # `return` is a word of the language.
    send_back = Step(LibraryStatus.SUBMITTED, to=LibraryStatus.DRAFT, not_by=("author_id",))
    reword = Allows(LibraryStatus.DRAFT)


class EntryCourse(
    Course,
    table=LIBRARY_ENTRY,
    states=EntryState,
    noun="The entry",
    days={EntryState.WITHDRAWN: "withdrawn_on", EntryState.PUBLISHED: "published_on"},
):
    """A reviewed text: on its agency's shelf, on every shelf of the city, on none."""

    # Again for agencies that joined since.
    publish = Step(EntryState.SHELVED, EntryState.PUBLISHED, to=EntryState.PUBLISHED)
    withdraw = Step(EntryState.SHELVED, EntryState.PUBLISHED, to=EntryState.WITHDRAWN)
