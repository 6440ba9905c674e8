"""The rules of chapter 02 about data and messages: what would make these four claims true, or not.

>>> consistency_challenges(wrong_with_one_database_percent=0, wrong_with_three_percent=20).words
'Holds'
>>> message_queues(lost_by_call_percent=100, lost_by_queue_percent=3, wrong_rows=0).words
'Does not hold'

The figures come from `archlab.shop.microservices_experiments`: `consistency`, `communication` and `code`.
"""

from archlab.course.rule import Evidence, settles
from archlab.course.verdict import Verdict, holds_if


@settles("characteristics.decentralized-data-management", evidence=Evidence.MEASURED)
def decentralized_data(services_that_share_a_database: int, anomalies_of_a_quiet_day: int) -> Verdict:
    """No two services have a table in one database, and while nothing breaks all rows agree."""
    return holds_if(services_that_share_a_database == 0 == anomalies_of_a_quiet_day)


@settles("cons.data-consistency-challenges", evidence=Evidence.SIMULATED)
def consistency_challenges(
    wrong_with_one_database_percent: float, wrong_with_three_percent: float
) -> Verdict:
    """The plain way to place an order survives every crash with one database, and not with three."""
    return holds_if(wrong_with_one_database_percent == 0 < wrong_with_three_percent)


@settles("service-communication.asynchronous-message-queues", evidence=Evidence.SIMULATED)
def message_queues(lost_by_call_percent: float, lost_by_queue_percent: float, wrong_rows: float) -> Verdict:
    """While the receiver is away calls lose orders, a queue loses none, and afterwards all rows agree."""
    return holds_if(lost_by_queue_percent == 0 < lost_by_call_percent and wrong_rows == 0)


@settles("service-communication.asynchronous-event-streaming", evidence=Evidence.SIMULATED)
def event_streaming(lost_by_call_percent: float, lost_by_stream_percent: float, wrong_rows: float) -> Verdict:
    """The same for a stream, whose readers may read a record twice."""
    return holds_if(lost_by_stream_percent == 0 < lost_by_call_percent and wrong_rows == 0)


CONSISTENCY = (decentralized_data, consistency_challenges, message_queues, event_streaming)
