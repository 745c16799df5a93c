"""Rows of another table beside each row of a query, so that a list costs no query more for them."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, JSONField, QuerySet, Subquery


class Gathered(Subquery):
    """Columns of the rows of another query as a list of lists, in its order; empty where there is none."""

    def __init__(self, queryset: QuerySet[Any], *columns: str) -> None:
        self.names = [f"gathered_{number}" for number in range(len(columns))]
        named = {name: F(column) for name, column in zip(self.names, columns, strict=True)}
        super().__init__(queryset.values(**named), output_field=JSONField())

    def as_sql(self, compiler: Any, connection: BaseDatabaseWrapper, *args: Any, **kwargs: Any) -> tuple[str, Any]:
        names = ", ".join(self.names)
        is_sqlite = connection.vendor == "sqlite"
        each = f"json_group_array(json_array({names}))" if is_sqlite else f"jsonb_agg(jsonb_build_array({names}))"
        template = f"(SELECT COALESCE({each}, '[]') FROM (%(subquery)s) gathered)"  # noqa: S608 - nothing comes from outside.
        return super().as_sql(compiler, connection, template, *args, **kwargs)
