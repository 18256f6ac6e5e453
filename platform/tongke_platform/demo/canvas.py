"""A picture kept in the encoder's own colours, so that only what moves is drawn again."""

from dataclasses import dataclass

import av
from PIL import Image


@dataclass(frozen=True)
class Patch:
    """4:2:0 planes without padding; width and height even."""

    width: int
    height: int
    planes: tuple[bytes, bytes, bytes]

    @classmethod
    def of(cls, image: Image.Image) -> "Patch":
        width, height = image.size
        frame = av.VideoFrame.from_bytes(
            image.convert("RGBA").tobytes(), width, height, format="rgba"
        ).reformat(format="yuv420p")
        planes = []
        for plane in frame.planes:
            data, stride = bytes(plane), plane.line_size
            rows = range(0, plane.height * stride, stride)
            planes.append(b"".join(data[row : row + plane.width] for row in rows))
        return cls(width, height, (planes[0], planes[1], planes[2]))


class Canvas:
    """Starts as ``base``; ``put`` and ``restore`` take even coordinates inside it."""

    def __init__(self, base: Patch) -> None:
        self._base = base
        self._planes = [bytearray(plane) for plane in base.planes]

    def put(self, patch: Patch, x: int, y: int) -> None:
        for plane, source, half in zip(self._planes, patch.planes, (1, 2, 2), strict=True):
            width, stride = patch.width // half, self._base.width // half
            at = y // half * stride + x // half
            for row in range(patch.height // half):
                plane[at : at + width] = source[row * width : (row + 1) * width]
                at += stride

    def restore(self, x: int, y: int, width: int, height: int) -> None:
        for plane, source, half in zip(self._planes, self._base.planes, (1, 2, 2), strict=True):
            stride = self._base.width // half
            at = y // half * stride + x // half
            for _ in range(height // half):
                plane[at : at + width // half] = source[at : at + width // half]
                at += stride

    def frame(self) -> av.VideoFrame:
        frame = av.VideoFrame(self._base.width, self._base.height, "yuv420p")
        for target, plane in zip(frame.planes, self._planes, strict=True):
            target.update(bytes(plane))
        return frame
