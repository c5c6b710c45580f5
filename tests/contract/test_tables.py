"""What every table promises. A new one is held to it by being in the models.

That docs/schema.md describes every table and column is in tests/unit/test_store_docs.py, that the
migrations make them as the models say in tests/integration/test_migrations.py.
"""

from __future__ import annotations

import pytest
from sqlalchemy import CheckConstraint, Float, ForeignKeyConstraint, Integer, Table
from sqlmodel import SQLModel

import models
from models import metadata, table_of
from models.types import BlockHash, ContentHash

TABLES = metadata.tables
EVERY = pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
MODELS = {
    table_of(value).name: value
    for value in vars(models).values()
    if isinstance(value, type) and issubclass(value, SQLModel) and hasattr(value, "__table__")
}


def test_every_table_has_a_model_that_is_exported() -> None:
    assert MODELS.keys() == TABLES.keys()
    assert {model.__name__ for model in MODELS.values()} <= set(models.__all__)


@EVERY
def test_it_has_a_key_and_says_what_a_row_is(table: Table) -> None:
    assert list(table.primary_key.columns)
    assert (MODELS[table.name].__doc__ or "").strip()


@EVERY
def test_nothing_unknown_is_made_up_by_the_database(table: Table) -> None:
    """A value that nobody gave is an error, never a default."""
    for column in table.columns:
        assert column.default is None, column
        assert column.server_default is None, column
        assert column.onupdate is None, column


@EVERY
def test_sqlite_checks_the_type_of_each_value_as_postgresql_does(table: Table) -> None:
    assert table.dialect_options["sqlite"]["strict"] is True


@EVERY
def test_every_constraint_has_a_name_by_which_a_migration_can_change_it(table: Table) -> None:
    for constraint in table.constraints:
        assert constraint.name, constraint
    for index in table.indexes:
        assert index.name


@EVERY
def test_every_reference_is_one_of_rows_that_can_be_found(table: Table) -> None:
    for constraint in table.constraints:
        if isinstance(constraint, ForeignKeyConstraint):
            named = {element.column.name for element in constraint.elements}
            keys = [set(constraint.referred_table.primary_key.columns.keys())]
            assert any(key <= named for key in keys), constraint.name
    for column in table.columns:
        if column.name.endswith("_id") and column.name != "chain_id":
            assert column.foreign_keys, column


@EVERY
def test_no_whole_number_is_kept_as_a_float_and_no_hash_without_its_length(table: Table) -> None:
    checks = [
        str(constraint.sqltext)
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    ]
    for column in table.columns:
        kept = getattr(column.type, "impl_instance", column.type)
        if isinstance(kept, Float):
            # The figures that people read; the exact amount stands beside its units.
            assert (table.name, column.name) in {
                ("measure", "value"),
                ("amount", "units"),
                ("flow_measure", "value"),
                ("flow_amount", "units"),
                ("finding", "profit"),
                ("finding", "victims_loss"),
                ("finding", "pools_loss"),
                ("series_point", "value"),
            }
        if isinstance(kept, Integer):
            assert str(kept) == "BIGINT", column
        if isinstance(column.type, (BlockHash, ContentHash)) and not column.foreign_keys:
            assert f"length({column.name}) = 32" in checks, column
