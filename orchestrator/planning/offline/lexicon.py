"""English words that are the same for every tool: function words, numbers, languages, formats, units."""

from __future__ import annotations

#: Words that ask for nothing themselves.
STOP_WORDS = frozenset(
    """
    include includes including a an the this that these those it its it's itself them they their
    theirs he she his her my mine our your yours me us i i'd i'll i'm we you one ones some any all
    both each every other another such same own is are was were be been being am do does did done
    doing have has had having will would shall should can could may might must let lets let's want
    wants wanted wish need needs like love please kindly cheers nothing else followed separately
    just only also too very really actually
    simply quickly straight away now here there thanks thank cheers hello hi hey dear ok okay and or
    but nor so yet if then than as at by for from in into of on onto out over to toward towards up
    upon via with within without about after before during until while once when where which what
    who whom whose why how first firstly second secondly third thirdly finally lastly last next
    afterwards afterward later subsequently again further per not no yes well able help case way
    ways thing things something anything everything whatever ready rather instead more few much
    single lot likewise ditto together jointly along alongside holding holds hold features featuring
    lots bit kind using use used based given give gives gimme hand whole entire full new nice good
    great proper appropriate handy short brief shortly result results output outputs outcome
    resulting attached attachment enclosed provided supplied following below above uploaded upload
    accompanying containing contains contain inside therein thereof its' got get gets getting
    because since though although however moreover plus etc eg ie e g asap folks guys everybody team
    'd 'll 're 've d ll re ve s t m
    """.split()
)

#: Verbs that ask for a thing without saying what is done to it.
GENERIC_VERBS = frozenset(
    """
    make makes made making create creates creating produce produces producing show shows showing put
    puts putting take takes taking turn turns turning prepare prepares build builds building
    generate generates generating return returns provide provides deliver delivers present presents
    tell send back find finds finding work working do perform run go going come bring brings leave
    leaves need obtain receive set start process handle figure see look looking check drop place
    want list change compute calculate convert transform export add adds adding
    """.split()
)

#: Nouns that name the material and not the work; they weigh little.
MATERIAL = frozenset(
    """
    file files data text texts page pages article articles document documents content contents
    information version form format copy item items value values name names number numbers url
    link address site website web online picture image photo table tables row rows column
    columns word words report
    """.split()
)

#: Words that end like superlatives and are none, or rank by time and place.
NO_SUPERLATIVES = frozenset(
    """
    request interest forest harvest protest suggest manifest honest digest invest latest nearest
    earliest newest oldest conquest contest modest arrest northwest southwest northeast
    southeast priest tempest
    """.split()
)

#: Words by which a request speaks of several things at once.
JOINING = frozenset(
    """
    both two three all together combine combined combining merge merged single same everything
    them these join joined one each jointly alongside
    """.split()
)

#: Words that ask for one thing made of several.
MERGING = frozenset(
    """
    combine combined combining merge merged merging join joined joining
    """.split()
)

#: Words that ask for each thing apart.
SEPARATING = frozenset(
    """
    each every separate separately respective respectively individually own apiece
    """.split()
)

