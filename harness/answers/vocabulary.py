"""Words by what they do in an answer: English ones beside a name in a sentence, and those of other
languages that announce an answer or decline.

English has its own patterns in `text` and `refusal`; these are the usual phrases of models that
reply in the language of their training. Each is narrow: what it misses is `oop`, not a wrong class.
"""

import re

_LATIN_NOUN = (
    r"respuesta|antwort|r[ée]ponse|risposta|resposta|antwoord|odpowied[źz]|odpov[ěe][dď]|cevap|yan[ıi]t"
    r"|jawaban|jawapan|svar|vastaus|v[áa]lasz|r[ăa]spuns|đáp án|câu trả lời|sagot|jibu"
    r"|ответ|відповідь|отговор|απάντηση|תשובה|الإجابة|الجواب|إجابة|پاسخ|جواب|उत्तर|उत्तर|जवाब|উত্তর|பதில்|คำตอบ"
)
_LATIN_BEFORE = (
    r"(?:(?:la|el|die|der|das|le|lo|a|o|de|het|правильный|верный|мой|окончательный|правильна"
    r"|richtige|korrekte|meine|bonne|mi|ma|mijn|minha|mia|juiste|correcta?|सही)\s){0,3}"
)
_LATIN_AFTER = r"(?:\s(?:correcta?|finale?|correcte|esatta|corretta|certa|benar|الصحيحة|النهائية))?"
_LATIN_IS = (
    r"\s?(?:[:=]|[-–—]\s|\b(?:es|ist|est|è|é|is|adalah|ialah|jest|je|on|är|er|είναι|هي|है|là)\b:?)"
)
_CHINESE = (
    r"(?:(?:我的|正确|最终|最終)?(?:答案|选项|選項|类别|類別|分类|标签)"
    r"\s?(?:应该是|應該是|是|为|為|[:：])|(?:我|应该|應該|可以)?[选選](?:择|擇)?\s?(?:[:：]|(?=\s?[A-Z(])))"
)
_JAPANESE = r"(?:答え|正解|回答|解答|クラス)\s?(?:は|[:：])"
_KOREAN = r"(?:정답|답변|답|클래스)\s?(?:은|는|[:：])"

ANNOUNCES = re.compile(
    rf"(?:^|(?<=[\n。.!?,，、;:]))\W{{0,8}}(?:{_LATIN_BEFORE}(?:{_LATIN_NOUN}){_LATIN_AFTER}{_LATIN_IS}"
    rf"|(?:所以|因此|因此,|따라서|したがって)?\s?(?:{_CHINESE}|{_JAPANESE}|{_KOREAN}))"
    r"\s*(?P<tail>\S[^\n]*)",
    re.IGNORECASE,
)
"""An announced answer ("Respuesta: B", "答案是B", "정답은 B입니다")."""

COPULA = re.compile(r"\s?(?:です|でした|である|だ|입니다|이다|이에요|예요|है|हैं|இது)?[。.!\s]*$")
"""What ends such a statement and is no part of the name."""

