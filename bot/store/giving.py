"""What is owed and given, in the same way by every engine."""

from bot.models import DeliveryKind, DeliveryStatus, InquiryStatus, Mailing

UNSETTLED = (InquiryStatus.OPEN, InquiryStatus.WAITING)
"""Where an inquiry stands that has no answer."""
REACHED = (DeliveryStatus.SENT, DeliveryStatus.PLACED)
"""What nothing undoes: the citizen has it."""


def given(mailing: Mailing, status: InquiryStatus, newer_than: str | None) -> tuple[bool, InquiryStatus]:
    """Return whether an inquiry of that status is told, and where it stands afterwards."""
    unsettled, wrote_since = status in UNSETTLED, newer_than == mailing.id
    match mailing.kind:
        case DeliveryKind.ANSWER:
            return unsettled, InquiryStatus.ANSWERED if unsettled and not wrote_since else status
        case DeliveryKind.CLOSED:
            return unsettled and not wrote_since, status if wrote_since else InquiryStatus.CLOSED
        case _:
            return status is not InquiryStatus.CLOSED, status