_COUNTED = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen twenty
    """
NUMBER_WORDS: dict[str, float] = {
    **{word: number for number, word in enumerate(_COUNTED.split())},
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
    "hundred": 100,
    "dozen": 12,
    "trio": 3,
    "quartet": 4,
    "couple": 2,
    "pair": 2,
    "half": 0.5,
}

#: ISO 639-1 codes by the English name of the language, and a few own names.
LANGUAGES = {
    name: kind
    for kind, names in {
        "ar": "arabic",
        "bg": "bulgarian",
        "bn": "bengali",
        "ca": "catalan",
        "cs": "czech",
        "cy": "welsh",
        "da": "danish",
        "de": "german deutsch",
        "el": "greek",
        "en": "english",
        "eo": "esperanto",
        "es": "spanish español espanol castilian",
        "et": "estonian",
        "eu": "basque",
        "fa": "persian farsi",
        "fi": "finnish",
        "fr": "french français francais",
        "ga": "irish gaelic",
        "gl": "galician",
        "he": "hebrew",
        "hi": "hindi",
        "hr": "croatian",
        "hu": "hungarian",
        "hy": "armenian",
        "id": "indonesian",
        "is": "icelandic",
        "it": "italian italiano",
        "ja": "japanese",
        "ka": "georgian",
        "ko": "korean",
        "la": "latin",
        "lt": "lithuanian",
        "lv": "latvian",
        "mk": "macedonian",
        "ms": "malay",
        "mt": "maltese",
        "nb": "norwegian bokmål",
        "nl": "dutch flemish",
        "oc": "occitan",
        "pl": "polish",
        "pt": "portuguese português",
        "ro": "romanian",
        "ru": "russian",
        "sk": "slovak",
        "sl": "slovenian slovene",
        "sq": "albanian",
        "sr": "serbian",
        "sv": "swedish",
        "sw": "swahili",
        "ta": "tamil",
        "th": "thai",
        "tr": "turkish",
        "uk": "ukrainian",
        "ur": "urdu",
        "vi": "vietnamese",
        "zh": "chinese mandarin",
    }.items()
    for name in names.split()
}

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Media types by the words that name them (stars stand for a family).
FORMATS = {
    name: kind
    for kind, names in {
        DOCX: "docx word",
        "application/pdf": "pdf",
        XLSX: ("xlsx excel spreadsheet workbook"),
        "text/csv": "csv",
        "text/tab-separated-values": "tsv",
        "application/json": "json",
        "application/vnd.apache.parquet": "parquet",
        "text/html": "html webpage",
        "text/plain": "txt",
        "text/markdown": "markdown md",
        "image/png": "png",
        "image/jpeg": "jpg jpeg",
        "image/gif": "gif",
        "image/webp": "webp",
        "image/tiff": "tiff",
        "image/bmp": "bmp",
        "image/svg+xml": "svg",
        "image/*": "image picture photo photograph scan screenshot snapshot",
        "audio/wav": "wav wave",
        "audio/mpeg": "mp3",
        "audio/*": "audio sound recording voice",
        "video/*": "video",
        "video/mp4": "mp4",
        "application/zip": "zip",
    }.items()
    for name in names.split()
}

_AS_ENDING = (
    "docx pdf xlsx csv tsv json parquet html txt md png jpg jpeg gif webp tiff bmp svg wav mp3 mp4 zip"
)
#: Media types by file-name ending, of files and addresses.
ENDINGS = {
    **{ending: FORMATS[ending] for ending in _AS_ENDING.split()},
    "htm": "text/html",
    "tif": "image/tiff",
    "jsonl": "application/json",
}

#: Nouns by which people call what has a type, besides the words of FORMATS.
CALLED = {
    "image/*": (
        "image picture photo photograph scan screenshot snapshot scanned drawing graphic logo "
        "receipt sign poster letter form invoice"
    ),
    "text/csv": ("csv table spreadsheet sheet data dataset figures records export list log numbers"),
    "application/vnd.apache.parquet": "parquet table data dataset records",
    "application/json": "json data records dataset table",
    XLSX: ("excel xlsx spreadsheet workbook sheet table data figures"),
    "application/pdf": "pdf document paper report file brochure manual",
    DOCX: ("word docx document letter report file"),
    "text/html": "page html webpage site article",
    "text/plain": "text note notes txt document passage",
    "audio/*": "audio sound recording wav clip voice",
    "text": "text passage paragraph note message sentence article story letter",
    "url": "page url link address site website article",
    "table": "table data figures records",
    "number": "number figure amount",
}

#: Unit words and the plain names of their units.
UNITS = {
    name: kind
    for kind, names in {
        "kilometer": "kilometer kilometre km kms",
        "meter": "meter metre",
        "centimeter": "centimeter centimetre cm",
        "millimeter": "millimeter millimetre mm",
        "mile": "mile",
        "yard": "yard yd",
        "foot": "foot feet ft",
        "inch": "inch",
        "nautical_mile": "nmi",
        "kilogram": "kilogram kilo kg kgs",
        "gram": "gram",
        "milligram": "milligram mg",
        "tonne": "tonne",
        "pound": "pound lb lbs",
        "ounce": "ounce oz",
        "stone": "stone",
        "liter": "liter litre",
        "milliliter": "milliliter millilitre ml",
        "gallon": "gallon",
        "pint": "pint",
        "cup": "cup",
        "degree_Celsius": "celsius centigrade °c",
        "kelvin": "kelvin",
        "degree_Fahrenheit": "fahrenheit °f",
        "second": "second sec",
        "minute": "minute",
        "hour": "hour hr hrs",
        "day": "day",
        "week": "week",
        "month": "month",
        "year": "year",
        "joule": "joule",
        "calorie": "calorie",
        "kilocalorie": "kilocalorie kcal",
        "watt": "watt",
        "kilowatt": "kilowatt kw",
        "horsepower": "horsepower hp",
        "kilowatt_hour": "kwh",
        "volt": "volt",
        "pascal": "pascal",
        "bar": "bar",
        "psi": "psi",
        "byte": "byte",
        "kilobyte": "kilobyte kb",
        "megabyte": "megabyte mb",
        "gigabyte": "gigabyte gb",
        "terabyte": "terabyte tb",
        "acre": "acre",
        "hectare": "hectare",
        "knot": "knot",
        "radian": "radian",
        "mile_per_hour": "mph",
        "kilometer_per_hour": "kph kmh km/h",
        "meter_per_second": "m/s",
        "degree": "degree",
    }.items()
    for name in names.split()
}

#: Letters that are units beside a number or another unit only.
ABBREVIATED = {
    "m": "meter",
    "g": "gram",
    "l": "liter",
    "c": "degree_Celsius",
    "f": "degree_Fahrenheit",
    "k": "kelvin",
    "s": "second",
    "h": "hour",
    "in": "inch",
    "t": "tonne",
}
#: Units that mean something else more often; they count beside another unit only.
DOUBTFUL_UNITS = frozenset(
    """
    stone cup bar second minute hour day week month year pound foot degree knot
    """.split()
)
