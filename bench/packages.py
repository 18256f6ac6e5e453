"""Bringing in a package of 500 items: lessons and their files, on SQLite and PostgreSQL.

The budget is 20 s from the file to the last row. The peer is ``unzip`` of the same file into a folder.
``--items N`` takes another number.
"""

import argparse
import asyncio
import io
import random
import subprocess
import tempfile
import time
import zipfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.engines.postgresql import PostgreSQL
from tests.makers import Makers
from tests.packages.builders import cc_manifest
from tongke_courses.packages import importing
from tongke_courses.packages.models import PackageImport
from tongke_courses.packages.repository import PackageImportRepository
from tongke_platform.app.factory import make_frame
from tongke_platform.app.metadata import metadata
from tongke_platform.database import migrate
from tongke_platform.settings import Settings

BUDGET_S = 20.0
PER_LESSON = 4
FILE_BYTES = 100_000


def package(items: int) -> bytes:
    """A cartridge of lessons with four files each; lessons and files together are ``items``."""
    out = io.BytesIO()
    chance = random.Random(1)
    tree, resources = [], []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for lesson in range(items // (PER_LESSON + 1)):
            leaves = []
            for n in range(PER_LESSON):
                key = f"{lesson}-{n}"
                archive.writestr(f"f/{key}.pdf", b"%PDF-1.4 " + chance.randbytes(FILE_BYTES))
                leaves.append(
                    f'<item identifier="i{key}" identifierref="r{key}"><title>讲义{n}</title></item>'
                )
                resources.append(
                    f'<resource identifier="r{key}" type="webcontent" href="f/{key}.pdf">'
                    f'<file href="f/{key}.pdf"/></resource>'
                )
            inner = "".join(leaves)
            tree.append(f'<item identifier="l{lesson}"><title>第{lesson}课</title>{inner}</item>')
        units = "".join(
            f'<item identifier="u{n}"><title>单元{n}</title>{"".join(tree[n : n + 10])}</item>'
            for n in range(0, len(tree), 10)
        )
        archive.writestr("imsmanifest.xml", cc_manifest(units, "".join(resources)))
    return out.getvalue()


async def _import(url: str | None, folder: Path, path: Path) -> tuple[float, int]:
    """Seconds, and how many items have a place now."""
    settings = Settings(data_dir=folder, database_url=url, roles=["web"])
    await migrate.upgrade(settings.sql_url, metadata)
    frame = make_frame(settings)
    try:
        make = Makers(frame)
        teacher = await make.person(await make.school())
        assert teacher.school is not None
        row = PackageImport(
            school_id=teacher.school.id, by_id=teacher.id, sha256="0" * 64, name=path.name,
            subject="数学", grade="三年级",
        )  # fmt: skip
        async with frame.database.write() as session:
            session.add(row)
            await session.flush()
        began = time.perf_counter()
        await importing.bring_in(frame, row.id, path)
        took = time.perf_counter() - began
        async with frame.database.read() as session:
            found = await PackageImportRepository(session).by_id(row.id)
        assert found is not None
        return took, found.imported
    finally:
        frame.passwords.close()
        await frame.database.close()


def _unzip(path: Path, into: Path) -> float:
    began = time.perf_counter()
    subprocess.run(["unzip", "-q", path, "-d", into], check=True)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=500)
    items = parser.parse_known_args()[0].items
    server = PostgreSQL()
    with tempfile.TemporaryDirectory(prefix="tk-") as name:
        folder = Path(name)
        path = folder / "package.imscc"
        path.write_bytes(package(items))
        title = f"{items} items, {path.stat().st_size / 1e6:.0f} MB; budget {BUDGET_S:.0f} s"
        table = Table(title=title)
        for column in ("database", "items", "import s", "unzip s", "times unzip", "of budget"):
            table.add_column(column, justify="left" if column == "database" else "right")
        server.start()
        try:
            for engine, url in (("SQLite", None), ("PostgreSQL", server.url(server.create()))):
                took, imported = asyncio.run(_import(url, folder / engine, path))
                peer = _unzip(path, folder / f"plain-{engine}")
                table.add_row(
                    engine, str(imported), f"{took:.1f}", f"{peer:.2f}", f"{took / peer:.0f}",
                    f"{took / BUDGET_S:.0%}",
                )  # fmt: skip
        finally:
            server.stop()
    Console(width=100).print(table)
