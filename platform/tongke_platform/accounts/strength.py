"""Which passwords are refused: short ones, and those everybody tries first."""

import unicodedata

from tongke_platform.errors import N_, Invalid

MIN_LENGTH = 8
MAX_LENGTH = 256

# What guessing programs begin with: the usual lists of leaked passwords, Chinese ones first.
_COMMON = frozenset(
    [
        "00000000",
        "11111111",
        "12121212",
        "12341234",
        "12344321",
        "123123123",
        "123321123",
        "123456123",
        "1234567",
        "12345678",
        "123456789",
        "1234567890",
        "0123456789",
        "12345679",
        "123456abc",
        "123456qq",
        "123qweasd",
        "1314520",
        "13145200",
        "1314521",
        "147258369",
        "159357456",
        "1q2w3e4r",
        "1q2w3e4r5t",
        "1qaz2wsx",
        "20202020",
        "5201314",
        "52013140",
        "520131400",
        "66666666",
        "6666666666",
        "77777777",
        "87654321",
        "88888888",
        "888888888",
        "8888888888",
        "987654321",
        "9876543210",
        "99999999",
        "a1234567",
        "a12345678",
        "a123456789",
        "aa123456",
        "aa123456789",
        "aa12345678",
        "aaaaaaaa",
        "abc12345",
        "abc123456",
        "abcd1234",
        "abcdefgh",
        "admin123",
        "admin1234",
        "admin123456",
        "administrator",
        "asdfghjk",
        "asdfghjkl",
        "asdf1234",
        "baseball",
        "dearbook",
        "football",
        "iloveyou",
        "jiaoshi123",
        "laoshi123",
        "letmein1",
        "liuliuliu",
        "p@ssw0rd",
        "passw0rd",
        "password",
        "password1",
        "password12",
        "password123",
        "princess",
        "q1w2e3r4",
        "qazwsxedc",
        "qq123456",
        "qq123456789",
        "qwer1234",
        "qwerasdf",
        "qwerty123",
        "qwerty12",
        "qwertyui",
        "qwertyuiop",
        "school123",
        "sunshine",
        "superman",
        "teacher1",
        "teacher123",
        "test1234",
        "tongke123",
        "tongke1234",
        "trustno1",
        "wang1234",
        "welcome1",
        "woaini123",
        "woaini1314",
        "woaini520",
        "xuexiao123",
        "zaq12wsx",
        "zhang123",
        "zxcvbnm1",
        "zxcvbnm123",
        "zxcvbnmm",
    ]
)


def check_password(password: str, *own: str) -> str:
    """The password as it is hashed (NFKC: the same whichever keyboard wrote it).

    ``own`` are the person's names, which a password may not just repeat. Raises Invalid
    ``weak_password``.
    """
    text = normal_password(password)
    if len(text) < MIN_LENGTH:
        raise Invalid(
            N_("A password needs at least %(num)s characters."),
            code="weak_password",
            num=MIN_LENGTH,
        )
    if len(text) > MAX_LENGTH:
        raise Invalid(N_("This password is too long."), code="weak_password")
    plain = text.casefold()
    names = {one.casefold() for one in own if one}
    if plain in _COMMON or len(set(plain)) < 3 or plain in names:
        raise Invalid(
            N_("This password is one of the first that are guessed. Please choose another."),
            code="weak_password",
        )
    return text


def normal_password(password: str) -> str:
    return unicodedata.normalize("NFKC", password)
