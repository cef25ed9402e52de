"""One module a use case: the only place that joins data, coverage, sharing, programme and reports."""
