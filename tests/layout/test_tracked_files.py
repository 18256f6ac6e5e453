"""What is tracked must be right on every machine, not only on the one it was written on."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]

# Homes, build places and sandboxes of one machine; addresses users really have (/etc, /var) are fine.
MACHINE_PATH = re.compile(r"(?<![\w.:/}])/(?:home/(?!tongke)\w|root/|work/|Users/|tmp/[\w.]+/)")
GENERATED = {"uv.lock", "package-lock.json"}


def tracked_texts() -> list[tuple[Path, str]]:
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout.split("\0")
    texts = []
    for name in filter(None, names):
        path = ROOT / name
        if path.is_file() and path.name not in GENERATED and path != Path(__file__).resolve():
            data = path.read_bytes()
            if b"\0" not in data[:8192]:
                texts.append((path, data.decode("utf-8")))
    return texts


def test_no_machine_paths() -> None:
    texts = tracked_texts()
    assert len(texts) > 10
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path, text in texts
        for match in MACHINE_PATH.finditer(text)
    ]
    assert not found


def test_pattern_finds_a_machine_path() -> None:
    assert MACHINE_PATH.search("see /home/someone/tongke")
    assert not MACHINE_PATH.search("docker run -v data:/work/x and https://host/home/page")


def test_scripts_are_executable() -> None:
    for name in ("scripts/setup", ".ci/run"):
        assert (ROOT / name).stat().st_mode & 0o111, name
