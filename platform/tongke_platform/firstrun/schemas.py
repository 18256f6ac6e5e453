"""What the first administrator says."""

from typing import Annotated

from pydantic import BaseModel, Field, SecretStr, StringConstraints

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]


class FirstRun(BaseModel):
    """``username``: a phone number or any name; ``region_code``: the county's, six digits or more."""

    name: Text
    username: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[\w.@+ -]{1,64}$")]
    password: SecretStr = Field(min_length=8, max_length=256)
    region_name: Text
    region_code: Annotated[
        str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9A-Za-z-]{1,32}$")
    ]
