"""Every error that `prep` raises on purpose.

    PrepError
    ├── InvalidQuestion      the question cannot be asked as it is
    ├── InvalidFilter        a tag filter names an unknown tag
    ├── UnreadableSource     a file or upload cannot become a document
    │   └── SourceTooLarge   … because it exceeds a limit
    ├── InvalidDataset       an evaluation set is missing or malformed
    ├── DocumentNotFound     no document has this id
    ├── WritesDisabled       this service may not change its index
    ├── IndexMissing         nothing has been ingested yet
    ├── IndexMismatch        the index was made with another encoder, splitter or layout
    ├── IndexBusy            another ingest is writing
    ├── IndexUnavailable     the vector store cannot be reached or read
    ├── ModelUnavailable     an encoder, reranker or adapter cannot be loaded
    └── GeneratorFailed      the language model gave no usable draft

`str(error)` says what happened, to what, and what to do next. `status` is the HTTP status of the service's problem
details; `retryable` says whether the same call may succeed later.
"""


class PrepError(Exception):
    """Root of the tree: a message and, after it, the advice on what to do next."""

    status = 500
    retryable = False
    title = "The request could not be completed"

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(f"{message}: {advice}" if advice else message)
        self.message = message
        self.advice = advice


class InvalidQuestion(PrepError):
    status = 422
    title = "The question cannot be asked as it is"


class InvalidFilter(PrepError):
    status = 422
    title = "The filter is not known"


class UnreadableSource(PrepError):
    status = 422
    title = "The source cannot be read"


class SourceTooLarge(UnreadableSource):
    status = 413
    title = "The source is too large"


class InvalidDataset(PrepError):
    status = 422
    title = "The evaluation set cannot be read"


class DocumentNotFound(PrepError):
    status = 404
    title = "No such document"


class WritesDisabled(PrepError):
    status = 403
    title = "This service does not take documents"


class IndexMissing(PrepError):
    status = 503
    title = "There is no index yet"


class IndexMismatch(PrepError):
    status = 503
    title = "The index was made with other settings"


class IndexBusy(PrepError):
    status = 409
    retryable = True
    title = "Another ingest is running"


class IndexUnavailable(PrepError):
    status = 503
    retryable = True
    title = "The index cannot be reached"


class ModelUnavailable(PrepError):
    status = 503
    title = "A model cannot be loaded"


class GeneratorFailed(PrepError):
    status = 502
    retryable = True
    title = "The language model gave no usable draft"
