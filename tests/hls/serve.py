"""An hls process as ``tongke serve`` starts one; says its port on standard output."""

import asyncio
import sys
from pathlib import Path

from tongke_streaming.hls.process import HlsConfig, run_hls


def main() -> None:
    folder = Path(sys.argv[1])
    config = HlsConfig(
        control_socket=folder / "hls.sock",
        relay_socket=folder / "relay.sock",
        host="127.0.0.1",
        port=0,
        media_dir=folder / "spool",
        store_url=f"file://{folder / 'store'}",
        min_free_bytes=0,
    )
    asyncio.run(run_hls(config, ready=lambda port: print(port, flush=True)))


if __name__ == "__main__":
    main()
