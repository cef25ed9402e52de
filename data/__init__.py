"""Everything that opens a file, a URL or a database; and the contracts that every room shares."""
