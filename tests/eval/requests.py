"""Requests in many words, with the jobs that a right plan for each consists of.

The jobs are those of the built-in tools. `also` are further sets of jobs that are right as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.planning.offline import AttachedInput, Column
from orchestrator.planning.offline.lexicon import ENDINGS
from orchestrator.planning.offline.peek import ColumnKind

U, V = "https://example.org/a", "https://example.org/b"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_SALES = (
    Column("region", "category", 4, ("North", "South", "East", "West")),
    Column("product", "category", 6, ("Lamp", "Chair", "Desk")),
    Column("units", "number", 9),
)
_ORDERS = (
    Column("Month", "category", 12, ("January", "February")),
    Column("Region", "category", 4, ("North", "South", "East", "West")),
    Column("Product", "category", 6, ("Lamp", "Chair", "Desk")),
    Column("units_sold", "number", 9),
    Column("price", "number", 9),
)


def _one(name: str, *types: str, columns: tuple[Column, ...] = ()) -> dict[str, AttachedInput]:
    return {name.partition(".")[0]: AttachedInput(name.partition(".")[0], types, name, columns)}


NOTHING: dict[str, AttachedInput] = {}
CSV = _one("sales.csv", "text/csv", columns=_SALES)
CSV2 = _one("orders.csv", "text/csv", columns=_ORDERS)
IMAGE = _one("scan.png", "image/png")
PDF = _one("paper.pdf", "application/pdf")
NOTE = _one("note.txt", "text/plain")
WORD = _one("letter.docx", DOCX)
BOOK = _one("book.xlsx", XLSX, columns=_SALES)
TWO = _one("q1.csv", "text/csv", columns=_SALES) | _one("q2.csv", "text/csv", columns=_SALES)


@dataclass(frozen=True, slots=True)
class Case:
    """A request, what is attached, and the jobs of a right plan, named in any order.

    `arguments` are values that the plan must hold, by "job.argument"; `before` pairs of jobs of
    which the first must feed the second, directly or not.
    """

    group: str
    request: str
    jobs: str
    attached: Mapping[str, AttachedInput] = field(default_factory=dict)
    arguments: Mapping[str, Any] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    #: Part of the id of the one question that must be asked.
    asks: str = ""


_A = "fetch_page extract_page_text summarise_text write_docx"
_B = "top_per_group plot_bar"
_C = "read_image_text translate_text speak_text"
_D = "fetch_page extract_tables profile_tables write_xlsx"
_E2 = "fetch_page fetch_page extract_page_text extract_page_text summarise_text summarise_text join_texts"
_ES = "fetch_page extract_page_text summarise_text plot_bar"
_EK = "fetch_page extract_page_text extract_keywords plot_bar"

_A_SAYS = [
    f"Fetch {U}, extract the text, summarise it in three sentences and save it as DOCX",
    f"I need a Word document holding the gist (3 sentences) of the article at {U}",
    f"Condense what {U} says into three sentences; store the outcome as .docx",
    f"Could you please give me a three-sentence summary of {U} as a Word document?",
    f"Pull the article at {U}, cut it down to 3 sentences and leave the result in a Word file",
    f"Take {U} and write its three most important sentences to a docx",
    f"After fetching {U}, shorten the text to three sentences, then export to Microsoft Word.",
    f"{U} - tl;dr in 3 sentences, docx please",
    f"Once you have {U}, boil its content down to 3 sentences and put them in a Word file",
    f"A Word file with the key points of {U} in three sentences",
    f"Grab the page {U}. Reduce the article to three sentences. Then produce a DOCX.",
    f"Please get me {U}, sum it up in 3 sentences, docx format",
    f"Give me the short version, three sentences long, of what's at {U} in a document I can open in Word",
    f"Visit {U}, pull out its prose, shrink that to three sentences and write a .docx",
    f"Word doc, please: three sentences that capture {U}",
    f"Read the page at {U} and write up its essence in three sentences in a Word document",
    f"I'm too busy to read {U}. Make me a three sentence digest and store it in DOCX format.",
    f"Open {U}, keep only the three most telling sentences, and save those to Word.",
    f"Would you mind condensing the article under {U} to three sentences? I'd like it in Word format.",
    f"Retrieve {U}; distil it to a trio of sentences; deliver as a .docx document.",
    f"What are the three sentences that matter most on {U}? Put them in a Word document.",
]
_B_SAYS = [
    ("Which product sold most per region in this CSV, as a bar chart?", CSV),
    ("For every region, find the best-selling product in the attached spreadsheet and draw it as bars.", CSV),
    ("Visualise the winning item by area from this data with a bar graph", CSV),
    ("I'd like a bar chart showing the most popular product in each region of this CSV", CSV2),
    ("Per region: what did we sell the most of? Plot the answer as a bar chart.", CSV2),
    ("Using the attached sales figures, make a bar diagram of the leading article in every territory", CSV),
    ("Show me in a bar chart which goods were bought most in each region", CSV),
    ("From sales.csv work out the top product by region, then plot bars", CSV),
    ("Find out what sells best in each area and graph it with bars", CSV),
    ("Bar chart of the best seller in each region", CSV2),
    ("In this file, which item is the favourite in each region? Draw bars.", CSV),
    ("Looking at the attached table, what item leads sales in each area? Present it as bars.", CSV),
    ("Determine the number one product of each region by units and chart that", CSV),
    ("Compare regions: for each one chart the product with the highest units in a bar plot", CSV),
    ("who is the top seller in every region? bar chart pls", CSV),
    ("The CSV lists sales. Plot the strongest product of every region as a bar chart.", CSV),
    ("Rank products inside each region by units and show only the winners in a bar chart", CSV),
    ("Give me bars for the item that sold best in every region of the attached file", CSV),
    ("Region by region, name the product with the biggest sales; bar graph please", CSV),
    ("Please graph, with bars, the highest-selling product for each Region in the attached CSV file", CSV2),
]
_C_SAYS = [
    "Read the text in this scanned image, translate it into Spanish and speak it as WAV",
    "Say aloud in Spanish what is written on this photo",
    "OCR the attached scan, put the words into Spanish and give me an audio file",
    "Here is a picture of a page. Let me hear its text in Spanish.",
    "Recognise the writing on this picture, render it in Spanish and narrate it to a WAV file",
    "Transcribe the scan, then Spanish translation, then read out loud",
    "I want a spoken Spanish version of the text in this image",
    "Turn this scanned letter into Spanish speech",
    "What does this picture say? Translate that to Spanish and read it aloud.",
    "Get the wording out of scan.png, express it in Spanish, and voice it as a .wav",
    "Produce a WAV recording in Spanish of what the attached photo says",
    "The attached photo shows a sign. Tell me in spoken Spanish what it says.",
    "Make an audio file (WAV) of the Spanish translation of the text in the attached picture",
    "Digitise the writing in the scan, turn it to Spanish, then produce speech",
    "I'd like to listen to this scanned page in Spanish",
    "Convert the image to text, the text to Spanish, and the Spanish to sound",
    "Decode the lettering in scan.png; Spanish please; as spoken audio",
    "Vocalise a Spanish translation of this photographed text",
    "There is text in the attached image. I need it in Spanish, as a sound file.",
    "Extract the words from the scan, change them into Spanish, and let me listen to it",
]
_D_SAYS = [
    f"Extract the tables of {U} into one XLSX with a profile of each",
    f"Collect every table on {U} in a single Excel workbook, along with statistics for each of them",
    f"Scrape the tables from {U}, profile each one, and save everything as a spreadsheet",
    f"I want an Excel file with all the tables found at {U} plus a profile of every table",
    f"From {U}, lift all tabular data to a workbook and describe each table in it",
    f"Put all tables of the web page {U} into one spreadsheet with a profile of each",
    f"Download {U}; gather its tables into one .xlsx file, adding a column overview for each table",
    f"An Excel workbook of the tables at {U}, each with its profile",
    f"Get all tables from {U}, compute a profile for each and write tables and profiles to one XLSX file",
    f"Harvest the tables on {U}, characterise each, one workbook please",
    f"All tables from {U} go into one Excel file, together with a profile for each of them",
    f"Make a spreadsheet out of the tables on {U} and include summary statistics of every table",
    f"Take the tables at {U}, profile them and hand me a single workbook with everything",
    f"Parse {U} for tables; write them all to a single xlsx and add a profile sheet per table",
    f"Build an XLSX from the HTML tables at {U}. Add a profile of each table.",
    f"Copy each table from {U} into a spreadsheet and profile them all in it",
    f"I need the tables from the site {U} as one xlsx workbook including a profile for every one",
    f"Save the tables found on {U} as a single Excel file. It should also contain their profiles.",
]
_E_SAYS = [
    (f"Summarise {U} and {V} and put both summaries in one Word document", f"{_E2} write_docx", NOTHING),
    (f"Make one Word document containing the summaries of {U} and {V}", f"{_E2} write_docx", NOTHING),
    (
        f"Get the main points of {U} and the main points of {V}, then combine the two in a PDF",
        f"{_E2} write_pdf",
        NOTHING,
    ),
    (f"Combine a summary of {U} with a summary of {V} in one docx", f"{_E2} write_docx", NOTHING),
    (
        f"Condense {U}; do the same for {V}; merge the two digests into a single Word file",
        f"{_E2} write_docx",
        NOTHING,
    ),
    (f"Boil {U} down to its gist, likewise {V}, and give me one PDF with both", f"{_E2} write_pdf", NOTHING),
    (f"Put the keywords of {U} and a bar chart of this CSV in one PDF", f"{_EK} write_pdf", CSV),
    (
        f"Extract keywords from {U}. Draw a bar chart of this CSV. Put both in a Word document.",
        f"{_EK} write_docx",
        CSV,
    ),
    (
        f"A PDF report with the key terms of {U} and a bar graph of the attached figures, please",
        f"{_EK} write_pdf",
        CSV,
    ),
    (
        f"Write a PDF that contains the keywords of {U} together with a bar chart of the data in this CSV",
        f"{_EK} write_pdf",
        CSV,
    ),
    (f"One docx: the topics of {U}, plus the attached numbers as bars", f"{_EK} write_docx", CSV),
    (
        f"Find the key phrases at {U}, chart sales.csv as bars, and combine them in a Word document",
        f"{_EK} write_docx",
        CSV,
    ),
    (
        f"Keywords for {U} on one hand, a bar chart of the attached CSV on the other; both into a DOCX",
        f"{_EK} write_docx",
        CSV,
    ),
    (
        f"A PDF with a bar chart of product sales per region from the CSV and key phrases of {U}",
        f"{_EK} write_pdf",
        CSV,
    ),
    (f"Give me a PDF with the summary of {U} followed by the summary of {V}", f"{_E2} write_pdf", NOTHING),
    (f"Digest both {U} and {V} and join the digests in one Word document", f"{_E2} write_docx", NOTHING),
    (f"Abstracts of {U} and of {V}, bundled into a single DOCX", f"{_E2} write_docx", NOTHING),
    (
        f"Bundle a bar chart of this CSV and the top keywords from {U} in a Word file",
        f"{_EK} write_docx",
        CSV,
    ),
    (
        f"Write a report in Word: first a summary of {U}, then a bar chart of sales.csv",
        f"{_ES} write_docx",
        CSV,
    ),
    (
        f"Take the summary of {U} and the bar chart of sales.csv and make one PDF out of both",
        f"{_ES} write_pdf",
        CSV,
    ),
]

_TEXT = "fetch_page extract_page_text"
_OTHERS: list[tuple[str, str, Mapping[str, AttachedInput], Mapping[str, Any]]] = [
    ("what is 17% of 2350", "calculate", NOTHING, {}),
    ("how much is 3 plus 4 times 2?", "calculate", NOTHING, {"calculate.expression": "3 + 4 * 2"}),
    ("What's 15 percent of 80?", "calculate", NOTHING, {}),
    ("Work out (12 + 8) / 5 for me", "calculate", NOTHING, {}),
    ("Square root of 144?", "calculate", NOTHING, {}),
    (
        "convert 12 miles to km",
        "convert_units",
        NOTHING,
        {"convert_units.value": 12, "convert_units.from_unit": "mile"},
    ),
    (
        "How many kilometres are 26.2 miles?",
        "convert_units",
        NOTHING,
        {"convert_units.value": 26.2, "convert_units.from_unit": "mile"},
    ),
    ("100 degrees Fahrenheit in Celsius", "convert_units", NOTHING, {"convert_units.value": 100}),
    ("What are five pounds in kilograms?", "convert_units", NOTHING, {"convert_units.value": 5}),
    (f"make a QR code for {U}", "make_qr_code", NOTHING, {}),
    (f"I need a QR code that opens {U}", "make_qr_code", NOTHING, {}),
    (
        "Create a QR code with the text 'hello' and resize it to 100 pixels wide",
        "make_qr_code resize_image",
        NOTHING,
        {"resize_image.width": 100},
    ),
    ("resize this picture to 200 px wide", "resize_image", IMAGE, {"resize_image.width": 200}),
    ("Shrink the photo to a width of 320 pixels", "resize_image", IMAGE, {"resize_image.width": 320}),
    ("rotate this image by 90 degrees", "rotate_image", IMAGE, {"rotate_image.degrees": 90}),
    ("Make the picture black and white", "grayscale_image", IMAGE, {}),
    ("convert this picture to JPEG", "convert_image", IMAGE, {"convert_image.format": "jpeg"}),
    ("What does the QR code in this image say?", "read_qr_code", IMAGE, {}),
    ("what text is on this image?", "read_image_text", IMAGE, {}),
    ("what language is this: 'Guten Morgen, wie geht es Ihnen?'", "detect_language", NOTHING, {}),
    ("Which language is 'buenos dias amigo' written in?", "detect_language", NOTHING, {}),
    ("translate 'good morning' into French", "translate_text", NOTHING, {"translate_text.target": "fr"}),
    (
        "Translate the following text into German: The weather is fine today and we are going to the beach.",
        "translate_text",
        NOTHING,
        {"translate_text.target": "de"},
    ),
    (
        "Translate 'Hola' from Spanish to English",
        "translate_text",
        NOTHING,
        {"translate_text.target": "en", "translate_text.source": "es"},
    ),
    ("Say 'hello world' as speech", "speak_text", NOTHING, {}),
    (
        "Summarise this note in two sentences",
        "read_text_file summarise_text",
        NOTE,
        {"summarise_text.sentences": 2},
    ),
    ("Summarise the attached PDF and read the summary aloud", "read_pdf summarise_text speak_text", PDF, {}),
    ("what are the keywords of this pdf", "read_pdf extract_keywords", PDF, {}),
    (
        "Give me five key terms from the attached letter",
        "read_docx extract_keywords",
        WORD,
        {"extract_keywords.count": 5},
    ),
    ("how many words does this document have?", "read_pdf text_statistics", PDF, {}),
    ("search this pdf for 'solar power'", "search_documents", PDF, {"search_documents.query": "solar power"}),
    ("Turn this PDF into a Word document", "read_pdf write_docx", PDF, {}),
    ("Convert this CSV to Excel", "write_xlsx", CSV, {}),
    ("Turn the spreadsheet into a CSV file", "write_csv", BOOK, {}),
    (
        "total units by region",
        "aggregate_table",
        CSV,
        {"aggregate_table.group_by": ["region"], "aggregate_table.value": "units"},
    ),
    (
        "What is the average price for each product?",
        "aggregate_table",
        CSV2,
        {
            "aggregate_table.group_by": ["Product"],
            "aggregate_table.value": "price",
            "aggregate_table.function": "mean",
        },
    ),
    (
        "average price per product as a pie chart",
        "aggregate_table plot_pie",
        CSV2,
        {"aggregate_table.group_by": ["Product"]},
    ),
    ("Plot price over month as a line", "plot_line", CSV2, {"plot_line.x": "Month", "plot_line.y": "price"}),
    (
        "show only rows where units is greater than 10",
        "filter_table",
        CSV,
        {"filter_table.column": "units", "filter_table.operator": "greater", "filter_table.value": 10},
    ),
    (
        "Keep the rows whose region is North and save them as CSV",
        "filter_table write_csv",
        CSV,
        {"filter_table.column": "region", "filter_table.value": "North"},
    ),
    (
        "sort the table by units, highest first, and save it as csv",
        "sort_table write_csv",
        CSV,
        {"sort_table.column": "units", "sort_table.order": "descending"},
    ),
    ("give me statistics about this file", "profile_table", CSV, {}),
    ("profile each of these CSV files", "profile_table profile_table", TWO, {}),
    ("join these two tables on product", "join_tables", TWO, {"join_tables.on": "product"}),
    ("https://example.org/data.csv as a bar chart", "download_file plot_bar", NOTHING, {}),
    (
        "Download https://example.org/data/report.pdf and summarise it in four sentences",
        "download_file read_pdf summarise_text",
        NOTHING,
        {"summarise_text.sentences": 4},
    ),
    (f"what links are on {U}?", "fetch_page extract_links", NOTHING, {}),
    (
        f"find all e-mail addresses on {U}",
        f"{_TEXT} extract_patterns",
        NOTHING,
        {"extract_patterns.kind": "email"},
    ),
    (
        f"Translate {U} into French and save as PDF",
        f"{_TEXT} translate_text write_pdf",
        NOTHING,
        {"translate_text.target": "fr"},
    ),
    (
        f"Fetch {U}, summarise it in five sentences and read it aloud in French",
        f"{_TEXT} summarise_text translate_text speak_text",
        NOTHING,
        {"summarise_text.sentences": 5, "speak_text.language": "fr"},
    ),
    (f"Which language is {U} written in?", f"{_TEXT} detect_language", NOTHING, {}),
    (f"Compare the texts of {U} and {V}", f"{_TEXT} {_TEXT} compare_texts", NOTHING, {}),
    (f"Save the text of {U} as a text file", f"{_TEXT} write_text_file", NOTHING, {}),
    (
        f'Put a summary of {U} into a PDF titled "Findings"',
        f"{_TEXT} summarise_text write_pdf",
        NOTHING,
        {"write_pdf.title": "Findings"},
    ),
    ("convert the text 'Hello World' to upper case", "change_case", NOTHING, {"change_case.case": "upper"}),
    (
        "Replace 'cat' with 'dog' in the attached note",
        "read_text_file replace_text",
        NOTE,
        {"replace_text.find": "cat", "replace_text.replacement": "dog"},
    ),
    ('Run "SELECT region, sum(units) FROM data GROUP BY region" over the CSV', "query_table", CSV, {}),
    (
        "Draw a bar chart of units by product",
        "plot_bar",
        CSV,
        {"plot_bar.x": "product", "plot_bar.y": "units"},
    ),
    ("Histogram of the price column please", "plot_histogram", CSV2, {}),
]

_SALE = "filter_table sort_table"
_OTHERS += [
    (
        "show me the rows with units above 300 sorted by region",
        _SALE,
        CSV,
        {"filter_table.value": 300, "sort_table.column": "region"},
    ),
    ("What's 15% of 80 plus 7?", "calculate", NOTHING, {"calculate.expression": "15 / 100 * 80 + 7"}),
    ("square root of 2 times 10", "calculate", NOTHING, {"calculate.expression": "sqrt(2) * 10"}),
    ("sqrt(144) + 3^3", "calculate", NOTHING, {"calculate.expression": "sqrt(144) + 3 ** 3"}),
    ("translate 'good morning my friend' into Spanish and say it", "translate_text speak_text", NOTHING, {}),
    (f"Read {U} to me", f"{_TEXT} speak_text", NOTHING, {}),
    ("make this image 50% smaller", "resize_image", IMAGE, {"resize_image.percent": 50}),
    ("make this picture twice as large", "resize_image", IMAGE, {"resize_image.percent": 200}),
    ("Find the best product in every region and draw the result as columns", _B, CSV, {}),
    (
        f"Summarise {U}, and list its keywords; put both into one PDF",
        f"{_TEXT} summarise_text extract_keywords join_texts write_pdf",
        NOTHING,
        {},
    ),
    (f"keep only the three most telling sentences of {U}", f"{_TEXT} summarise_text", NOTHING, {}),
    (
        "mean units by region and product",
        "aggregate_table",
        CSV,
        {"aggregate_table.group_by": ["region", "product"], "aggregate_table.function": "mean"},
    ),
    ("Decode the lettering in scan.png", "read_image_text", IMAGE, {}),
    (
        "sort by units from highest to lowest and write it to a CSV",
        "sort_table write_csv",
        CSV,
        {"sort_table.order": "descending"},
    ),
]

_THREE, _SPANISH = {"summarise_text.sentences": 3}, {"translate_text.target": "es"}
_BOTH = ("profile_tables write_xlsx", "extract_tables write_xlsx")

SERVABLE: tuple[Case, ...] = (
    *(Case("a", said, _A, NOTHING, _THREE, ("summarise_text write_docx",)) for said in _A_SAYS),
    *(Case("b", said, _B, attached, {}, ("top_per_group plot_bar",)) for said, attached in _B_SAYS),
    *(Case("c", said, _C, IMAGE, _SPANISH, ("translate_text speak_text",)) for said in _C_SAYS),
    *(Case("d", said, _D, NOTHING, {}, _BOTH) for said in _D_SAYS),
    *(Case("e", said, jobs, attached) for said, jobs, attached in _E_SAYS),
    Case("other", "plot total units by product", "plot_bar", CSV, also=("aggregate_table plot_bar",)),
    Case(
        "other",
        "Which product sold most per region? Show it as a bar chart and save the figures to Excel",
        "top_per_group plot_bar write_xlsx",
        CSV,
        {},
        ("top_per_group write_xlsx",),
    ),
    Case(
        "other",
        "only keep the rows where the region is North and give me that as an Excel file",
        "filter_table write_xlsx",
        CSV,
        {},
        ("filter_table write_xlsx",),
    ),
    *(Case("other", said, jobs, attached, arguments) for said, jobs, attached, arguments in _OTHERS),
)

UNSERVABLE: tuple[tuple[str, Mapping[str, AttachedInput]], ...] = (
    *((line.strip(), NOTHING) for line in """book me a flight to Mars
        send a fax to my bank
        what is the meaning of life
        order a pizza with extra cheese
        Remind me to call Ada tomorrow at nine
        Turn off the lights in the kitchen
        Who is the president of France?
        write me a poem about autumn
        draw a picture of a cat
        play some jazz music
        buy 3 apples
        Tell me a joke
        solve world hunger
        how tall is Mount Everest?
        what's the weather in Paris tomorrow?
        transfer 200 euros to Bob
        hack into my neighbour's wifi
        compose a symphony in D minor
        train a neural network to detect cancer
        hello there
        Call 555-1234 and say hi to my mother
        post this on social media
        schedule a meeting with the sales team on Friday
        deploy the app to production
        what time is it?
        Sing a song
        compile this C program
        Should I marry her?
        fix my car
        delete all rows from our production database
        whistle a tune
        Where did I leave my keys?
        water the plants at 6 pm
        give me investment advice
        cook dinner for four
        Is it going to rain?
        Reset my password
        Explain quantum mechanics to me
        What is the tallest building in the world?
        generate a logo for my company
        design a website
        write a novel with three chapters
        sell my stocks
        what does the fox say?
        restart the server
        find a cheap hotel in Berlin
        summarise the state of the world
        100 dollars in yen
        100 USD to EUR
        what day is it
        book me a table for four at eight tonight""".splitlines()),
    (f"email the summary of {U} to bob@example.org", NOTHING),
    (f"summarise {U} and fax it to my lawyer", NOTHING),
    (f"Monitor {U} every day", NOTHING),
    ("predict next month's sales from this CSV", CSV),
    ("upload this CSV to our FTP server", CSV),
    ("encrypt this file with a password", CSV),
    ("add a red border around this picture", IMAGE),
    ("train a model on this CSV", CSV),
    ("remove the background of this photo", IMAGE),
    ("who painted this picture?", IMAGE),
    ("count the people in this photo", IMAGE),
    ("blur the faces in this photo", IMAGE),
    ("forecast units for next year", CSV),
    ("share this file with Anna", CSV),
    ("put this CSV in our Postgres database", CSV),
    ("who wrote this document?", PDF),
)  # fmt: skip

_NUMBERS, _NAMES = ("units", "revenue", "amount", "temperature", "humidity"), {"city": ("Oslo", "Bergen")}
_TABLES = {
    "sales.csv": "date region product units revenue",
    "orders.csv": "order_id customer_id amount date",
    "customers.csv": "customer_id name city",
    "readings.json": "station temperature humidity time",
}


def _kind(column: str) -> ColumnKind:
    if column in ("date", "time"):
        return "date"
    return "number" if column in _NUMBERS or column.endswith("_id") else "category"


def _file(name: str) -> AttachedInput:
    columns = tuple(Column(one, _kind(one), 6, _NAMES.get(one, ())) for one in _TABLES.get(name, "").split())
    stem, _, ending = name.rpartition(".")
    return AttachedInput(stem.replace("-", "_"), (ENDINGS[ending],), name, columns)


def _blind() -> list[Case]:
    """Requests written before their writer had seen the planner; no `jobs` where nothing serves them."""
    found = []
    for line in Path(__file__).with_name("blind.jsonl").read_text().splitlines():
        said = json.loads(line)
        attached = {one.name: one for one in map(_file, said.get("files", "").split())}
        group = "ask" if "asks" in said else "blind" if "jobs" in said else "refuse"
        found.append(
            Case(
                group,
                said["request"],
                said.get("jobs", ""),
                attached,
                said.get("arguments", {}),
                asks=said.get("asks", ""),
            )
        )
    return found


_BLIND = _blind()
SERVABLE += tuple(case for case in _BLIND if case.group != "refuse")
UNSERVABLE += tuple((case.request, case.attached) for case in _BLIND if case.group == "refuse")
