"""What people ask for in these tests: five jobs, each in four wordings, and a mixed bag of small ones."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Job:
    """One job in four wordings; `{article}`, `{second}` and `{tables}` stand for addresses of pages."""

    name: str
    request: str
    paraphrases: tuple[str, str, str]
    file: str | None = None

    @property
    def wordings(self) -> tuple[str, ...]:
        return (self.request, *self.paraphrases)


SUMMARY = Job(
    "summary",
    "Fetch {article}, extract the text, summarise it in three sentences and save it as DOCX.",
    (
        "Could you boil {article} down to three sentences for me and put that into a Word file?",
        "I haven't got time to read {article}. Give me the gist, 3 sentences at most, in a .docx please.",
        "Grab the article at {article}, condense its body to three key sentences, then write a Word file.",
    ),
)
CHART = Job(
    "chart",
    "Which product sold most per region in this CSV? Show it as a bar chart.",
    (
        "For every area in the attached spreadsheet find the best-selling item and draw the winners as bars.",
        "Top seller by territory from sales.csv, as a bar graph please",
        "I need a picture with bars: what article had the highest number of units in each region?",
    ),
    file="sales.csv",
)
SPEECH = Job(
    "speech",
    "Read the text in this scanned image, translate it into Spanish and speak it as WAV.",
    (
        "What does this picture say? Say it aloud in Spanish and give me the recording.",
        "Take the photo of a letter, get the words out of it, turn them into Spanish and make an audio file.",
        "OCR the attached scan and let me hear a Spanish version of it.",
    ),
    file="scan.png",
)
WORKBOOK = Job(
    "workbook",
    "Extract the tables of {tables} into one XLSX with a profile of each.",
    (
        "Everything tabular on {tables} should go in an Excel workbook, with statistics describing each.",
        "Pull each table at {tables} into a spreadsheet (one file), adding a column overview of each.",
        "Scrape {tables}: I want its tables in Excel, plus a data profile for every table.",
    ),
)
JOIN = Job(
    "join",
    "Summarise {article} in two sentences and find the keywords of {second}, then put both into one DOCX.",
    (
        "From {article} I want a two-sentence digest, from {second} the key terms; join them in one docx.",
        "Make a Word file with a short version (2 sentences) of {article} and the key phrases of {second}.",
        "Condense {article} to two sentences, pick out the topics of {second}, and write both to one docx.",
    ),
)

JOBS = (SUMMARY, CHART, SPEECH, WORKBOOK, JOIN)
BY_NAME = {job.name: job for job in JOBS}
