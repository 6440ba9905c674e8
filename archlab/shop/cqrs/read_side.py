"""The read side: which model answers which question, on which database server, and how old that is.

>>> from archlab.shop.cqrs import Cqrs, CqrsConfig, Question
>>> from archlab.sim import Simulation
>>> for models in ("one", "replicas", "same database", "separate"):
...     shop = Cqrs(Simulation(seed=1), CqrsConfig(models=models))
...     print(models, "-", shop.read_side.view_of(Question.SEARCH).server.name)
one - database
replicas - replica-1
same database - database
separate - search database
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archlab.shop.cqrs.commit_log import Key
from archlab.shop.cqrs.config import CqrsConfig
from archlab.shop.cqrs.follower import Follower
from archlab.shop.cqrs.normalised import Normalised
from archlab.shop.cqrs.questions import Model, Question, ask
from archlab.shop.cqrs.replica import Replica
from archlab.shop.cqrs.staleness import Staleness, answer_or_none
from archlab.shop.database import DatabaseServer, Queries
from archlab.shop.domain import NotFound
from archlab.shop.health_checks import HealthChecks
from archlab.shop.instance import Steps


@dataclass
class View:
    """Where a question can be asked: a model with its rows, what is sent to their server, and who keeps it up to date.

    `follower` is None for what is written with the command. A view can be exchanged for a newer one while readers ask.
    """

    model: Model
    queries: Queries
    follower: Follower | None = None

    @property
    def server(self) -> DatabaseServer:
        """The database server that is asked."""
        return self.queries.server

    @property
    def is_up(self) -> bool:
        """Whether it can be asked."""
        return self.server.is_up

    def seen(self, head: int) -> int:
        """Return the number of the last commit that is in it, of `head` in all."""
        return head if self.follower is None else self.follower.seen


class ReadSide:
    """Answers questions.

    Args:
        write_model: the view of the normalised tables.
        views: question -> its read model. Other questions go to the replicas, if there are any and `config.read_models`
            has them, or to the write model.
        replicas: of the write model; their views are the attribute of this name.
    """

    def __init__(
        self,
        config: CqrsConfig,
        staleness: Staleness,
        write_model: View,
        views: Mapping[Question, View],
        replicas: Sequence[Replica],
    ) -> None:
        self.config, self.staleness, self.write_model = config, staleness, write_model
        self.views = dict(views)
        self.replicas = [View(one.model, one.queries, one) for one in replicas]
        self._truth = Normalised(write_model.server.connection)
        self._health = HealthChecks(
            staleness.log.sim, self.replicas, config.health_check_s, "replica health checks"
        )

    def view_of(self, question: Question) -> View:
        """Return where to ask. Replicas take turns."""
        if self.replicas and question in self.config.read_models:
            return self._health.choose()
        return self.views.get(question, self.write_model)

    def answer(self, view: View, question: Question, key: Key, *arguments: Any) -> Steps[Any]:
        """Ask a question of a view, and note how old the answer is. Raises `NotFound`."""
        is_joined = isinstance(view.model, Normalised)
        yield from view.queries.run(self.config.joined_queries[question] if is_joined else 1.0)
        shown = answer_or_none(lambda: ask(view.model, question, *arguments))
        now = answer_or_none(lambda: ask(self._truth, question, *arguments))
        self.staleness.note(question, key, shown, now, view.seen(self.staleness.log.head))
        if shown is None:
            raise NotFound(f"no {question.value} of {', '.join(map(str, arguments))}")
        return shown
