"""GraphQL, by Strawberry."""

import strawberry
from strawberry.asgi import GraphQL

from app.core.http.mounts import MountedApp
from app.core.security import AUTHENTICATED, Actor


@strawberry.type
class Query:
    @strawberry.field
    def caller(self, info: strawberry.Info) -> str:
        actor: Actor = info.context["request"].scope["actor"]
        return str(actor.user_id)

    @strawberry.field
    def sum(self, numbers: list[int]) -> int:
        return sum(numbers)


def graph_routes() -> MountedApp:
    graphql = GraphQL[None, None](strawberry.Schema(Query), graphql_ide=None)
    return MountedApp("/graphql", graphql, access=AUTHENTICATED)
