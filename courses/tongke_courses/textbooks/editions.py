"""An edition by its publisher's name, or by another of its own.

The lists call an edition by its short name, alone or before its publisher: ``人教版``,
``人教版-人民教育出版社``. Others write the publisher alone.
"""

# Publishers of one edition each. Who publishes in company is another edition's: 科学粤教版.
_OF_PUBLISHER = {
    "人民教育出版社": "人教版", "北京师范大学出版社": "北师大版", "华东师范大学出版社": "华东师大版",
    "华中师范大学出版社": "华中师大版", "西南师范大学出版社": "西南师大版", "重庆大学出版社": "重庆大学版",
    "广西师范大学出版社": "广西师大版", "教育科学出版社": "教科版", "外语教学与研究出版社": "外研社版",
    "上海外语教育出版社": "沪外教版", "译林出版社": "译林版", "北京出版社": "北京版",
    "河北教育出版社": "冀教版", "山西教育出版社": "晋教版", "上海教育出版社": "沪教版",
    "江苏凤凰教育出版社": "苏教版", "浙江教育出版社": "浙教版", "山东教育出版社": "鲁教版",
    "湖北教育出版社": "鄂教版", "湖南教育出版社": "湘教版", "广东教育出版社": "粤教版",
    "广西教育出版社": "桂教版", "上海科学技术出版社": "沪科技版", "上海科技教育出版社": "沪科教版",
    "江苏凤凰科学技术出版社": "苏科版", "浙江科学技术出版社": "浙科版", "山东科学技术出版社": "鲁科版",
    "河南科学技术出版社": "豫科版", "湖南科学技术出版社": "湘科版", "青岛出版社": "青岛版",
    "济南出版社": "济南版", "武汉出版社": "武汉版", "地质出版社": "地质社版", "大象出版社": "大象社版",
    "中国地图出版社": "中图版", "河北少年儿童出版社": "冀少版", "江苏凤凰少年儿童出版社": "苏少版",
    "湖南少年儿童出版社": "湘少版", "人民音乐出版社": "人音版", "上海音乐出版社": "沪音版",
    "湖南文艺出版社": "湘文艺版", "辽海出版社": "辽海版", "人民美术出版社": "人美版",
    "河北美术出版社": "冀美版", "湖南美术出版社": "湘美版", "江西美术出版社": "赣美版",
    "岭南美术出版社": "岭南美版", "广西美术出版社": "桂美版", "浙江人民美术出版社": "浙人美版",
    "山东美术出版社": "鲁美版", "上海书画出版社": "沪书画版",
}  # fmt: skip
# Of these a publisher has books of more than one edition: 人教版 and 统编版, 配套 of this and that.
_SHARED = {
    "人民教育出版社": ("语文", "历史", "道德与法治", "思想政治", "人文地理"),
    "中国地图出版社": ("地理图册",),
}
# What teachers go on calling the books of the ministry, whose lists call them 统编版 since 2019.
_ALSO = {"部编版": "统编版", "部编本": "统编版", "统编本": "统编版"}


def named(edition: str, subject: str) -> str:
    """The edition's own name; what is not known, or may be two, as it was written."""
    if subject in _SHARED.get(edition, ()):
        return edition
    return _ALSO.get(edition) or _OF_PUBLISHER.get(edition, edition)