DECLINES = re.compile(
    r"\bkein(?:e|en)?\s(?:bild|foto)|\bnessuna\simmagine|\baucune\simage|\bninguna\simagen|\bno\shay\simagen"
    r"|\bnenhuma\simagem|\bнет\sизображени|\bgeen\safbeelding|\btidak\sada\sgambar|没有图|画像が"
    r"|\bno\s(?:puedo|podemos|es\sposible|soy\scapaz|tengo\sla\scapacidad)\b|\blo\ssiento\b|\bdisculpa"
    r"|\bd[ée]sol[ée]e?\b|\bje\sne\s(?:peux|suis|vois|sais)\b|\bimpossible\sd(?:e|')"
    r"|\btut\smir\sleid\b|\bich\skann\b[^.\n]{0,80}\bnicht\b|\bkann\sich\b[^.\n]{0,80}\bnicht\b|\bnicht\smöglich\b"
    r"|\bmi\sdispiace\b|\bnon\s(?:posso|riesco|sono\sin\sgrado)\b"
    r"|\b(?:desculpe|sinto\smuito|lamento)\b|\bnão\s(?:posso|consigo|é\spossível|sou\scapaz)\b"
    r"|\bhet\sspijt\sme\b|\bik\skan\b[^.\n]{0,80}\bniet\b|\bprzykro\smi\b|\bnie\smogę\b"
    r"|\bmaaf\b|\btidak\s(?:dapat|bisa)\b|\büzgünüm\b|\bxin\slỗi\b|\bkhông\sthể\b|\bпростите\b|\bизвините\b"
    r"|\bк\sсожалению\b|\bне\s(?:могу|удалось|удаётся|вижу)\b|\bвибачте\b|\bне\sможу\b|\bomlouvám\b|\bnemohu\b"
    r"|抱歉|对不起|對不起|很遗憾|无法|無法|不能(?:识别|確|确|看|查|提供|帮)|看不到|没有(?:看到|收到)?图"
    r"|申し訳|すみません|ごめん|できません|できない|わかりません|分かりません|見えません|ありません"
    r"|죄송|미안|수\s?없|못합니다|모르겠"
    r"|不知道|^\W*(?:不明|未知|不确定|不確定)\W*$|^\W*(?:모름|알\s수\s없음)\W*$"
    r"|\bich\sweiß\s(?:es\s)?nicht\b|\bweiß\sich\snicht\b|\bno\s(?:lo\s)?sé\b|\bnão\ssei\b|\bnon\slo\sso\b"
    r"|\bik\sweet\shet\sniet\b|\bnie\swiem\b|\bне\sзнаю\b|\bbilmiyorum\b"
    r"|^\W*(?:descono?cid[oa]|desconhecid[oa]|inconnue?|unbekannt|sconosciut[oa]|неизвестно|onbekend|nieznan[ey])\W*$"
    r"|آسف|عذرا|عذرًا|لا\s(?:أستطيع|يمكنني)|متأسف|मुझे\s(?:खेद|क्षमा|माफ)|क्षमा\sकर|माफ़?\sकर|नहीं\sकर\sसक|असमर्थ|দুঃখিত|ขออภัย|ไม่สามารถ|מצטער",
    re.IGNORECASE,
)
"""An apology, or the statement that one cannot."""


def word_set(text: str) -> frozenset[str]:
    """Give the words that a text lists between white space."""
    return frozenset(re.findall(r"\S+", text))


ORDINALS = (
    *("first", "second", "third", "fourth", "fifth"),
    *("sixth", "seventh", "eighth", "ninth", "tenth"),
)

ARTICLES = word_set("a an the letter digit number")
"""Words behind which even a word of the language is a noun ("a can"); not "this can"."""

DETERMINERS = word_set(
    """
    a an the this that these those one some any each my your his her its their our two three
    four five six seven eight nine ten several many multiple single lone letter digit number
    """
)
"""Words that make a noun phrase of what follows."""

GRAMMAR_BEFORE = word_set(
    """
    of with is are was were be being been like as in on at from by and or but not no neither
    nor either both than into near behind beside under over above below for versus vs show
    shows showing shown depict depicts depicting contain contains containing feature
    features featuring display displays displaying see sees say call called name named
    resemble resembles represent represents identify identified classify classified think
    appears seems looks
    believe guess probably likely maybe perhaps possibly definitely clearly certainly
    actually also just only mainly mostly simply class category label species breed type
    kind answer include includes including s
    """
)
"""Words right before a name that add nothing to it."""

GRAMMAR_AFTER = word_set(
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

PLAIN = word_set(
    """
    black white brown grey gray red orange yellow green blue purple pink golden dark light
    bright coloured colored colorful colourful small large big little tiny huge tall short
    long young old adult beautiful cute typical common whole real close blurry blurred
    partially
    """
)
"""Colours, sizes and the like, which leave a thing what it is where no name begins with them."""

COUNTS = (
    DETERMINERS
    | PLAIN
    | word_set("of few group bunch pair couple number herd flock pack row lot collection pile")
)
"""Words between the opening of a text and the plural that it is about."""

CORRECTS = r"no|nope|wait|actually|hmm|sorry|correction|edit|i\s+mean|scratch(?:\s+that)?"
"""What begins a correction of the answer before it, as a pattern that ignores case."""

DENIES = (
    r"nope|nah|not\s+(?:really|likely)|(?:probably|likely|definitely|certainly)\s+not|unlikely|doubtful|hardly|wrong|incorrect|false"
    r"|i\s+(?:do(?:n't|\s+not)\s+(?:think|believe)|doubt)"
)
"""What denies the answer before it, as a pattern that ignores case."""

LANGUAGE = DETERMINERS | GRAMMAR_BEFORE | GRAMMAR_AFTER | word_set("i you he she we they")
"""Words of the language: a class of such a name ("can") is meant only behind an article."""
