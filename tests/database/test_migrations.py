"""Tables and models agree, and a database is migrated once."""

from pathlib import Path

import pytest

from tongke_platform.app.metadata import metadata
from tongke_platform.database import migrate
from tongke_platform.migrations import versions


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'deep' / 'new.db'}"


async def test_empty_database_to_head_and_again(url: str) -> None:
    head = migrate.head_revision()
    assert await migrate.upgrade(url, metadata) == (None, head)
    assert await migrate.upgrade(url, metadata) == (head, head)
    assert await migrate.revision(url) == head


async def test_autogenerate_is_empty(url: str) -> None:
    await migrate.upgrade(url, metadata)
    assert await migrate.differences(url, metadata) == []


async def test_autogenerate_would_see_a_change(url: str) -> None:
    """Else the test above proves nothing."""
    assert await migrate.differences(url, metadata) != []


def test_history_is_one_line() -> None:
    folder = Path(str(versions.__file__)).parent
    assert migrate.head_revision() is not None, "Alembic finds one head, or raises"
    assert sorted(path.name for path in folder.glob("0*.py"))
