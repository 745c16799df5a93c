"""Words that are made up, the same each time: as often as in real speech, in several languages."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, islice

VOCABULARY = 40_000
SHIFT = 2.7
"""Zipf's law as Mandelbrot put it: the word of rank r is said as often as 1 / (r + 2.7)."""
SPOKEN = 2000
"""As many words as this make syllables of two parts at most; what is rarer is longer."""


@dataclass(frozen=True, slots=True)
class Language:
    """What words of a language are made of. `common` stand first, as they are; `space` is between two words."""

    code: str
    common: str
    starts: str
    middles: str
    space: str = " "

    def words(self) -> list[str]:
        """Return the vocabulary, the most frequent word first."""
        draw = random.Random(self.code)  # noqa: S311 - Nobody must be unable to guess it.
        starts, middles = self.starts.split(), self.middles.split()
        found = dict.fromkeys(self.common.split())
        while len(found) < VOCABULARY:
            rank = len(found)
            count = draw.choice((1, 2)) if rank < SPOKEN else draw.choice((2, 3, 3, 4))
            found[self._made(draw, starts, middles, count)] = None
        return list(found)

    def _made(self, draw: random.Random, starts: Sequence[str], middles: Sequence[str], count: int) -> str:
        return "".join(draw.choice(starts) + draw.choice(middles) for _ in range(count))


LANGUAGES = (
    Language(
        "en",
        "the and to of a in that it is was you for on we with as this be have are not but at they what so there or can do all"
        " about would like just know think people time going year work right now really because good want way look",
        "b c d f g h l m n p r s t v w st tr pl br ch sh th",
        "a e i o u ai ea oo er an in on el es ing al",
    ),
    Language(
        "de",
        "die und der das ist nicht in zu den ein ich mit auf wir für sich es auch von dem so wie haben werden über müssen können",
        "b d f g h k l m n r s t w sch st br gr",
        "a e i o u ä ö ü ei au er en ung ig",
    ),
    Language(
        "fr",
        "de la le et les des en un une du que est pour dans qui sur pas plus par avec ce il être à été très où même déjà",
        "b c d f g l m n p r s t v ch pr tr",
        "a é è ê i o u ou eau ion on en ai ç",
    ),
    Language(
        "pl",
        "w i na się z do nie to że jest o a po jak za od który są być przez może już tak więc także",
        "b c d g k l ł m n p r s t w z ś ż cz sz prz",
        "a ą e ę i o ó u y ie owa ść ny",
    ),
    Language(
        "ja",
        "の は を に が と で た です ます これ それ 私 人 年 日本 東京 会社 時間 今日 仕事 問題 電話 世界",
        "日 本 人 大 学 生 電 車 国 会 社 山 川 田 中 東 京 時 間 語 新 聞",
        "の は を に ら る す い か き く み ま り",
        space="",
    ),
    Language(
        "zh",
        "的 是 了 在 我 有 他 这 个 们 来 到 时 说 国 和 你 会 工作 中国 时间 问题 学习 公司",
        "中 国 人 大 学 生 电 车 工 作 公 司 山 水 天 气 东 西 时 间 语 新 闻",
        "的 了 是 在 有 和 不 他 这 那 会 来",
        space="",
    ),
)


class Speech:
    """Says sentences in a language, drawn from its vocabulary."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.vocabulary = language.words()
        self._weights = list(accumulate(1 / (rank + SHIFT) for rank in range(len(self.vocabulary))))

    def say(self, draw: random.Random, count: int) -> list[str]:
        """Return the words of a sentence, with what stands before each, which joined are its text."""
        space = self.language.space
        words = draw.choices(self.vocabulary, cum_weights=self._weights, k=count)
        first = space + words[0].capitalize()
        return [first, *(space + word for word in islice(words, 1, None))]
