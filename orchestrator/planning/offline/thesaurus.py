"""Rings of English words that people use for one another when they ask for work on information."""

from __future__ import annotations

from orchestrator.retrieval.stem import stem

_RINGS = """
summarise condense shorten abridge digest gist distil distill recap outline overview tldr abstract
  boil synopsis sum essence nutshell compress précis precis takeaways resume;
translate render translation interpret localise rendition;
speak say narrate voice vocalise pronounce recite spoken aloud speech talk dictate utter loud;
speech audio voice spoken sound listen hear;
fetch get grab load visit open visit retrieve pull download crawl scrape access;
extract parse pull lift pluck pick harvest collect scrape gather get;
write save store export put record persist output dump;
read recognise transcribe decipher digitise ocr;
text prose writing lettering wording;
picture image photo photograph scan snapshot screenshot;
scan scanned;
chart plot graph diagram visualise visualisation draw graphic;
bar column;
page webpage website site article post;
spreadsheet workbook excel xlsx;
word docx;
table tabular grid;
keyword term topic theme tag subject phrase keyphrase;
profile statistics describe overview stats breakdown characterise;
convert change transform turn express;
resize scale shrink enlarge thumbnail downscale upscale rescale;
rotate turn spin;
wide width;
tall height high;
grey gray greyscale grayscale monochrome;
calculate compute work evaluate figure arithmetic math maths;
language tongue idiom;
detect identify recognise determine guess;
sort order rank arrange;
filter keep select restrict only;
join combine merge concatenate;
average mean;
total sum;
sell sold sale selling seller bought purchased;
most best top highest largest leading biggest greatest maximum winner winning lead leader dominate
  champion popular favourite bestselling bestseller hottest preferred;
least worst lowest smallest fewest minimum;
region area territory country zone district;
product item article goods;
search find look locate query;
question ask;
count number tally;
group category class;
crop cut trim;
qr barcode;
line trend curve;
pie share proportion;
link hyperlink;
"""


def _rings() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for words in _RINGS.split(";"):
        ring = {stem(word) for word in words.split()}
        for member in ring:
            found.setdefault(member, set()).update(ring - {member})
    return {member: frozenset(others) for member, others in found.items()}


#: Stems that may stand for a stem.
SYNONYMS = _rings()

#: Stems of words that rank: the most, the least and all that may stand for them.
RANKS = frozenset(one for word in ("most", "least") for one in (stem(word), *SYNONYMS.get(stem(word), ())))
