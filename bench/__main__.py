"""Run the benchmarks one after another: ``python -m bench [NAME …]``, all of them by default.

Options it does not know go to the benchmarks: ``python -m bench relay --minutes 10``.

A benchmark is a module of this folder with ``def main() -> None``; its first docstring line is its
title. Each runs in a process of its own, so that none measures what another left behind.
"""

import argparse
import ast
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).parent


def find_benchmarks() -> dict[str, str]:
    """Module name → title, in alphabetical order."""
    found = {}
    for path in sorted(FOLDER.glob("[!_]*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree.body):
            found[path.stem] = (ast.get_docstring(tree) or path.stem).splitlines()[0]
    return found


def machine() -> str:
    model = "unknown processor"
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    kernel = f"{platform.system()} {platform.release()}"
    return f"{os.cpu_count()} × {model}, {kernel}, Python {platform.python_version()}"


def run(name: str, options: list[str]) -> bool:
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", f"from bench.{name} import main; main()", *options],
        cwd=FOLDER.parent,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode:
        print(f"{name}: failed (exit code {done.returncode})", file=sys.stderr)
    print(f"({time.monotonic() - started:.0f} s)\n", flush=True)
    return done.returncode == 0


def main() -> int:
    benchmarks = find_benchmarks()
    parser = argparse.ArgumentParser(prog="python -m bench", description="Run the benchmarks.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(benchmarks))
    arguments = sys.argv[1:]
    # Names come first; from the first option on, all is the benchmarks' own but --help.
    end = next((i for i, word in enumerate(arguments) if word.startswith("--")), len(arguments))
    options = [word for word in arguments[end:] if word != "--help"]
    shown = arguments[:end] + [word for word in arguments[end:] if word == "--help"]
    names = parser.parse_args(shown).names or list(benchmarks)
    unknown = [name for name in names if name not in benchmarks]
    if unknown:
        parser.error(f"no benchmark called {', '.join(unknown)}; there are {', '.join(benchmarks)}")
    print(f"{machine()}\n")
    results = []
    for name in names:
        print(f"## {name}: {benchmarks[name]}\n", flush=True)
        results.append(run(name, options))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
