"""Phrases that choose a lettered option inside a sentence, and that deny or correct one."""

import re

from harness.answers.vocabulary import CORRECTS

# "option B", "I choose (B)", "bear (B)" inside a sentence; "A" and "I" not before another word
CHOSEN = re.compile(
    r"(?:\b(?i:option|choice|choose|chose|pick|select(?:ed)?|going\swith|go\swith|answer|so|thus|hence"
    r"|therefore|definitely|certainly)[,:]?\s(?i:option\s|is\s|it\sis\s)?[(\"'\[]?|\()"
    r"([B-HJ-Z](?![\w'])|[AI](?=$|[.,;:)!?\]\"\n]|\s(?i:is|because|since|as|seems|best)\b))"
    # not "so B is out", "thus B can't be right", "therefore, B or C"; `DENIAL` finds "B is wrong"
    r"(?!\s(?i:(?:is|was|seems|looks)\s(?:out|not)\b"
    r"|(?:cannot|can't|isn't|doesn't|wasn't|won't|does\snot|can\snot)\b)"
    r"|\s?[/&]\s?[A-Z]\b|,?\s(?i:or|and)\s[A-HJ-Z](?![\w'])|,\s?[B-HJ-Z](?![\w']))"
)
DENIED = re.compile(r"\bnot\s(?i:option\s)?\(?(?:[B-HJ-Z](?![\w'])|[AI](?=$|[.,;:)!?]))")
PAIR = re.compile(
    r"(?<![\w'])[A-HJ-Z](?:\s?[,/&]\s?|,?\s(?:or|and)\s)(?:[A-HJ-Z](?![\w'])|I(?=$|[.,)]))"
)
# "C... no, D", "B. Wait, it's C"
CORRECTED = re.compile(
    rf"\b(?i:{CORRECTS})\b[\W_]{{1,6}}"
    r"(?:(?i:actually|it's|it\sis|the\sanswer\sis|i\smean|make\sthat|option|maybe)[\W_]{1,3}){0,3}"
    r"([B-HJ-Z](?![\w'])|[AI](?=$|[.,;:)!?]))"
)
# "Sure! B", "I think B": what may stand before a letter that is the whole answer
SAYING = re.compile(
    r"^\W*(?:(?:i\s(?:think|believe|guess|would\ssay|say)|i'd\ssay|sure|yes|okay|ok|well|definitely|certainly"
    r"|probably|likely|maybe|perhaps|clearly|obviously|based\son\sthe\s\w+)(?:\sthat)?[,:!.]?\s)+",
    re.IGNORECASE,
)
# "B", and on the next line "Maybe C", "It could also be (C)", "C is also possible"
SECOND = re.compile(
    r"[\W_]{0,6}(?i:(?:(?:or|and|maybe|perhaps|possibly|alternatively|probably|likely|also|it|this|could|may|might"
    r"|be|is|it's|option|answer|the)[\W_]{1,3}){1,6}(?<!\bthe\s))[(\"'\[]?([B-HJ-Z](?![\w'])|[AI](?=$|[.,;:)!?\n]))"
    r"|[\W_]{0,6}(?i:option\s)?\(?([B-HJ-Z]|A(?=\)?\s(?:is|may|might|could)\s))\)?\s(?i:(?:is|may\sbe|might\sbe|could\sbe)"
    r"\s(?:also|possible|plausible|an?\s(?:option|possibility)|likely|correct|right))\b"
)
# "B, not C", "It's (B), not A or D": what is set against the letter says nothing more
REJECTS = re.compile(
    r"((?<![\w'])[A-HJ-Z](?![\w'])[)\]]?)(?:,|\s[-–—])?\s(?i:and\s)?(?i:not|rather\sthan|instead\sof)\s(?i:option\s)?"
    r"\(?(?!\1)[A-HJ-Z](?![\w'])\)?(?:,?\s(?:or|nor|and)\s\(?[A-HJ-Z](?![\w'])\)?|,\s\(?[A-HJ-Z](?![\w'])\)?){0,5}"
    r"(?=[.,;!?]|\n|$)"
)
NOT = re.compile(r"\b(?:not|never|neither|nor|cannot|wrong|incorrect)\b|n't\b", re.IGNORECASE)
# "dog, C", "A dog.\nC"
BEHIND = re.compile(r"(?:\n|[,;:.(]|\s[-–—])[^\w\n]{0,4}([A-Z])[\W_]{0,4}$")
