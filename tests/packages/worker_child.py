"""A worker that comes as far as a package's third file and then stands still, to be killed there.

Arguments: data folder, database. Says ``here`` when it stands.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

from tongke_courses.materials.store import FileStore
from tongke_courses.packages import importing, tasks
from tongke_platform.app.factory import make_frame
from tongke_platform.settings import Settings

put_path = FileStore.put_path
put: list[Path] = []


async def until_the_third(store: FileStore, path: Path, *more: Any) -> Any:
    put.append(path)
    if len(put) == 3:
        print("here", flush=True)
        await asyncio.Event().wait()
    return await put_path(store, path, *more)


async def main(folder: str, url: str) -> None:
    frame = make_frame(Settings(data_dir=Path(folder), database_url=url, roles=["web"]))
    tasks.register(frame)
    importing.BATCH = 3
    setattr(FileStore, put_path.__name__, until_the_third)
    frame.jobs.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
