"""Plan to results: steps are claimed, called, judged and recorded."""
