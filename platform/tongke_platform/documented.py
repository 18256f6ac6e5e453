"""What FastAPI cannot see of an answer, for the document of the API."""

from typing import Any

from starlette.responses import Response

# Of ``APIRouter``'s get and post; what is answered is documented as it is sent.
Answers = dict[str, Any]


def a_file(media_type: str) -> Answers:
    """An answer that is a file, not JSON: to be spread into the route's arguments."""
    content = {"description": "The file.", "content": {media_type: {"schema": {"type": "string"}}}}
    return {"response_class": Response, "responses": {200: content}}
