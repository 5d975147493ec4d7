"""Words of English by what they do to a name beside them in a sentence."""

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\S+", text))


ARTICLES = _words("a an the letter digit number")
"""Words behind which even a word of the language is a noun ("a can"); not "this can"."""

DETERMINERS = _words(
    """
    a an the this that these those one some any each my your his her its their our two three
    four five six seven eight nine ten several many multiple single lone letter digit number
    """
)
"""Words that make a noun phrase of what follows."""

GRAMMAR_BEFORE = _words(
    """
    of with is are was were be being been like as in on at from by and or but not no neither
    nor either both than into near behind beside under over above below for versus vs show
    shows showing shown depict depicts depicting contain contains containing feature
    features featuring display displays displaying see sees say call called name named
    resemble resembles represent represents identify identified classify classified think
    believe guess probably likely maybe perhaps possibly definitely clearly certainly
    actually also just only mainly mostly simply class category label species breed type
    kind answer include includes including s
    """
)
"""Words right before a name that add nothing to it."""

GRAMMAR_AFTER = _words(
    """
    is are was were be has have had does do did can could may might must will would should
    in on at with from by for to near next behind under over above below beside between
    among inside outside against around through across along into onto toward towards that
    which who whose where when while because since as if than and or nor but not so though
    although however rather instead unlike without also too only here there now then itself
    it its this these a an the his her their shown pictured depicted visible seen sitting
    standing lying laying sleeping running walking swimming flying eating drinking looking
    playing jumping resting hanging holding wearing facing perched perching parked placed
    located positioned surrounded appears appearing seems looks lies sits stands rests being
    due based
    """
)
"""Words right after a name that add nothing to it."""

PLAIN = _words(
    """
    black white brown grey gray red orange yellow green blue purple pink golden dark light
    bright coloured colored colorful colourful small large big little tiny huge tall short
    long young old adult beautiful cute typical common whole real close blurry blurred
    partially
    """
)
"""Colours, sizes and the like, which leave a thing what it is where no name begins with them."""

LANGUAGE = DETERMINERS | GRAMMAR_BEFORE | GRAMMAR_AFTER | _words("i you he she we they")
"""Words of the language: a class of such a name ("can") is meant only behind an article."""
